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
  if ((op === "minloc" || op === "maxloc") && hasNumbers(value, "value", "index"))
    return { array: Float64Array.of(value.value, value.index), result: located };
  if ((op === "sum" || op === "complexProd") && hasNumbers(value, "re", "im"))
    return { array: Float64Array.of(value.re, value.im), result: complex };
  return { array: undefined, result: whole };
}

function hasNumbers<A extends string, B extends string>(
  value: unknown,
  a: A,
  b: B,
): value is Readonly<Record<A | B, number>> {
  const parts = value as Readonly<Record<string, unknown>> | null;
  return typeof parts === "object" && typeof parts?.[a] === "number" && typeof parts[b] === "number";
}

const whole = (array: TypedArray): TypedArray => array;
const first = (array: TypedArray): number | bigint => array[0];
const truth = (array: TypedArray): boolean => array[0] !== 0;
const located = (array: TypedArray) => ({ value: array[0], index: array[1] });
const complex = (array: TypedArray) => ({ re: array[0], im: array[1] });
const sum = (array: TypedArray): ReproducibleSum => ReproducibleSum.of(array as Float64Array);
