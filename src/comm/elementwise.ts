import { isTypedArray } from "./envelope.js";
import type { TypedArray } from "./types.js";

/** A value that named operations can reduce, as a typed array, and how to make a value of its kind again. */
export interface Elementwise {
  /** `undefined` if the value is of no such kind. */
  readonly array: TypedArray | undefined;
  readonly result: (array: TypedArray) => unknown;
}

export function elementwise(value: unknown): Elementwise {
  if (typeof value === "number") return { array: Float64Array.of(value), result: first };
  if (isTypedArray(value)) return { array: value, result: whole };
  if (typeof value === "bigint") return { array: BigInt64Array.of(value), result: first };
  if (typeof value === "boolean") return { array: Uint8Array.of(value ? 1 : 0), result: truth };
  return { array: undefined, result: whole };
}

const whole = (array: TypedArray): TypedArray => array;
const first = (array: TypedArray): number | bigint => array[0];
const truth = (array: TypedArray): boolean => array[0] !== 0;
