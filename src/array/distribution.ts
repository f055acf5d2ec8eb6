import type { Communicator } from "../comm/types.js";
import type { BlockSpace } from "./blocks.js";
import { DistributedArray } from "./distributed-array.js";
import type { DType } from "./dtype.js";
import { checkDims, product, sameNumbers, stridesOf } from "./shape.js";
import { checkOptions } from "../options.js";

export interface DistributionOptions {
  /** Ranks along each axis; their product is the size of the communicator. Default: all along the first axis. */
  grid?: readonly number[];
  /**
   * Lengths of the blocks along each axis, one for each place in the grid; 0 is allowed. Axes without lengths are
   * balanced: the first `length mod ranks` blocks get one element more.
   */
  blocks?: readonly (readonly number[] | undefined)[];
  /** Every rank holds the whole array, with equal bits. */
  replicated?: boolean;
}

/**
 * Which rank owns which part of an N-d array: a box for each rank of a process grid, in C order of the ranks.
 * Local, and a pure function of its arguments, which must be equal on all ranks: whatever it is asked about any rank
 * is known without a message.
 */
export class Distribution implements BlockSpace<DistributedArray> {
  readonly comm: Communicator;
  readonly dims: readonly number[];
  readonly size: number;
  readonly grid: readonly number[];
  readonly replicated: boolean;
  readonly localShape: readonly number[];
  readonly localStart: readonly number[];
  readonly #options: DistributionOptions;
  /** For each axis, where each block starts, and after the last one the length of the axis. */
  readonly #offsets: readonly (readonly number[])[];
  readonly #gridStrides: readonly number[];

  /** @throws {RangeError} If the grid or the blocks do not fit the communicator or the dims. */
  constructor(comm: Communicator, dims: readonly number[], options: DistributionOptions = {}) {
    checkDims("Distribution", dims);
    checkOptions("Distribution", options, ["grid", "blocks", "replicated"]);
    this.comm = comm;
    this.dims = [...dims];
    this.size = product(dims);
    this.replicated = options.replicated ?? false;
    this.grid = this.replicated ? dims.map(() => 1) : gridOf(comm.size, dims, options.grid);
    this.#options = options;
    this.#offsets = dims.map((length, axis) =>
      offsetsOf(length, this.grid[axis], options.blocks?.[axis], axis),
    );
    this.#gridStrides = stridesOf(this.grid);
    this.localShape = this.shapeOf(comm.rank);
    this.localStart = this.startOf(comm.rank);
  }

  /** Place of a rank in the process grid. */
  coordinatesOf(rank: number): number[] {
    return this.grid.map((ranks, axis) =>
      this.replicated ? 0 : Math.floor(rank / this.#gridStrides[axis]) % ranks,
    );
  }

  /** The rank at a place of the process grid. */
  rankAt(coordinates: readonly number[]): number {
    return coordinates.reduce((rank, coordinate, axis) => rank + coordinate * this.#gridStrides[axis], 0);
  }

  /** Shape of the block of a rank. */
  shapeOf(rank: number): number[] {
    return this.coordinatesOf(rank).map((c, axis) => this.#offsets[axis][c + 1] - this.#offsets[axis][c]);
  }

  /** Global index of the first element of the block of a rank. */
  startOf(rank: number): number[] {
    return this.coordinatesOf(rank).map((c, axis) => this.#offsets[axis][c]);
  }

  /** Elements of the block of a rank. */
  sizeOf(rank: number): number {
    return product(this.shapeOf(rank));
  }

  /** Where each block along an axis starts; the last entry is the length of the axis. */
  offsets(axis: number): readonly number[] {
    return this.#offsets[axis];
  }

  /**
   * Other dims on the same process grid: axes that keep their length keep their blocks, others are balanced; where
   * the number of axes changes, the first is split.
   */
  withDims(dims: readonly number[]): Distribution {
    if (sameNumbers(dims, this.dims)) return this;
    const { replicated } = this;
    if (replicated || dims.length !== this.dims.length)
      return new Distribution(this.comm, dims, { replicated });
    const blocks = dims.map((n, axis) => (n === this.dims[axis] ? this.#options.blocks?.[axis] : undefined));
    return new Distribution(this.comm, dims, { grid: this.grid, blocks });
  }

  zeros(dtype: DType = "float64"): DistributedArray {
    return new DistributedArray(this, dtype);
  }

  equals(other: unknown): boolean {
    if (this === other) return true;
    return (
      other instanceof Distribution &&
      this.comm === other.comm &&
      this.replicated === other.replicated &&
      sameNumbers(this.dims, other.dims) &&
      sameNumbers(this.grid, other.grid) &&
      this.#offsets.every((offsets, axis) => sameNumbers(offsets, other.#offsets[axis]))
    );
  }

  toString(): string {
    const { size } = this.comm;
    const spread = this.replicated ? "replicated on" : "over";
    const grid = this.replicated ? "" : `, grid [${this.grid.join(", ")}]`;
    const uneven = this.#options.blocks?.some((lengths) => lengths !== undefined) ? ", own blocks" : "";
    return `[${this.dims.join(", ")}] ${spread} ${size} rank${size === 1 ? "" : "s"}${grid}${uneven}`;
  }
}

function gridOf(size: number, dims: readonly number[], grid?: readonly number[]): readonly number[] {
  if (grid === undefined) return dims.map((_, axis) => (axis === 0 ? size : 1));
  const valid = grid.length === dims.length && grid.every((ranks) => Number.isInteger(ranks) && ranks > 0);
  if (!valid) {
    throw new RangeError(
      `Distribution: grid [${grid.join(", ")}] for dims [${dims.join(", ")}]; give a positive number of ranks per axis`,
    );
  }
  if (product(grid) !== size) {
    throw new RangeError(
      `Distribution: grid [${grid.join(", ")}] has ${product(grid)} places for ${size} ranks; make the two equal`,
    );
  }
  return [...grid];
}

function offsetsOf(
  length: number,
  ranks: number,
  blocks: readonly number[] | undefined,
  axis: number,
): number[] {
  const lengths = blocks ?? balanced(length, ranks);
  const total = lengths.reduce((sum, block) => sum + block, 0);
  const valid =
    lengths.length === ranks && lengths.every((block) => Number.isSafeInteger(block) && block >= 0);
  if (!valid || total !== length) {
    throw new RangeError(
      `Distribution: blocks [${lengths.join(", ")}] along axis ${axis} hold ${total} elements on ${lengths.length} ranks; ` +
        `the axis has ${length} on ${ranks}`,
    );
  }
  const offsets = [0];
  for (const block of lengths) offsets.push(offsets[offsets.length - 1] + block);
  return offsets;
}

/** Lengths of `ranks` blocks that differ by one at most, longer ones first. */
function balanced(length: number, ranks: number): number[] {
  const short = Math.floor(length / ranks);
  return Array.from({ length: ranks }, (_, rank) => short + (rank < length % ranks ? 1 : 0));
}
