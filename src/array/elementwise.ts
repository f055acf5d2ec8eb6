import * as kernels from "../kernels/index.js";
import { type DType, isComplex, numbersPerElement, type Scalar, type Storage } from "./dtype.js";
import { COMPLEX_BINARY, COMPLEX_UNARY, type Loop, type Numbers, REAL_BINARY, REAL_UNARY } from "./element-loops.js"; // prettier-ignore
import type { BinaryName, UnaryName } from "./operations.js";

/** An array of numbers, or one number that stands for an array of it. */
export type Operand = { readonly storage: Storage; readonly dtype: DType } | Scalar;

/** z ← x ∘ y. Local; z may be x or y. */
export function applyBinary(name: BinaryName, x: Operand, y: Operand, z: Storage, dtype: DType): void {
  if (withKernel(name, x, y, z, dtype)) return;
  const loops = isComplex(typeOf(x)) || isComplex(typeOf(y)) ? COMPLEX_BINARY : REAL_BINARY;
  run(loops[name], numbersOf(x), numbersOf(y), z, dtype);
}

/** z ← f(x). Local; z may be x. */
export function applyUnary(name: UnaryName, x: Storage, xType: DType, z: Storage, dtype: DType): void {
  const loop = isComplex(xType) ? COMPLEX_UNARY[name] : REAL_UNARY[name];
  run(loop, numbersOf({ storage: x, dtype: xType }), numbersOf(0), z, dtype);
}

function run(loop: Loop, x: Numbers, y: Numbers, z: Storage, dtype: DType): void {
  const step = numbersPerElement(dtype);
  const n = z.length / step;
  loop(x, y, z, step, n);
}

/** Sums, differences and products of arrays of one dtype go through kernels. */
function withKernel(name: BinaryName, x: Operand, y: Operand, z: Storage, dtype: DType): boolean {
  if (!isArray(x) || !isArray(y) || x.dtype !== dtype || y.dtype !== dtype) return false;
  const [a, b] = [x.storage, y.storage];
  if (a instanceof Int32Array || b instanceof Int32Array || z instanceof Int32Array) return false;
  if (name === "add") kernels.add(a, b, z);
  else if (name === "sub") kernels.subtract(a, b, z);
  else if (name === "mul" && !isComplex(dtype)) kernels.multiply(a, b, z);
  else return false;
  return true;
}

function isArray(x: Operand): x is { readonly storage: Storage; readonly dtype: DType } {
  return typeof x === "object" && "storage" in x;
}

function typeOf(x: Operand): DType {
  if (isArray(x)) return x.dtype;
  return typeof x === "number" ? "float64" : "complex128";
}

/** The imaginary part of every real number. */
const NOTHING = new Float64Array(1);

function numbersOf(x: Operand): Numbers {
  if (!isArray(x)) {
    const { re, im } = typeof x === "number" ? { re: x, im: 0 } : x;
    return { re: Float64Array.of(re), im: Float64Array.of(im), step: 0, imStep: 0 };
  }
  const { storage, dtype } = x;
  if (isComplex(dtype)) return { re: storage, im: storage.subarray(1), step: 2, imStep: 2 };
  return { re: storage, im: NOTHING, step: 1, imStep: 0 };
}
