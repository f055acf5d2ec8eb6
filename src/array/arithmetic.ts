import * as kernels from "../kernels/index.js";
import type { DType, Scalar, Storage } from "./dtype.js";
import { isComplex, numbersPerElement, realOf } from "./dtype.js";

/**
 * Arithmetic on the storage of one block, for every dtype. Real float arrays, and complex ones under real coefficients,
 * go to the wasm kernels as they are; only complex coefficients, complex products and int32 are computed here.
 */

type Floats = Float32Array | Float64Array;

/** Zeros for `length` elements of `dtype`. */
export function allocate(dtype: DType, length: number): Storage {
  if (dtype === "int32") return new Int32Array(length);
  const real = realOf(dtype);
  return kernels.allocate(real === "float32" ? "float32" : "float64", length * numbersPerElement(dtype));
}

/** y ← y + α x */
export function axpy(alpha: Scalar, x: Storage, y: Storage): void {
  if (typeof alpha !== "number") return complexUpdate(y, { re: 1, im: 0 }, x, alpha);
  if (isFloat(x) && isFloat(y)) return kernels.axpy(alpha, x, y);
  for (let i = 0; i < y.length; i++) y[i] += alpha * x[i];
}

/** y ← x + α y */
export function xpay(alpha: Scalar, x: Storage, y: Storage): void {
  if (typeof alpha !== "number") return complexUpdate(y, alpha, x, { re: 1, im: 0 });
  if (isFloat(x) && isFloat(y)) return kernels.xpay(alpha, x, y);
  for (let i = 0; i < y.length; i++) y[i] = x[i] + alpha * y[i];
}

export function scale(alpha: Scalar, x: Storage): void {
  if (typeof alpha !== "number") return complexUpdate(x, alpha, x, { re: 0, im: 0 });
  if (isFloat(x)) return kernels.scale(alpha, x);
  for (let i = 0; i < x.length; i++) x[i] *= alpha;
}

export function fill(value: Scalar, x: Storage, dtype: DType): void {
  if (!isComplex(dtype)) {
    x.fill(realPart(value));
    return;
  }
  const { re, im } = typeof value === "number" ? { re: value, im: 0 } : value;
  for (let i = 0; i < x.length; i += 2) {
    x[i] = re;
    x[i + 1] = im;
  }
}

/** y ← y ∘ x, or y ∘ conj(x); x may be real where y is complex. */
export function multiply(x: Storage, xType: DType, y: Storage, yType: DType, conjugate = false): void {
  if (!isComplex(yType)) {
    if (isFloat(x) && isFloat(y)) return kernels.multiply(x, y, y);
    for (let i = 0; i < y.length; i++) y[i] *= x[i];
    return;
  }
  const complexX = isComplex(xType);
  const sign = conjugate ? -1 : 1;
  for (let i = 0; i < y.length; i += 2) {
    const re = complexX ? x[i] : x[i / 2];
    const im = complexX ? sign * x[i + 1] : 0;
    const yRe = y[i];
    y[i] = yRe * re - y[i + 1] * im;
    y[i + 1] = yRe * im + y[i + 1] * re;
  }
}

export function conjugate(x: Storage): void {
  for (let i = 1; i < x.length; i += 2) x[i] = -x[i];
}

/** y ← x, converted; where y is complex and x is not, the imaginary parts become zero. */
export function convert(x: Storage, xType: DType, y: Storage, yType: DType): void {
  if (isComplex(xType) === isComplex(yType)) {
    if (isFloat(x) && isFloat(y) && xType === yType) kernels.copy(x, y);
    else y.set(x);
    return;
  }
  for (let i = 0; i < x.length; i++) {
    y[2 * i] = x[i];
    y[2 * i + 1] = 0;
  }
}

/** Σ xᵢ yᵢ of the stored numbers: the real part of xᴴ y, whether the arrays are real or complex. */
export function realVdot(x: Storage, y: Storage): number {
  if (isFloat(x) && isFloat(y)) return kernels.dot(x, y);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

/** Σ conj(xᵢ) yᵢ of complex arrays, or unconjugated Σ xᵢ yᵢ. */
export function complexDot(x: Storage, y: Storage, conjugated: boolean): readonly [re: number, im: number] {
  const sign = conjugated ? 1 : -1;
  let [re, im] = [0, 0];
  for (let i = 0; i < x.length; i += 2) {
    re += x[i] * y[i] + sign * x[i + 1] * y[i + 1];
    im += x[i] * y[i + 1] - sign * x[i + 1] * y[i];
  }
  return [re, im];
}

export function absSum(x: Storage, dtype: DType): number {
  if (!isComplex(dtype) && isFloat(x)) return kernels.absSum(x);
  let sum = 0;
  forEachModulus(x, dtype, (modulus) => (sum += modulus));
  return sum;
}

export function absMax(x: Storage, dtype: DType): number {
  if (!isComplex(dtype) && isFloat(x)) return kernels.absMax(x);
  let max = 0;
  forEachModulus(x, dtype, (modulus) => (max = Math.max(max, modulus)));
  return max;
}

export function nonZeros(x: Storage, dtype: DType): number {
  let count = 0;
  forEachModulus(x, dtype, (modulus) => (count += modulus === 0 ? 0 : 1));
  return count;
}

function isFloat(x: Storage): x is Floats {
  return !(x instanceof Int32Array);
}

function realPart(value: Scalar): number {
  return typeof value === "number" ? value : value.re;
}

function forEachModulus(x: Storage, dtype: DType, visit: (modulus: number) => void): void {
  const step = numbersPerElement(dtype);
  for (let i = 0; i < x.length; i += step) visit(step === 1 ? Math.abs(x[i]) : Math.hypot(x[i], x[i + 1]));
}

interface ComplexNumber {
  readonly re: number;
  readonly im: number;
}

/** y ← a y + b x, complex throughout. */
function complexUpdate(y: Storage, a: ComplexNumber, x: Storage, b: ComplexNumber): void {
  for (let i = 0; i < y.length; i += 2) {
    const [yRe, yIm, xRe, xIm] = [y[i], y[i + 1], x[i], x[i + 1]];
    y[i] = a.re * yRe - a.im * yIm + (b.re * xRe - b.im * xIm);
    y[i + 1] = a.re * yIm + a.im * yRe + (b.re * xIm + b.im * xRe);
  }
}
