import type { Communicator } from "../comm/types.js";
import type { BlockSpace } from "./blocks.js";
import { DistributedArray } from "./distributed-array.js";
import type { DType } from "./dtype.js";
import { groupOf } from "./groups.js";
import { Holders } from "./holders.js";
import { Partition } from "./partition.js";
import { checkDims, product, sameNumbers } from "./shape.js";
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
  readonly #holders: Holders;
  readonly #partition: Partition;

  /** @throws {RangeError} If the grid, the blocks or the copies do not fit the communicator or the dims. */
  constructor(comm: Communicator, dims: readonly number[], options: DistributionOptions = {}) {
    checkDims("Distribution", dims);
    checkOptions("Distribution", options, ["grid", "blocks", "replicated", "copies", "checked"]);
    this.comm = comm;
    this.dims = [...dims];
    this.size = product(dims);
    this.#options = options;
    this.#holders = options.replicated ? Holders.everyRank(comm.size) : Holders.of(comm.size, options.copies);
    this.#partition = new Partition(dims, this.#holders.cells, options.grid, options.blocks);
    this.grid = this.#partition.grid;
    this.copies = this.#holders.copies;
    this.replicated = options.replicated || (comm.size > 1 && this.copies === comm.size);
    this.checked = options.checked ?? false;
    this.localShape = this.shapeOf(comm.rank);
    this.localStart = this.startOf(comm.rank);
  }

  /** Place of a rank in the process grid; `undefined` if it holds nothing. */
  coordinatesOf(rank: number): number[] | undefined {
    const place = this.#holders.placeOf(rank);
    return place && this.#partition.coordinatesOf(place.cell);
  }

  /** The rank at a place of the process grid, among those that hold a copy together; default: this rank's copy. */
  rankAt(coordinates: readonly number[], copy = this.copyOf(this.comm.rank) ?? 0): number {
    return this.#holders.rankAt({ copy, cell: this.#partition.cellAt(coordinates) });
  }

  /** Which copy a rank has a part in, counted from 0; `undefined` if it holds nothing. */
  copyOf(rank: number): number | undefined {
    return this.#holders.placeOf(rank)?.copy;
  }

  /** True if this rank's block counts in sums and is written to files: if it is part of the first copy. */
  get primary(): boolean {
    return this.copyOf(this.comm.rank) === 0;
  }

  /** Shape of the block of a rank; zeros if it holds nothing. */
  shapeOf(rank: number): number[] {
    const place = this.#holders.placeOf(rank);
    return place ? this.#partition.shapeOf(place.cell) : this.dims.map(() => 0);
  }

  /** Global index of the first element of the block of a rank. */
  startOf(rank: number): number[] {
    const place = this.#holders.placeOf(rank);
    return place ? this.#partition.startOf(place.cell) : this.dims.map(() => 0);
  }

  /** Elements of the block of a rank. */
  sizeOf(rank: number): number {
    return product(this.shapeOf(rank));
  }

  /** Where each block along an axis starts; the last entry is the length of the axis. */
  offsets(axis: number): readonly number[] {
    return this.#partition.offsets[axis];
  }

  /** Lengths of the blocks along an axis. */
  blocks(axis: number): number[] {
    return this.#partition.blocks(axis);
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

  /** The ranks whose blocks differ from this rank's along `axes` alone. Collective the first time, where these are split. */
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
      this.dims.every((_, axis) => sameNumbers(this.offsets(axis), other.offsets(axis))) &&
      this.sameCells(other)
    );
  }

  /** True if every rank is the same cell, in C order of the grids, of the same copy. */
  sameCells(other: Distribution): boolean {
    return this.#holders.equals(other.#holders);
  }

  /** As `toString`, with every length of a block and every holder: equal if and only if the distributions are. */
  describe(): string {
    const blocks = this.dims.map((_, axis) => `[${this.blocks(axis).join(", ")}]`);
    return `${this.toString()}, blocks [${blocks.join(", ")}], held by [${this.#holders.toString()}]`;
  }

  toString(): string {
    const { size } = this.comm;
    const spread = this.replicated ? "replicated on" : "over";
    const grid = this.replicated ? "" : `, grid [${this.grid.join(", ")}]`;
    const uneven = this.#options.blocks?.some((lengths) => lengths !== undefined) ? ", own blocks" : "";
    const copies = this.#options.copies && !this.replicated ? `, copies ${this.#holders.toString()}` : "";
    return `[${this.dims.join(", ")}] ${spread} ${size} rank${size === 1 ? "" : "s"}${grid}${uneven}${copies}`;
  }
}
