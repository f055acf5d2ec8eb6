import type { Complex } from "../../array/dtype.js";

/**
 * Complex numbers with 400 binary digits behind the point: for polynomials whose roots and coefficients lose all digits of
 * double precision.
 */
export interface Fixed {
  readonly re: bigint;
  readonly im: bigint;
}

export const DIGITS = 400n;

export const fixed = (integer: bigint): Fixed => ({ re: integer << DIGITS, im: 0n });
export const ONE = fixed(1n);

export const add = (a: Fixed, b: Fixed): Fixed => ({ re: a.re + b.re, im: a.im + b.im });
export const subtract = (a: Fixed, b: Fixed): Fixed => ({ re: a.re - b.re, im: a.im - b.im });
export const multiply = (a: Fixed, b: Fixed): Fixed => ({
  re: (a.re * b.re - a.im * b.im) >> DIGITS,
  im: (a.re * b.im + a.im * b.re) >> DIGITS,
});
export const divide = (a: Fixed, b: Fixed): Fixed => {
  const scale = b.re * b.re + b.im * b.im;
  const times = (x: bigint) => (x << DIGITS) / scale;
  return { re: times(a.re * b.re + a.im * b.im), im: times(a.im * b.re - a.re * b.im) };
};
/** |z|², scaled. */
export const square = ({ re, im }: Fixed): bigint => (re * re + im * im) >> DIGITS;

/** The root in the right half plane. */
export function squareRoot(z: Fixed): Fixed {
  const size = integerRoot(z.re * z.re + z.im * z.im);
  const half = (x: bigint) => integerRoot(((x < 0n ? 0n : x) << DIGITS) / 2n);
  const im = half(size - z.re);
  return { re: half(size + z.re), im: z.im < 0n ? -im : im };
}

export function toDouble({ re, im }: Fixed): Complex {
  return { re: toNumber(re), im: toNumber(im) };
}

/** 1 as a real number: an integer that stands for it divided by this. */
export const UNIT = ONE.re;
export const times = (a: bigint, b: bigint): bigint => (a * b) >> DIGITS;
export const over = (a: bigint, b: bigint): bigint => (a << DIGITS) / b;
export const rootOf = (a: bigint): bigint => integerRoot(a << DIGITS);
export const toNumber = (a: bigint): number => Number(a) / 2 ** 400;

/** To 2⁻⁵⁰. */
export function fromDouble({ re, im }: Complex): Fixed {
  const scaled = (x: number) => BigInt(Math.round(x * 2 ** 50)) << (DIGITS - 50n);
  return { re: scaled(re), im: scaled(im) };
}

/** ⌊√n⌋, by Newton's method. */
function integerRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
