import type { Counts, TypedArray } from "../types.js";
import { copyInto, like, part } from "./buffers.js";

/** How a buffer is cut into one block per rank. */
export interface Blocks {
  readonly counts: readonly number[];
  readonly displs: readonly number[];
}

/**
 * Checks and completes `counts` and `displs`: equal blocks by default, one after the other by default.
 *
 * @throws {RangeError} If they do not cut `length` elements into `size` blocks; `where` names the call.
 */
export function cut(where: string, how: Counts, size: number, length: number): Blocks {
  for (const cutting of recent) if (isSame(cutting, how, size, length)) return cutting.blocks;
  const blocks = newlyCut(where, how, size, length);
  if (how.displs === undefined) {
    recent[next] = { isEqual: how.counts === undefined, length, blocks };
    next = 1 - next;
  }
  return blocks;
}

/** Programs cut their buffers in the same ways again and again: the last two, and of how long a buffer. */
const recent: Cutting[] = [];
let next = 0;

interface Cutting {
  readonly isEqual: boolean;
  readonly length: number;
  readonly blocks: Blocks;
}

function isSame(
  { isEqual, length, blocks }: Cutting,
  { counts, displs }: Counts,
  size: number,
  whole: number,
): boolean {
  const known = blocks.counts;
  if (displs !== undefined || length !== whole || known.length !== size) return false;
  if (counts === undefined) return isEqual;
  if (isEqual || counts.length !== size) return false;
  for (let rank = 0; rank < size; rank++) if (counts[rank] !== known[rank]) return false;
  return true;
}

function newlyCut(where: string, { counts, displs }: Counts, size: number, length: number): Blocks {
  if (counts === undefined && length % size !== 0) {
    throw new RangeError(`${where}: ${length} elements do not divide into ${size} equal blocks; pass counts`);
  }
  const lengths =
    counts === undefined ? Array.from({ length: size }, () => length / size) : Array.from(counts);
  if (lengths.length !== size)
    throw new RangeError(`${where}: counts has ${lengths.length} entries for ${size} ranks`);
  const starts = displs === undefined ? prefixSums(lengths) : Array.from(displs);
  if (starts.length !== size)
    throw new RangeError(`${where}: displs has ${starts.length} entries for ${size} ranks`);
  lengths.forEach((count, rank) => {
    const start = starts[rank];
    if (
      Number.isSafeInteger(count) &&
      count >= 0 &&
      Number.isSafeInteger(start) &&
      start >= 0 &&
      start + count <= length
    )
      return;
    throw new RangeError(
      `${where}: the block of rank ${rank}, ${count} elements from ${start}, is not within the ${length} of the buffer`,
    );
  });
  return { counts: lengths, displs: starts };
}

/** Blocks of these lengths, one after the other. */
export function inOrder(counts: readonly number[]): Blocks {
  return { counts, displs: prefixSums(counts) };
}

/** `length` elements in `parts` nearly equal blocks, whose bounds are multiples of `unit`. */
export function stripes(length: number, parts: number, unit = 1): Blocks {
  const start = (i: number): number => Math.floor(((length / unit) * i) / parts) * unit;
  return inOrder(Array.from({ length: parts }, (_, i) => start(i + 1) - start(i)));
}

/** Block `rank` of a buffer, without a copy. */
export function blockOf<A extends TypedArray>(buffer: A, { counts, displs }: Blocks, rank: number): A {
  return part(buffer, displs[rank], displs[rank] + counts[rank]);
}

/** Elements from block `first` up to, not including, block `end`, of blocks one after the other. */
export function span<A extends TypedArray>(
  buffer: A,
  { counts, displs }: Blocks,
  first: number,
  end: number,
): A {
  if (first >= end) return part(buffer, 0, 0);
  return part(buffer, displs[first], displs[end - 1] + counts[end - 1]);
}

/** Some blocks, in this order. */
export function pick({ counts, displs }: Blocks, ranks: readonly number[]): Blocks {
  return { counts: ranks.map((rank) => counts[rank]), displs: ranks.map((rank) => displs[rank]) };
}

/** The blocks of some ranks, copied one after the other. */
export function collect<A extends TypedArray>(buffer: A, blocks: Blocks, ranks: readonly number[]): A {
  const length = ranks.reduce((sum, rank) => sum + blocks.counts[rank], 0);
  const packed = like(buffer, length);
  let at = 0;
  for (const rank of ranks) {
    copyInto(part(packed, at, (at += blocks.counts[rank])), blockOf(buffer, blocks, rank));
  }
  return packed;
}

/** Inverse of {@link collect}. */
export function spread(
  packed: TypedArray,
  buffer: TypedArray,
  blocks: Blocks,
  ranks: readonly number[],
): void {
  let at = 0;
  for (const rank of ranks) {
    copyInto(blockOf(buffer, blocks, rank), part(packed, at, (at += blocks.counts[rank])));
  }
}

export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function prefixSums(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => (sum += count) - count);
}
