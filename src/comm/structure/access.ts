import type { Element, WindowOp } from "../api/windows.js";
import { combine, OPERATION_NAMES, unsuited } from "../operations.js";
import type { TypedArray } from "../types.js";

/** The operations on windows by number: as on the wire. */
const WINDOW_OPS: readonly WindowOp[] = ["replace", "noOp", ...OPERATION_NAMES];

export function numberOf(op: WindowOp): number {
  return WINDOW_OPS.indexOf(op);
}

export function opOf(number: number): WindowOp {
  return WINDOW_OPS[number];
}

/** Combines the elements of `part` with `values`, in place. */
export function apply(op: WindowOp, part: TypedArray, values: TypedArray): void {
  if (op === "replace") store(part, values);
  else if (op !== "noOp") combine(op, part, values);
}

/** @throws {TypeError} If the operation is none, or does not suit the elements. */
export function checkWindowOp(where: string, op: WindowOp, array: TypedArray, rank: number): void {
  const reason = !WINDOW_OPS.includes(op)
    ? `op "${String(op)}" is none of ${WINDOW_OPS.join(", ")}`
    : op === "replace" || op === "noOp"
      ? undefined
      : unsuited(op, array);
  if (reason !== undefined) throw new TypeError(`${where}: ${reason} (rank ${rank})`);
}

/** `part` and `values` have the same element type. */
export function store(part: TypedArray, values: TypedArray): void {
  (part as Float64Array).set(values as Float64Array);
}

/** `count` elements from `displ` on, without a copy. */
export function slice<A extends TypedArray>(array: A, displ: number, count: number): A {
  return displ === 0 && count === array.length ? array : (array.subarray(displ, displ + count) as A);
}

/** An array of the same type: of these elements, or of so many zeros. */
export function alike<A extends TypedArray>(array: A, elements: ArrayLike<unknown> | number): A {
  const constructor = array.constructor as new (elements: ArrayLike<unknown> | number) => A;
  return new constructor(elements);
}

export function firstOf<A extends TypedArray>(values: A): Element<A> | undefined {
  return values[0] as Element<A>;
}
