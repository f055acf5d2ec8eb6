import { allocate } from "../../../kernels/heap.js";
import { bytesOf } from "../../envelope.js";
import { combine } from "../../operations.js";
import type { OpName, TypedArray } from "../../types.js";
import { like, part } from "../buffers.js";
import { exactSums } from "../exact.js";

/** So much of every contribution is combined at a time: it stays in the nearest cache. */
const PIECE_BYTES = 128 * 1024;

/** Two pieces in the memory of the kernels, made on first use. */
let pieces: readonly [Float64Array, Float64Array] | undefined;

/**
 * out ← x₀ ∘ x₁ ∘ …, in this order. Local.
 *
 * @param read - Copies a part of a contribution, as many elements from `start` on as the array has.
 */
export function reducePieces(
  op: OpName,
  contributions: number,
  out: TypedArray,
  read: (contribution: number, start: number, into: TypedArray) => void,
): void {
  const [reduced, next] = (pieces ??= [
    allocate("float64", PIECE_BYTES / 8),
    allocate("float64", PIECE_BYTES / 8),
  ]);
  const length = PIECE_BYTES / out.BYTES_PER_ELEMENT;
  for (let start = 0; start < out.length; start += length) {
    const count = Math.min(length, out.length - start);
    const sum = as(out, reduced, count);
    const term = as(out, next, count);
    read(0, start, sum);
    for (let contribution = 1; contribution < contributions; contribution++) {
      read(contribution, start, term);
      combine(op, sum, term);
    }
    bytesOf(out.subarray(start, start + count)).set(bytesOf(sum));
  }
}

/** out ← Σ xₖ, exact and rounded once; see exact.ts. Local. All terms of a piece are there at the same time. */
export function sumPieces(
  contributions: number,
  out: TypedArray,
  read: (contribution: number, start: number, into: TypedArray) => void,
): void {
  const length = Math.max(1, Math.min(out.length, Math.floor(PIECE_BYTES / 8 / contributions)));
  const terms = Array.from({ length: contributions }, () => like(out, length));
  for (let start = 0; start < out.length; start += length) {
    const end = Math.min(start + length, out.length);
    const parts = terms.map((term) => part(term, 0, end - start));
    parts.forEach((term, contribution) => read(contribution, start, term));
    exactSums(parts, part(out, start, end));
  }
}

/** Memory as an array of the same type as `like`. */
function as(like: TypedArray, { buffer, byteOffset }: Float64Array, length: number): TypedArray {
  const constructor = like.constructor as new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ) => TypedArray;
  return new constructor(buffer, byteOffset, length);
}
