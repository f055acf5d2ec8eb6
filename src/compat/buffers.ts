import { isTypedArray } from "../comm/envelope.js";
import { shown } from "../options.js";
import type { TypedArray, UserOp } from "../comm/types.js";

/** In place of a send buffer: the receive buffer holds this rank's contribution. */
export const IN_PLACE: unique symbol = Symbol("MPI.IN_PLACE");
export type InPlace = typeof IN_PLACE;

/** A typed array, or one with the elements per rank and, if they do not follow each other, where each block starts. */
export type Buffer<A extends TypedArray> =
  A | readonly [array: A, counts: ArrayLike<number>, displs?: ArrayLike<number>];
/** Reductions of the program's own. */
export const Op = {
  /** @param combine - `(earlier, later)`, associative. */
  Create<T>(combine: (earlier: T, later: T) => T, commute = false): UserOp<T> {
    return { name: combine.name === "" ? "user" : combine.name, commute, combine };
  },
} as const;

/** How a buffer is cut. */
export interface Blocks {
  readonly counts?: ArrayLike<number>;
  readonly displs?: ArrayLike<number>;
}

export function given<A extends TypedArray>(array: A | InPlace, into: A | undefined): A {
  if (array !== IN_PLACE) return array;
  if (into === undefined)
    throw new TypeError("MPI.IN_PLACE needs a receive buffer, which holds the contribution");
  return into;
}

/** Reductions of the program's own return a value of their own. */
export function fill<A extends TypedArray>(into: A | undefined, result: A | undefined): void {
  if (into === undefined || result === undefined || Object.is(into, result)) return;
  (into as Float64Array).set(result as Float64Array);
}

export function partsOf<A extends TypedArray>(
  buffer: Buffer<A> | undefined,
): Blocks & { readonly array: A | undefined } {
  if (buffer === undefined || ArrayBuffer.isView(buffer)) return { array: buffer };
  const [array, counts, displs] = buffer;
  return { array, counts, displs };
}

/** This rank's block of a buffer. */
export function blockOf<A extends TypedArray>(
  { rank, size }: { readonly rank: number; readonly size: number },
  array: A | undefined,
  { counts, displs }: Blocks,
): A {
  if (array === undefined) throw new TypeError(`MPI.IN_PLACE on rank ${rank} needs the whole buffer`);
  const count = counts?.[rank] ?? array.length / size;
  const before = Array.from({ length: rank }, (_, other) => counts?.[other] ?? count);
  const begin = displs?.[rank] ?? before.reduce((sum, n) => sum + n, 0);
  return array.subarray(begin, begin + count) as A;
}

/** @throws {TypeError} Unless it is a typed array: any other value is for the method of the same name in lower case. */
export function typed<A extends TypedArray>(where: string, array: A | undefined): A {
  if (array !== undefined && isTypedArray(array)) return array;
  throw new TypeError(
    `${where}: ${shown(array)} is no typed array; for other values, use ${where.toLowerCase()}`,
  );
}

/** @throws {TypeError} Where a buffer is needed on this rank. */
export function missing(): never {
  throw new TypeError("MPI: a buffer is missing; pass a typed array");
}
