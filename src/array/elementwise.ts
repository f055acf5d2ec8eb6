import * as kernels from "../kernels/index.js";
import { type DType, isComplex, numbersPerElement, promote, promoteScalar, realOf, type Scalar, type Storage } from "./dtype.js"; // prettier-ignore

/** Operations on two elements. Comparisons give int32 ones and zeros. */
export type BinaryName =
  "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum" | "less" | "greater" | "equal";
/** Operations on one element. */
export type UnaryName =
  "neg" | "abs" | "conj" | "real" | "imag" | "angle" | "sqrt" | "exp" | "log" | "sin" | "cos" | "sign";

/** An array of numbers, or one number that stands for an array of it. */
export type Operand = { readonly storage: Storage; readonly dtype: DType } | Scalar;

/**
 * The dtype of x ∘ y, as NumPy has it: a real number takes the precision of the array it meets, a complex one makes it
 * complex, and a number that is no integer makes an int32 array float64; so do division, and powers of integers other
 * than whole ones from 0 on.
 */
export function binaryType(name: BinaryName, x: DType, y: DType | Scalar): DType {
  if (name === "less" || name === "greater" || name === "equal") return "int32";
  const dtype = typeof y === "string" ? promote(x, y) : withScalar(x, y);
  const whole = name === "pow" ? typeof y === "number" && y >= 0 : name !== "div";
  return dtype === "int32" && !whole ? "float64" : dtype;
}

export function unaryType(name: UnaryName, x: DType): DType {
  if (name === "abs" || name === "real" || name === "imag") return realOf(x);
  if (name === "neg" || name === "conj" || name === "sign" || x !== "int32")
    return name === "angle" ? realOf(x) : x;
  return "float64";
}

function withScalar(dtype: DType, scalar: Scalar): DType {
  if (dtype === "int32" && (typeof scalar !== "number" || !Number.isInteger(scalar))) {
    return typeof scalar === "number" ? "float64" : "complex128";
  }
  return promoteScalar(dtype, scalar);
}

/** @throws {TypeError} Where a result of one dtype would lose its imaginary part, or its fraction, in another. */
export function checkStorable(where: string, result: DType, into: DType): void {
  const lost = isComplex(result) && !isComplex(into) ? "imaginary part" : "fraction";
  if (isComplex(result) ? isComplex(into) : into !== "int32" || result === "int32") return;
  throw new TypeError(
    `${where}: a ${result} result into a ${into} array would lose its ${lost}; give another`,
  );
}

/** z ← x ∘ y. Local; z may be x or y. @throws {TypeError} If complex numbers have no such operation. */
export function applyBinary(name: BinaryName, x: Operand, y: Operand, z: Storage, dtype: DType): void {
  const complex = isComplex(typeOf(x)) || isComplex(typeOf(y));
  if (withKernel(name, x, y, z, dtype)) return;
  const [a, b] = [numbersOf(x), numbersOf(y)];
  if (!complex) {
    const f = dtype === "int32" && name === "mul" ? Math.imul : REAL_BINARY[name];
    const step = numbersPerElement(dtype);
    for (let i = 0, p = 0, q = 0; i < z.length; i += step, p += a.step, q += b.step) {
      z[i] = f(a.re[p], b.re[q]);
      if (step === 2) z[i + 1] = 0;
    }
    return;
  }
  const f = COMPLEX_BINARY[name];
  if (!f)
    throw new TypeError(
      `${name}: complex numbers have no order; compare their real parts or absolute values`,
    );
  fillComplex(z, dtype, (i) => {
    const [p, q] = [i * a.step, i * b.step];
    return f(a.re[p], a.complex ? a.re[p + 1] : 0, b.re[q], b.complex ? b.re[q + 1] : 0);
  });
}

/** z ← f(x). Local; z may be x. */
export function applyUnary(name: UnaryName, x: Storage, xType: DType, z: Storage, dtype: DType): void {
  const step = numbersPerElement(dtype);
  if (!isComplex(xType)) {
    const f = REAL_UNARY[name];
    for (let i = 0; i < x.length; i++) {
      z[i * step] = f(x[i]);
      if (step === 2) z[2 * i + 1] = 0;
    }
    return;
  }
  fillComplex(z, dtype, (i) => COMPLEX_UNARY[name](x[2 * i], x[2 * i + 1]));
}

