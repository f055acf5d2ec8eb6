import { bytesOf } from "../envelope.js";
import type { TypedArray } from "../types.js";

/** A new array of the same type. */
export function like<A extends TypedArray>(x: A, length = x.length): A {
  const constructor = x.constructor as new (length: number) => A;
  return new constructor(length);
}

/** Part of an array, without a copy. */
export function part<A extends TypedArray>(x: A, start: number, end: number): A {
  // subarray of A is an A; TypeScript knows only the union.
  return x.subarray(start, end) as A;
}

/** Copies a block between arrays of one type; nothing to do if it is already in place. */
export function copyInto(target: TypedArray, source: TypedArray): void {
  if (target === source) return;
  if (target.buffer === source.buffer && target.byteOffset === source.byteOffset) return;
  if (target.constructor !== source.constructor) bytesOf(target).set(bytesOf(source));
  else if (target instanceof BigInt64Array || target instanceof BigUint64Array) {
    if (source instanceof BigInt64Array || source instanceof BigUint64Array) target.set(source);
  } else if (!(source instanceof BigInt64Array || source instanceof BigUint64Array)) target.set(source);
}

/** Whether two arrays are the very same memory. */
export function identical(a: TypedArray, b: TypedArray): boolean {
  if (a === b) return true;
  return a.byteLength === b.byteLength && a.byteOffset === b.byteOffset && a.buffer === b.buffer;
}

/** Whether two arrays share memory. */
export function overlap(a: TypedArray, b: TypedArray): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}
