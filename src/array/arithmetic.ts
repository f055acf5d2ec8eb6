import * as kernels from "../kernels/index.js";
import { type Complex, type DType, isComplex, type Scalar, type Storage } from "./dtype.js";

/**
 * Arithmetic on the storage of one block, for every dtype: which kernel does it. Complex arrays under real coefficients
 * are twice as many real numbers to a kernel.
 */

type Floats = Float32Array | Float64Array;

/** Zeros for `length` elements of `dtype`. */
export function allocate(dtype: DType, length: number): Storage {
  return kernels.allocate(dtype, length);
}

/** Gives the memory of an array from {@link allocate} back; of any other, nothing. */
export function release(storage: Storage): void {
  kernels.release(storage);
}

/** y ← y + α x */
export function axpy(alpha: Scalar, x: Storage, y: Storage): void {
  if (!isFloat(x) || !isFloat(y)) return update(y, (value, i) => value + real(alpha) * x[i]);
  if (typeof alpha === "number") kernels.axpy(alpha, x, y);
  else kernels.complexAxpy(alpha, x, y);
}

/** y ← x + α y */
export function xpay(alpha: Scalar, x: Storage, y: Storage): void {
  if (!isFloat(x) || !isFloat(y)) return update(y, (value, i) => x[i] + real(alpha) * value);
  if (typeof alpha === "number") kernels.xpay(alpha, x, y);
  else kernels.complexXpay(alpha, x, y);
}

/** x ← α x */
export function scale(alpha: Scalar, x: Storage): void {
  if (!isFloat(x)) return update(x, (value) => real(alpha) * value);
  if (typeof alpha === "number") kernels.scale(alpha, x);
  else kernels.complexScale(alpha, x);
}

export function fill(value: Scalar, x: Storage, dtype: DType): void {
  if (!isFloat(x)) return update(x, () => real(value));
  if (isComplex(dtype)) kernels.complexFill(typeof value === "number" ? { re: value, im: 0 } : value, x);
  else kernels.fill(real(value), x);
}

/** y ← y ∘ x, or y ∘ conj(x); x may be real where y is complex. */
export function multiply(x: Storage, xType: DType, y: Storage, yType: DType, conjugate = false): void {
  if (!isFloat(x) || !isFloat(y)) return update(y, (value, i) => value * x[i]);
  if (isComplex(xType) !== isComplex(yType)) return update(y, (value, i) => value * x[i >> 1]);
  if (!isComplex(yType)) kernels.multiply(x, y);
  else if (conjugate) kernels.conjugateMultiply(x, y);
  else kernels.complexMultiply(x, y);
}

/** Conjugates complex numbers in place. */
export function conjugate(x: Storage): void {
  if (isFloat(x)) kernels.conjugate(x);
}

/** y ← x, converted; where y is complex and x is not, the imaginary parts become zero. */
export function convert(x: Storage, xType: DType, y: Storage, yType: DType): void {
  if (isComplex(xType) !== isComplex(yType)) return update(y, (_, i) => (i % 2 === 0 ? x[i >> 1] : 0));
  if (isFloat(x) && isFloat(y) && xType === yType) kernels.copy(x, y);
  else y.set(x);
}

/** Σ xᵢ yᵢ of the stored numbers: the real part of xᴴ y, whether the arrays are real or complex. */
export function realVdot(x: Storage, y: Storage): number {
  if (isFloat(x) && isFloat(y)) return kernels.dot(x, y);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

/** Σ conj(xᵢ) yᵢ of complex arrays, or unconjugated Σ xᵢ yᵢ. */
export function complexDot(x: Storage, y: Storage, conjugated: boolean): Complex {
  if (!isFloat(x) || !isFloat(y)) return { re: realVdot(x, y), im: 0 };
  return conjugated ? kernels.complexVdot(x, y) : kernels.complexDot(x, y);
}

export function absSum(x: Storage, dtype: DType): number {
  if (!isFloat(x)) return x.reduce((sum, value) => sum + Math.abs(value), 0);
  return isComplex(dtype) ? kernels.complexAbsSum(x) : kernels.absSum(x);
}

export function absMax(x: Storage, dtype: DType): number {
  if (!isFloat(x)) return x.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return isComplex(dtype) ? kernels.complexAbsMax(x) : kernels.absMax(x);
}

/** min |xᵢ|; Infinity if there are none, NaN if any is. */
export function absMin(x: Storage, dtype: DType): number {
  let smallest = Infinity;
  forEachSize(x, dtype, (size) => (smallest = Math.min(smallest, size)));
  return smallest;
}

/** Σ |xᵢ / scale|^power */
export function absPowers(
  x: Storage,
  dtype: DType,
  { power, scale }: { power: number; scale: number },
): number {
  const sum = new kernels.PairwiseSum();
  forEachSize(x, dtype, (size) => sum.add((size / scale) ** power));
  return sum.total;
}

function forEachSize(x: Storage, dtype: DType, use: (size: number) => void): void {
  if (isComplex(dtype)) for (let i = 0; i < x.length; i += 2) use(Math.hypot(x[i], x[i + 1]));
  else for (const value of x) use(Math.abs(value));
}

export function nonZeros(x: Storage, dtype: DType): number {
  if (!isFloat(x)) return x.reduce((count, value) => count + Math.sign(Math.abs(value)), 0);
  return isComplex(dtype) ? kernels.complexCountNonZeros(x) : kernels.countNonZeros(x);
}

function isFloat(x: Storage): x is Floats {
  return !(x instanceof Int32Array);
}

function real(value: Scalar): number {
  return typeof value === "number" ? value : value.re;
}

/** For what has no kernel: int32, and real arrays meeting complex ones. */
function update(y: Storage, f: (value: number, i: number) => number): void {
  for (let i = 0; i < y.length; i++) y[i] = f(y[i], i);
}
