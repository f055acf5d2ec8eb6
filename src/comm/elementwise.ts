import { isTypedArray } from "./envelope.js";
import { ReproducibleSum } from "./reproducible-sum.js";
import type { TypedArray } from "./types.js";

/** A value that named operations can reduce, as a typed array, and how to make a value of its kind again. */
export interface Elementwise {
  /** `undefined` if the value is of no such kind. */
  readonly array: TypedArray | undefined;
  readonly result: (array: TypedArray) => unknown;
}

/** @param op - The operation, for values that only some can reduce. */
export function elementwise(value: unknown, op = ""): Elementwise {
  if (typeof value === "number") return { array: Float64Array.of(value), result: first };
  if (isTypedArray(value)) return { array: value, result: whole };
  if (typeof value === "bigint") return { array: BigInt64Array.of(value), result: first };
  if (typeof value === "boolean") return { array: Uint8Array.of(value ? 1 : 0), result: truth };
  if (value instanceof ReproducibleSum && op === "sum") return { array: value.state(), result: sum };
  if ((op === "minloc" || op === "maxloc") && isLocated(value))
    return { array: Float64Array.of(value.value, value.index), result: located };
  return { array: undefined, result: whole };
}

function isLocated(value: unknown): value is { value: number; index: number } {
  if (typeof value !== "object" || value === null || !("value" in value) || !("index" in value)) return false;
  return typeof value.value === "number" && typeof value.index === "number";
}

const whole = (array: TypedArray): TypedArray => array;
const first = (array: TypedArray): number | bigint => array[0];
const truth = (array: TypedArray): boolean => array[0] !== 0;
const located = (array: TypedArray) => ({ value: array[0], index: array[1] });
const sum = (array: TypedArray): ReproducibleSum => ReproducibleSum.of(array as Float64Array);
