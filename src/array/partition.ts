import { product, stridesOf } from "./shape.js";

/** The cut of an N-d array into boxes, one for each cell of a process grid; cells are counted in C order. */
export class Partition {
  /** Cells along each axis. */
  readonly grid: readonly number[];
  /** For each axis, where each block starts, and after the last one the length of the axis. */
  readonly offsets: readonly (readonly number[])[];
  readonly #strides: readonly number[];

  /**
   * @param grid - Default: all cells along the first axis.
   * @param blocks - Lengths of the blocks along each axis; balanced where there are none.
   * @throws {RangeError} If the grid has not `cells` cells, or the blocks along an axis do not add up to its length.
   */
  constructor(
    dims: readonly number[],
    cells: number,
    grid?: readonly number[],
    blocks?: readonly (readonly number[] | undefined)[],
  ) {
    this.grid = gridOf(cells, dims, grid);
    this.offsets = dims.map((length, axis) => offsetsOf(length, this.grid[axis], blocks?.[axis], axis));
    this.#strides = stridesOf(this.grid);
  }

  coordinatesOf(cell: number): number[] {
    return this.grid.map((count, axis) => Math.floor(cell / this.#strides[axis]) % count);
  }

  cellAt(coordinates: readonly number[]): number {
    return coordinates.reduce((cell, coordinate, axis) => cell + coordinate * this.#strides[axis], 0);
  }

  /** Shape of the box of a cell. */
  shapeOf(cell: number): number[] {
    return this.coordinatesOf(cell).map((c, axis) => this.offsets[axis][c + 1] - this.offsets[axis][c]);
  }

  /** Global index of the first element of the box of a cell. */
  startOf(cell: number): number[] {
    return this.coordinatesOf(cell).map((c, axis) => this.offsets[axis][c]);
  }

  /** Lengths of the blocks along an axis. */
  blocks(axis: number): number[] {
    const offsets = this.offsets[axis];
    return offsets.slice(1).map((end, c) => end - offsets[c]);
  }
}

function gridOf(cells: number, dims: readonly number[], grid?: readonly number[]): readonly number[] {
  if (grid === undefined) return dims.map((_, axis) => (axis === 0 ? cells : 1));
  const valid = grid.length === dims.length && grid.every((ranks) => Number.isInteger(ranks) && ranks > 0);
  if (!valid) {
    throw new RangeError(
      `Distribution: grid [${grid.join(", ")}] for dims [${dims.join(", ")}]; give a positive number of ranks per axis`,
    );
  }
  if (product(grid) !== cells) {
    throw new RangeError(
      `Distribution: grid [${grid.join(", ")}] has ${product(grid)} places for ${cells} ranks; make the two equal`,
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
