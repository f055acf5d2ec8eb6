import type { Counts, TypedArray } from "../types.js";

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
export function cut(where: string, { counts, displs }: Counts, size: number, length: number): Blocks {
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

/** Block `rank` of a buffer, without a copy. */
export function blockOf<A extends TypedArray>(buffer: A, { counts, displs }: Blocks, rank: number): A {
  // subarray of A is an A; TypeScript knows only the union.
  return buffer.subarray(displs[rank], displs[rank] + counts[rank]) as A;
}

function prefixSums(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => (sum += count) - count);
}
