import type { Complex } from "../../array/dtype.js";
import { rootsOf } from "./polynomial.js";

/**
 * The polynomial P(y) = Σₖ C(K − 1 + k, k) yᵏ, k < K, that solves (1 − y)ᴷ P(y) + yᴷ P(1 − y) = 1: the flattest half-band
 * filter with K zeros at the highest frequency is cos²ᴷ(ω/2) P(sin²(ω/2)). All compact wavelets come from it.
 *
 * @returns Its coefficients, lowest power first.
 * @see Daubechies, Ten Lectures on Wavelets, SIAM 1992, chapter 6, doi:10.1137/1.9781611970104
 */
export function maxflat(K: number): number[] {
  const powers = [1];
  for (let k = 1; k < K; k++) powers.push((powers[k - 1] * (K - 1 + k)) / k);
  return powers;
}

/** The roots of {@link maxflat}: a real one alone, others with their conjugates. */
export function maxflatRoots(K: number): Complex[][] {
  const roots = rootsOf(maxflat(K));
  const groups: Complex[][] = [];
  for (const y of roots) {
    if (Math.abs(y.im) < 1e-7) groups.push([{ re: y.re, im: 0 }]);
    else if (y.im > 0) groups.push([y, { re: y.re, im: -y.im }]);
  }
  return groups;
}
