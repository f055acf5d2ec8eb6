import { PROC_NULL } from "../types.js";

/** The neighbours of a shift: who sends to this rank, and whom it sends to. */
export interface Shift {
  readonly source: number;
  readonly dest: number;
}

/**
 * A Cartesian grid of ranks, slow axis first: a pure function of its dimensions. Along a periodic axis the last cell
 * and the first one are neighbours; along others PROC_NULL is beyond the edge.
 */
export class Grid {
  readonly dims: readonly number[];
  readonly periods: readonly boolean[];
  readonly size: number;

  constructor(dims: readonly number[], periods: readonly boolean[]) {
    this.dims = dims;
    this.periods = periods;
    this.size = dims.reduce((product, dim) => product * dim, 1);
  }

  coordsOf(rank: number): number[] {
    if (!Number.isInteger(rank) || rank < 0 || rank >= this.size)
      throw new RangeError(`coordsOf: ${rank} is not a rank of a grid of ${this.size} (${this.#shape})`);
    const coords = this.dims.map(() => 0);
    for (let dim = this.dims.length - 1; dim >= 0; dim--) {
      coords[dim] = rank % this.dims[dim];
      rank = Math.floor(rank / this.dims[dim]);
    }
    return coords;
  }

  /** Coordinates along periodic axes may lie outside. */
  rankOf(coords: readonly number[]): number {
    if (coords.length !== this.dims.length)
      throw new RangeError(
        `rankOf: ${coords.length} coordinates for ${this.dims.length} dimensions (${this.#shape})`,
      );
    return coords.reduce((rank, coord, dim) => {
      const length = this.dims[dim];
      const inside = Number.isInteger(coord) && coord >= 0 && coord < length;
      if (!inside && !(this.periods[dim] && Number.isInteger(coord)))
        throw new RangeError(
          `rankOf: coordinate ${coord} of dimension ${dim} is not within its ${length} (${this.#shape}); PROC_NULL is beyond`,
        );
      return rank * length + modulo(coord, length);
    }, 0);
  }

  /** From where to where data moves by `disp` cells along `dim`, as seen by `rank`. */
  shift(rank: number, dim: number, disp: number): Shift {
    if (!Number.isInteger(dim) || dim < 0 || dim >= this.dims.length)
      throw new RangeError(
        `shift: dimension ${dim} of a grid of ${this.dims.length} dimensions (${this.#shape})`,
      );
    if (!Number.isInteger(disp)) throw new RangeError(`shift: displacement ${disp} is no integer`);
    return { source: this.#beside(rank, dim, -disp), dest: this.#beside(rank, dim, disp) };
  }

  /** For each dimension the neighbour before, then the one after. */
  neighbors(rank: number): number[] {
    return this.dims.flatMap((_, dim) => [this.#beside(rank, dim, -1), this.#beside(rank, dim, 1)]);
  }

  /** The grid of the dimensions to keep. */
  sub(keep: readonly boolean[]): Grid {
    if (keep.length !== this.dims.length)
      throw new RangeError(
        `sub: ${keep.length} flags for ${this.dims.length} dimensions (${this.#shape}); pass one each`,
      );
    return new Grid(
      this.dims.filter((_, dim) => keep[dim]),
      this.periods.filter((_, dim) => keep[dim]),
    );
  }

  #beside(rank: number, dim: number, disp: number): number {
    const coords = this.coordsOf(rank);
    coords[dim] += disp;
    const outside = coords[dim] < 0 || coords[dim] >= this.dims[dim];
    return outside && !this.periods[dim] ? PROC_NULL : this.rankOf(coords);
  }

  get #shape(): string {
    return `dims [${this.dims.join(", ")}]`;
  }
}

/**
 * Checks and completes the arguments of `cart`.
 *
 * @throws {RangeError} If they are no grid for a communicator of `size` ranks.
 */
export function gridFor(
  dims: readonly number[],
  periods: boolean | readonly boolean[],
  { name, size }: { readonly name: string; readonly size: number },
): Grid {
  const odd = dims.find((dim) => !Number.isSafeInteger(dim) || dim < 1);
  if (odd !== undefined)
    throw new RangeError(
      `cart: ${odd} in dims [${dims.join(", ")}] is no number of ranks; computeDims(${size}, …) fills in zeros`,
    );
  const flags = typeof periods === "boolean" ? dims.map(() => periods) : periods;
  if (flags.length !== dims.length)
    throw new RangeError(
      `cart: ${flags.length} periods for ${dims.length} dimensions; pass one each, or one for all`,
    );
  const grid = new Grid([...dims], [...flags]);
  if (grid.size > size)
    throw new RangeError(
      `cart: dims [${dims.join(", ")}] take ${grid.size} ranks, "${name}" has ${size}; computeDims(${size}, ${dims.length}) fits`,
    );
  return grid;
}

/** The arguments of `cart` as ranks tell each other: how many dimensions, these, their periods, whether to reorder. */
export function printGrid(details: Float64Array): string {
  const [n] = details;
  const dims = details.subarray(1, 1 + n);
  const periods = [...details.subarray(1 + n, 1 + 2 * n)].map(Boolean);
  return `dims [${dims.join(", ")}], periods [${periods.join(", ")}], reorder ${Boolean(details[1 + 2 * n])}`;
}

function modulo(a: number, n: number): number {
  return ((a % n) + n) % n;
}
