import { isTypedArray } from "./envelope.js";
import type { TypedArray } from "./types.js";

/** A value that named operations can reduce, as a typed array, and how to make a value of its kind again. */
export interface Elementwise {
  /** `undefined` if the value is of no such kind. */
  readonly array: TypedArray | undefined;
  readonly result: (array: TypedArray) => unknown;
}

export function elementwise(value: unknown): Elementwise {
  if (isTypedArray(value)) return { array: value, result: (array) => array };
  if (typeof value === "number") return { array: Float64Array.of(value), result: (array) => array[0] };
  if (typeof value === "bigint") return { array: BigInt64Array.of(value), result: (array) => array[0] };
  if (typeof value === "boolean")
    return { array: Uint8Array.of(value ? 1 : 0), result: (array) => array[0] !== 0 };
  return { array: undefined, result: () => undefined };
}
