import { type Fixed, toDouble } from "./fixed-point.js";
import { rootsOf } from "./polynomial.js";

/**
 * The polynomial P(y) = Σₖ C(K − 1 + k, k) yᵏ, k < K, that solves (1 − y)ᴷ P(y) + yᴷ P(1 − y) = 1: the flattest half-band
 * filter with K zeros at the highest frequency is cos²ᴷ(ω/2) P(sin²(ω/2)). All compact wavelets come from it.
 *
 * @returns Its coefficients, lowest power first.
 * @see Daubechies, Ten Lectures on Wavelets, SIAM 1992, chapter 6, doi:10.1137/1.9781611970104
 */
export function maxflat(K: number): bigint[] {
  const powers = [1n];
  for (let k = 1; k < K; k++) powers.push((powers[k - 1] * BigInt(K - 1 + k)) / BigInt(k));
  return powers;
}

/** The roots of {@link maxflat}: a real one alone, others with their conjugates. */
export function maxflatRoots(K: number): Fixed[][] {
  const roots = rootsOf(maxflat(K));
  const groups: Fixed[][] = [];
  for (const y of roots) {
    if (Math.abs(toDouble(y).im) < 1e-7) groups.push([{ re: y.re, im: 0n }]);
    else if (y.im > 0n) groups.push([y, { re: y.re, im: -y.im }]);
  }
  return groups;
}
