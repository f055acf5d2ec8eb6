/** Filters that are symmetric about their middle, as polynomials in cos(ω/2) and y = sin²(ω/2); real numbers of `fixed-point`. */
import { DIGITS, UNIT } from "./fixed-point.js";

/** cos²(ω/2) and sin²(ω/2) as filters. */
const COS2 = [1n, 2n, 1n].map((x) => (x * UNIT) / 4n);
const SIN2 = [-1n, 2n, -1n].map((x) => (x * UNIT) / 4n);

export function convolve(a: readonly bigint[], b: readonly bigint[]): bigint[] {
  const c = new Array<bigint>(a.length + b.length - 1).fill(0n);
  a.forEach((x, i) => b.forEach((y, j) => (c[i + j] += x * y)));
  return c.map((x) => x >> DIGITS);
}

/** cosⁿ(ω/2) · sin²ᵐ(ω/2) · Σ cₖ yᵏ as a filter; of even length if n is odd. */
export function symmetricFilter(n: number, m: number, coefficients: readonly bigint[]): bigint[] {
  let front = n % 2 === 0 ? [UNIT] : [UNIT / 2n, UNIT / 2n];
  for (let k = 0; k < Math.floor(n / 2); k++) front = convolve(front, COS2);
  for (let k = 0; k < m; k++) front = convolve(front, SIN2);
  let sum = [0n];
  for (const c of coefficients.toReversed()) {
    sum = convolve(sum, SIN2); // Horner's rule
    sum[(sum.length - 1) / 2] += c;
  }
  return convolve(front, sum.slice(1, -1));
}
