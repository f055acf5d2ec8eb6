import * as kernels from "../kernels/index.js";
import { isBelow, outranks } from "./complex-order.js";
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

/** Real and imaginary parts of an operand, and how far apart its elements are: 0 for one number that stands for all. */
interface Numbers {
  readonly re: Storage;
  readonly im: Storage;
  readonly step: number;
  /** The same for imaginary parts. */
  readonly imStep: number;
}

/**
 * z[i] ← x[i] ∘ y[i] for n elements, which are `step` numbers apart in z; sets the imaginary parts too where the result
 * is complex. A loop for each operation: V8 compiles it for the types that it meets, with no call per element.
 */
type Loop = (x: Numbers, y: Numbers, z: Storage, step: number, n: number) => void;

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

const REAL_BINARY: Readonly<Record<BinaryName, Loop>> = {
  add: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = x[i * p] + y[i * q];
  }),
  sub: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = x[i * p] - y[i * q];
  }),
  mul: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    if (z instanceof Int32Array) for (let i = 0; i < n; i++) z[i] = Math.imul(x[i * p], y[i * q]);
    else for (let i = 0; i < n; i++) z[i * s] = x[i * p] * y[i * q];
  }),
  div: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = x[i * p] / y[i * q];
  }),
  pow: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = x[i * p] ** y[i * q];
  }),
  maximum: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.max(x[i * p], y[i * q]);
  }),
  minimum: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.min(x[i * p], y[i * q]);
  }),
  less: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = x[i * p] < y[i * q] ? 1 : 0;
  }),
  greater: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = x[i * p] > y[i * q] ? 1 : 0;
  }),
  equal: real(({ re: x, step: p }, { re: y, step: q }, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = x[i * p] === y[i * q] ? 1 : 0;
  }),
};

/** The arrays may be one and the same: both parts are read before they are written. */
const COMPLEX_BINARY: Readonly<Record<BinaryName, Loop>> = {
  add: (x, y, z, _, n) => {
    for (let i = 0; i < n; i++) {
      const im = x.im[i * x.imStep] + y.im[i * y.imStep];
      z[2 * i] = x.re[i * x.step] + y.re[i * y.step];
      z[2 * i + 1] = im;
    }
  },
  sub: (x, y, z, _, n) => {
    for (let i = 0; i < n; i++) {
      const im = x.im[i * x.imStep] - y.im[i * y.imStep];
      z[2 * i] = x.re[i * x.step] - y.re[i * y.step];
      z[2 * i + 1] = im;
    }
  },
  mul: (x, y, z, _, n) => {
    for (let i = 0; i < n; i++) {
      const [ar, ai] = [x.re[i * x.step], x.im[i * x.imStep]];
      const [br, bi] = [y.re[i * y.step], y.im[i * y.imStep]];
      z[2 * i] = ar * br - ai * bi;
      z[2 * i + 1] = ar * bi + ai * br;
    }
  },
  div: pairs(quotient),
  pow: pairs(power),
  maximum: pairs((ar, ai, br, bi) => (outranks(br, bi, ar, ai, 1) ? [br, bi] : [ar, ai])),
  minimum: pairs((ar, ai, br, bi) => (outranks(br, bi, ar, ai, -1) ? [br, bi] : [ar, ai])),
  less: compared((ar, ai, br, bi) => isBelow(ar, ai, br, bi)),
  greater: compared((ar, ai, br, bi) => isBelow(br, bi, ar, ai)),
  equal: real((x, y, z, s, n) => {
    for (let i = 0; i < n; i++)
      z[i * s] = x.re[i * x.step] === y.re[i * y.step] && x.im[i * x.imStep] === y.im[i * y.imStep] ? 1 : 0;
  }),
};

const REAL_UNARY: Readonly<Record<UnaryName, Loop>> = {
  neg: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = -x[i];
  }),
  abs: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.abs(x[i]);
  }),
  conj: real(copyReal),
  real: real(copyReal),
  imag: real((_x, _y, z) => {
    z.fill(0);
  }),
  angle: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = x[i] < 0 ? Math.PI : x[i] * 0; // NaN of NaN
  }),
  sqrt: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.sqrt(x[i]);
  }),
  exp: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.exp(x[i]);
  }),
  log: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.log(x[i]);
  }),
  sin: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.sin(x[i]);
  }),
  cos: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.cos(x[i]);
  }),
  sign: real(({ re: x }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.sign(x[i]);
  }),
};

const COMPLEX_UNARY: Readonly<Record<UnaryName, Loop>> = {
  neg: (x, _, z, _s, n) => {
    for (let i = 0; i < 2 * n; i++) z[i] = -x.re[i];
  },
  abs: real((x, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = length(x.re[2 * i], x.im[2 * i]);
  }),
  conj: (x, _, z, _s, n) => {
    for (let i = 0; i < n; i++) {
      z[2 * i] = x.re[2 * i];
      z[2 * i + 1] = -x.im[2 * i];
    }
  },
  real: real(copyReal),
  imag: real(({ im }, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = im[2 * i];
  }),
  angle: real((x, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = Math.atan2(x.im[2 * i], x.re[2 * i]);
  }),
  sqrt: pairs(squareRoot),
  exp: pairs((re, im) => [Math.exp(re) * Math.cos(im), im === 0 ? im : Math.exp(re) * Math.sin(im)]),
  log: pairs((re, im) => [Math.log(Math.hypot(re, im)), Math.atan2(im, re)]),
  sin: pairs((re, im) => [Math.sin(re) * Math.cosh(im), Math.cos(re) * Math.sinh(im)]),
  cos: pairs((re, im) => [Math.cos(re) * Math.cosh(im), -Math.sin(re) * Math.sinh(im)]),
  sign: pairs((re, im) => {
    const size = Math.hypot(re, im);
    return size === 0 ? [0, 0] : [re / size, im / size];
  }),
};

/** A loop of real results; where they go into a complex array, imaginary parts are zero. */
function real(loop: Loop): Loop {
  return (x, y, z, step, n) => {
    loop(x, y, z, step, n);
    if (step === 2) for (let i = 1; i < z.length; i += 2) z[i] = 0;
  };
}

function copyReal({ re, step: p }: Numbers, _: Numbers, z: Storage, s: number, n: number): void {
  for (let i = 0; i < n; i++) z[i * s] = re[i * p];
}

/** A loop of complex results that cost so much that a call does not matter. */
function pairs(f: (ar: number, ai: number, br: number, bi: number) => readonly [number, number]): Loop {
  return (x, y, z, _, n) => {
    for (let i = 0; i < n; i++) {
      const [re, im] = f(x.re[i * x.step], x.im[i * x.imStep], y.re[i * y.step], y.im[i * y.imStep]);
      z[2 * i] = re;
      z[2 * i + 1] = im;
    }
  };
}

/** A loop of ones and zeros. */
function compared(f: (ar: number, ai: number, br: number, bi: number) => boolean): Loop {
  return real((x, y, z, s, n) => {
    for (let i = 0; i < n; i++) {
      const [ar, ai] = [x.re[i * x.step], x.im[i * x.imStep]];
      z[i * s] = f(ar, ai, y.re[i * y.step], y.im[i * y.imStep]) ? 1 : 0;
    }
  });
}

/** |re + i im|, by the fast way where its squares neither overflow nor vanish. */
function length(re: number, im: number): number {
  const square = re * re + im * im;
  return square > 1e-290 && square < Infinity ? Math.sqrt(square) : Math.hypot(re, im);
}

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
