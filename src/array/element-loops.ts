import { modulus, type Parts, power, quotient, squareRoot } from "./complex-functions.js";
import { isBelow, outranks } from "./complex-order.js";
import type { Storage } from "./dtype.js";
import type { BinaryName, UnaryName } from "./operations.js";

/** Real and imaginary parts of an operand, and how far apart its elements are: 0 for one number that stands for all. */
export interface Numbers {
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
export type Loop = (x: Numbers, y: Numbers, z: Storage, step: number, n: number) => void;

export const REAL_BINARY: Readonly<Record<BinaryName, Loop>> = {
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
export const COMPLEX_BINARY: Readonly<Record<BinaryName, Loop>> = {
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

export const REAL_UNARY: Readonly<Record<UnaryName, Loop>> = {
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

export const COMPLEX_UNARY: Readonly<Record<UnaryName, Loop>> = {
  neg: (x, _, z, _s, n) => {
    for (let i = 0; i < 2 * n; i++) z[i] = -x.re[i];
  },
  abs: real((x, _, z, s, n) => {
    for (let i = 0; i < n; i++) z[i * s] = modulus(x.re[2 * i], x.im[2 * i]);
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
function pairs(f: (ar: number, ai: number, br: number, bi: number) => Parts): Loop {
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