/** Sets every element to f of its place; of a real array, to the first of the two numbers. */
function fillComplex(z: Storage, dtype: DType, f: (i: number) => readonly [number, number]): void {
  const step = numbersPerElement(dtype);
  for (let i = 0; i * step < z.length; i++) {
    const [re, im] = f(i);
    z[i * step] = re;
    if (step === 2) z[2 * i + 1] = im;
  }
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

/** The numbers of an operand, and how far apart its elements are: 0 for one number that stands for all. */
function numbersOf(x: Operand): { re: ArrayLike<number>; step: number; complex: boolean } {
  if (isArray(x)) return { re: x.storage, step: numbersPerElement(x.dtype), complex: isComplex(x.dtype) };
  return typeof x === "number"
    ? { re: [x], step: 0, complex: false }
    : { re: [x.re, x.im], step: 0, complex: true };
}

const REAL_BINARY: Readonly<Record<BinaryName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
  less: (a, b) => Number(a < b),
  greater: (a, b) => Number(a > b),
  equal: (a, b) => Number(a === b),
};

type ComplexBinary = (ar: number, ai: number, br: number, bi: number) => readonly [number, number];

/** Those that complex numbers have. */
const COMPLEX_BINARY: Readonly<Partial<Record<BinaryName, ComplexBinary>>> = {
  add: (ar, ai, br, bi) => [ar + br, ai + bi],
  sub: (ar, ai, br, bi) => [ar - br, ai - bi],
  mul: (ar, ai, br, bi) => [ar * br - ai * bi, ar * bi + ai * br],
  div: quotient,
  pow: power,
  equal: (ar, ai, br, bi) => [Number(ar === br && ai === bi), 0],
};

const REAL_UNARY: Readonly<Record<UnaryName, (a: number) => number>> = {
  neg: (a) => -a,
  abs: Math.abs,
  conj: (a) => a,
  real: (a) => a,
  imag: () => 0,
  angle: (a) => (a < 0 ? Math.PI : a * 0), // NaN of NaN
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  sign: Math.sign,
};

const COMPLEX_UNARY: Readonly<Record<UnaryName, (re: number, im: number) => readonly [number, number]>> = {
  neg: (re, im) => [-re, -im],
  abs: (re, im) => [Math.hypot(re, im), 0],
  conj: (re, im) => [re, -im],
  real: (re) => [re, 0],
  imag: (_, im) => [im, 0],
  angle: (re, im) => [Math.atan2(im, re), 0],
  sqrt: squareRoot,
  exp: (re, im) => [Math.exp(re) * Math.cos(im), im === 0 ? im : Math.exp(re) * Math.sin(im)],
  log: (re, im) => [Math.log(Math.hypot(re, im)), Math.atan2(im, re)],
  sin: (re, im) => [Math.sin(re) * Math.cosh(im), Math.cos(re) * Math.sinh(im)],
  cos: (re, im) => [Math.cos(re) * Math.cosh(im), -Math.sin(re) * Math.sinh(im)],
  sign: (re, im) => {
    const length = Math.hypot(re, im);
    return length === 0 ? [0, 0] : [re / length, im / length];
  },
};

/** By the larger part of the divisor, so that nothing overflows that need not. @see Smith, CACM 5(8), 1962, doi:10.1145/368637.368661 */
function quotient(ar: number, ai: number, br: number, bi: number): readonly [number, number] {
  if (Math.abs(br) >= Math.abs(bi)) {
    const [ratio, scale] = [bi / br, br + bi * (bi / br)];
    return bi === 0 ? [ar / br, ai / br] : [(ar + ai * ratio) / scale, (ai - ar * ratio) / scale];
  }
  const [ratio, scale] = [br / bi, br * (br / bi) + bi];
  return [(ar * ratio + ai) / scale, (ai * ratio - ar) / scale];
}

/** The principal root: its real part is not negative. */
function squareRoot(re: number, im: number): readonly [number, number] {
  const length = Math.hypot(re, im);
  if (length === 0) return [0, im];
  const larger = Math.sqrt((length + Math.abs(re)) / 2);
  const smaller = Math.abs(im) / (2 * larger);
  const [a, b] = re >= 0 ? [larger, smaller] : [smaller, larger];
  return [a, im < 0 || Object.is(im, -0) ? -b : b];
}

/** z ** w; whole powers up to 64 by multiplication, others by logarithm and exponential function. */
function power(ar: number, ai: number, br: number, bi: number): readonly [number, number] {
  if (bi === 0 && Number.isInteger(br) && Math.abs(br) <= 64) {
    let [re, im] = [1, 0];
    for (let k = 0; k < Math.abs(br); k++) [re, im] = [re * ar - im * ai, re * ai + im * ar];
    return br < 0 ? quotient(1, 0, re, im) : [re, im];
  }
  if (ar === 0 && ai === 0) return br > 0 ? [0, 0] : [NaN, NaN];
  const [logLength, angle] = [Math.log(Math.hypot(ar, ai)), Math.atan2(ai, ar)];
  const [length, turn] = [Math.exp(br * logLength - bi * angle), bi * logLength + br * angle];
  return [length * Math.cos(turn), length * Math.sin(turn)];
}
