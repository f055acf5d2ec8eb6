import type { Communicator } from "../comm/types.js";
import type { BlockSpace } from "./blocks.js";
import { DistributedArray } from "./distributed-array.js";
import type { DType } from "./dtype.js";
import { groupOf } from "./groups.js";
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
  /** Every rank holds the whole array, with equal bits: as many copies as ranks. */
  replicated?: boolean;
  /**
   * Which copy of the array each rank has a part in, one number a rank: the ranks of equal number hold one copy
   * together, as cells of the grid in rank order. `undefined` for ranks that hold nothing. So `[0, 0, 1, 1]` splits an
   * array over two ranks and holds it twice. Default: all ranks hold one copy together.
   */
  copies?: readonly (number | undefined)[];
  /** Before copies are relied on (reductions, redistribution), they are compared: see `checkCopies` of arrays. */
  checked?: boolean;
}

/** Where a rank stands: which copy it has a part in, and which cell of the process grid it is there. */
interface Place {
  readonly copy: number;
  readonly cell: number;
}

/**
 * Which rank owns which part of an N-d array: a box for each cell of a process grid, in C order of the ranks. The
 * array may be held several times over, by groups of ranks; a replicated one is held by every rank.
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
  /** How many times the array is held. */
  readonly copies: number;
  readonly checked: boolean;
  readonly #options: DistributionOptions;
  /** By rank; `undefined` where a rank holds nothing. */
  readonly #places: readonly (Place | undefined)[];
  /** Ranks by copy, then by cell. */
  readonly #ranks: readonly (readonly number[])[];
  /** For each axis, where each block starts, and after the last one the length of the axis. */
  readonly #offsets: readonly (readonly number[])[];
  readonly #gridStrides: readonly number[];

  /** @throws {RangeError} If the grid, the blocks or the copies do not fit the communicator or the dims. */
  constructor(comm: Communicator, dims: readonly number[], options: DistributionOptions = {}) {
    checkDims("Distribution", dims);
    checkOptions("Distribution", options, ["grid", "blocks", "replicated", "copies", "checked"]);
    this.comm = comm;
    this.dims = [...dims];
    this.size = product(dims);
    this.#ranks = options.replicated ? everyRankIts(comm.size) : groupsOf(comm.size, options.copies);
    this.copies = this.#ranks.length;
    this.replicated = options.replicated || (comm.size > 1 && this.copies === comm.size);
    this.checked = options.checked ?? false;
    this.#places = placesIn(comm.size, this.#ranks);
    this.grid = gridOf(this.#ranks[0].length, dims, options.grid);
    this.#options = options;
    this.#offsets = dims.map((length, axis) =>
      offsetsOf(length, this.grid[axis], options.blocks?.[axis], axis),
    );
    this.#gridStrides = stridesOf(this.grid);
    this.localShape = this.shapeOf(comm.rank);
    this.localStart = this.startOf(comm.rank);
  }

  /** Place of a rank in the process grid; `undefined` if it holds nothing. */
  coordinatesOf(rank: number): number[] | undefined {
    const place = this.#places[rank];
    return place && this.grid.map((ranks, axis) => Math.floor(place.cell / this.#gridStrides[axis]) % ranks);
  }

  /** The rank at a place of the process grid, among those that hold a copy together; default: this rank's copy. */
  rankAt(coordinates: readonly number[], copy = this.copyOf(this.comm.rank) ?? 0): number {
    const cell = coordinates.reduce((sum, coordinate, axis) => sum + coordinate * this.#gridStrides[axis], 0);
    return this.#ranks[copy][cell];
  }

  /** Which copy a rank has a part in, counted from 0; `undefined` if it holds nothing. */
  copyOf(rank: number): number | undefined {
    return this.#places[rank]?.copy;
  }

  /** True if this rank's block counts in sums and is written to files: if it is part of the first copy. */
  get primary(): boolean {
    return this.copyOf(this.comm.rank) === 0;
  }

  /** Shape of the block of a rank. */
  shapeOf(rank: number): number[] {
    const coordinates = this.coordinatesOf(rank);
    if (!coordinates) return this.dims.map(() => 0);
    return coordinates.map((c, axis) => this.#offsets[axis][c + 1] - this.#offsets[axis][c]);
  }

  /** Global index of the first element of the block of a rank. */
  startOf(rank: number): number[] {
    const coordinates = this.coordinatesOf(rank);
    if (!coordinates) return this.dims.map(() => 0);
    return coordinates.map((c, axis) => this.#offsets[axis][c]);
  }

  /** Elements of the block of a rank. */
  sizeOf(rank: number): number {
    return product(this.shapeOf(rank));
  }

  /** Where each block along an axis starts; the last entry is the length of the axis. */
  offsets(axis: number): readonly number[] {
    return this.#offsets[axis];
  }

  /** Lengths of the blocks along an axis. */
  blocks(axis: number): number[] {
    const offsets = this.#offsets[axis];
    return offsets.slice(1).map((end, c) => end - offsets[c]);
  }

  /**
   * Other dims on the same process grid: axes that keep their length keep their blocks, others are balanced; where
   * the number of axes changes, the first is split.
   */
  withDims(dims: readonly number[]): Distribution {
    if (sameNumbers(dims, this.dims)) return this;
    if (dims.length !== this.dims.length) return this.with(dims, {});
    const blocks = dims.map((n, axis) => (n === this.dims[axis] ? this.#options.blocks?.[axis] : undefined));
    return this.with(dims, { grid: this.grid, blocks });
  }

  /** An array of other dims in as many copies, by the same ranks, but on a grid and in blocks of its own. */
  with(
    dims: readonly number[],
    { grid, blocks }: Pick<DistributionOptions, "grid" | "blocks">,
  ): Distribution {
    const { replicated, copies, checked } = this.#options;
    return new Distribution(this.comm, dims, { replicated, copies, checked, grid, blocks });
  }

  /**
   * The distribution of what is left of an array when axes are reduced: each rank has the part that its block covers,
   * and shares it with those behind it. With `keepdims` the axes stay, with length 1.
   */
  without(axes: readonly number[], keepdims = false): Distribution {
    const all = this.dims.map((_, axis) => axis);
    const kept = keepdims ? all : all.filter((axis) => !axes.includes(axis));
    const of = <T>(property: (axis: number) => T, one: T) =>
      kept.map((axis) => (axes.includes(axis) ? one : property(axis)));
    const { checked } = this;
    const { replicated } = this.#options;
    const copies = this.#colours(axes);
    if (kept.length === 0) return new Distribution(this.comm, [1], { replicated, copies, checked });
    return new Distribution(
      this.comm,
      of((axis) => this.dims[axis], 1),
      {
        grid: of((axis) => this.grid[axis], 1),
        blocks: of((axis) => this.blocks(axis), [1]),
        replicated,
        copies,
        checked,
      },
    );
  }

  /** Collective the first time, where the axes are split. */
  async behind(axes: readonly number[]): Promise<Communicator | undefined> {
    if (axes.every((axis) => this.grid[axis] === 1)) return undefined;
    const kept = this.dims.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    return groupOf(this.comm, this.#colours(kept));
  }

  /** For each rank a number: the same for ranks of one copy that have the same places along `axes`. */
  #colours(axes: readonly number[]): (number | undefined)[] {
    return Array.from({ length: this.comm.size }, (_, rank) => {
      const at = this.coordinatesOf(rank);
      return at && axes.reduce((colour, axis) => colour * this.grid[axis] + at[axis], this.copyOf(rank) ?? 0);
    });
  }

  zeros(dtype: DType = "float64"): DistributedArray {
    return new DistributedArray(this, dtype);
  }

  /** True if arrays of both have equal dims, and every rank holds the same part of either. */
  equals(other: unknown): boolean {
    if (this === other) return true;
    return (
      other instanceof Distribution &&
      this.comm === other.comm &&
      this.replicated === other.replicated &&
      sameNumbers(this.dims, other.dims) &&
      sameNumbers(this.grid, other.grid) &&
      this.#offsets.every((offsets, axis) => sameNumbers(offsets, other.#offsets[axis])) &&
      this.sameCells(other)
    );
  }

  /** True if every rank is the same cell, in C order of the grids, of the same copy. */
  sameCells(other: Distribution): boolean {
    return (
      this.copies === other.copies &&
      this.#ranks.every((ranks, copy) => sameNumbers(ranks, other.#ranks[copy]))
    );
  }

  /** As `toString`, with every length of a block and every holder: equal if and only if the distributions are. */
  describe(): string {
    const blocks = this.dims.map((_, axis) => `[${this.blocks(axis).join(", ")}]`);
    return `${this.toString()}, blocks [${blocks.join(", ")}], held by [${copiesText(this.#places)}]`;
  }

  toString(): string {
    const { size } = this.comm;
    const spread = this.replicated ? "replicated on" : "over";
    const grid = this.replicated ? "" : `, grid [${this.grid.join(", ")}]`;
    const uneven = this.#options.blocks?.some((lengths) => lengths !== undefined) ? ", own blocks" : "";
    const copies = this.#options.copies && !this.replicated ? `, copies ${copiesText(this.#places)}` : "";
    return `[${this.dims.join(", ")}] ${spread} ${size} rank${size === 1 ? "" : "s"}${grid}${uneven}${copies}`;
  }
}

function copiesText(places: readonly (Place | undefined)[]): string {
  return `[${places.map((place) => place?.copy ?? "-").join(", ")}]`;
}

function everyRankIts(size: number): number[][] {
  return Array.from({ length: size }, (_, rank) => [rank]);
}

/** The ranks of each copy; copies in the order of their first ranks. */
function groupsOf(
  size: number,
  copies: DistributionOptions["copies"] = new Array<number>(size).fill(0),
): number[][] {
  const groups = new Map<number, number[]>();
  copies.forEach((copy, rank) => {
    if (copy === undefined) return;
    const group = groups.get(copy);
    if (group) group.push(rank);
    else groups.set(copy, [rank]);
  });
  const ranks = [...groups.values()];
  const text = `copies [${copies.map((copy) => copy ?? "-").join(", ")}]`;
  if (copies.length !== size) {
    throw new RangeError(`Distribution: ${text} for ${size} ranks; give one number for each`);
  }
  if (ranks.length === 0) throw new RangeError(`Distribution: ${text}: no rank holds anything`);
  if (ranks.some((group) => group.length !== ranks[0].length)) {
    throw new RangeError(`Distribution: ${text} have different numbers of ranks; give every copy as many`);
  }
  return ranks;
}

function placesIn(size: number, ranks: readonly (readonly number[])[]): (Place | undefined)[] {
  const places = new Array<Place | undefined>(size).fill(undefined);
  ranks.forEach((group, copy) => group.forEach((rank, cell) => (places[rank] = { copy, cell })));
  return places;
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
