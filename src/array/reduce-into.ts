import * as arithmetic from "./arithmetic.js";
import { isComplex } from "./dtype.js";
import type { LocalArray } from "./local-array.js";
import type { Reduction } from "./vector.js";

/** This rank's share of a reduction, handed to `add` with its slot: 0, and 1 for an imaginary part. */
export function reduceInto(
  reduction: Reduction,
  x: LocalArray,
  y: LocalArray,
  add: (slot: number, share: number) => void,
): void {
  const complex = isComplex(x.dtype) || isComplex(y.dtype);
  if (reduction === "abs-sum") return add(0, arithmetic.absSum(x.local, x.dtype));
  if (reduction === "abs-max") return add(0, arithmetic.absMax(x.local, x.dtype));
  if (reduction === "abs-min") return add(0, arithmetic.absMin(x.local, x.dtype));
  if (reduction === "non-zeros") return add(0, arithmetic.nonZeros(x.local, x.dtype));
  if (typeof reduction === "object") return add(0, arithmetic.absPowers(x.local, x.dtype, reduction));
  if (x.dtype !== y.dtype)
    throw new TypeError(`dot: a ${x.dtype} array with a ${y.dtype} one; convert with copyFrom first`);
  if (reduction === "real-vdot" || !complex) return add(0, arithmetic.realVdot(x.local, y.local));
  const { re, im } = arithmetic.complexDot(x.local, y.local, reduction === "vdot");
  add(0, re);
  add(1, im);
}
