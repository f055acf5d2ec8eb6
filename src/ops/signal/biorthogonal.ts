import { type Fixed, over, square, toNumber, UNIT } from "./fixed-point.js";
import { maxflat, maxflatRoots } from "./maxflat.js";
import { convolve, symmetricFilter } from "./symmetric-filter.js";

/** Two scaling filters of one even length: h of the synthesis, h̃ of the analysis, Σ h[k] h̃[k + 2m] = δₘ. */
export interface FilterPair {
  readonly analysis: Float64Array;
  readonly synthesis: Float64Array;
}

/**
 * Symmetric biorthogonal filters, by their number in general use, "N.Ñ": splines with N vanishing moments for the synthesis,
 * and for the analysis what goes with them and has Ñ; and "4.4", "5.5" and "6.8", where the roots are shared so that the two
 * are nearly as long. 4.4 is also known as 9/7 (JPEG 2000).
 *
 * @throws {RangeError} If there is no such number.
 * @see Cohen, Daubechies & Feauveau, Commun. Pure Appl. Math. 45, 1992, doi:10.1002/cpa.3160450502
 */
export function biorthogonal(number: string): FilterPair {
  if (!Object.hasOwn(NUMBERS, number))
    throw new RangeError(`biorthogonal: "${number}"; use ${Object.keys(NUMBERS).join(", ")}`);
  const { synthesis, analysis, roots } = NUMBERS[number];
  const K = (synthesis + analysis) / 2;
  const [ours, theirs] = shares(K, roots);
  return aligned(symmetricFilter(analysis, 0, theirs), symmetricFilter(synthesis, 0, ours));
}

interface Moments {
  readonly synthesis: number;
  readonly analysis: number;
  /** Which roots of the half-band polynomial the synthesis has, by their real parts in descending order; default: none. */
  readonly roots?: readonly number[];
}

const splines = [
  ...[[1, 1], [1, 3], [1, 5], [2, 2], [2, 4], [2, 6], [2, 8]], // prettier-ignore
  ...[[3, 1], [3, 3], [3, 5], [3, 7], [3, 9]], // prettier-ignore
];

const NUMBERS: Readonly<Record<string, Moments>> = {
  ...Object.fromEntries(
    splines.map(([synthesis, analysis]) => [`${synthesis}.${analysis}`, { synthesis, analysis }]),
  ),
  "4.4": { synthesis: 4, analysis: 4, roots: [1] },
  "5.5": { synthesis: 6, analysis: 4, roots: [1] },
  "6.8": { synthesis: 6, analysis: 8, roots: [1] },
};

/** The half-band polynomial as a product of two, coefficients of the lowest powers first. */
function shares(K: number, roots: readonly number[] | undefined): [ours: bigint[], theirs: bigint[]] {
  if (!roots) return [[UNIT], maxflat(K).map((c) => c * UNIT)];
  const groups = maxflatRoots(K).sort((a, b) => Number(b[0].re - a[0].re));
  const product = (some: Fixed[][]) => some.map(factorOf).reduce(convolve, [UNIT]);
  return [
    product(groups.filter((_, k) => roots.includes(k))),
    product(groups.filter((_, k) => !roots.includes(k))),
  ];
}

/** Π (1 − y / root): of a real root, or of one and its conjugate. */
function factorOf(group: readonly Fixed[]): bigint[] {
  const [{ re }] = group;
  const size = square(group[0]);
  return group.length === 1 ? [UNIT, over(-UNIT, re)] : [UNIT, over(-2n * re, size), over(UNIT, size)];
}

/** Both scaled by √2, in the middle of the same even number of samples; one more zero behind an odd filter. */
function aligned(analysis: readonly bigint[], synthesis: readonly bigint[]): FilterPair {
  const longest = Math.max(analysis.length, synthesis.length);
  const length = longest + (longest % 2);
  const place = (filter: readonly bigint[]) => {
    const before = (longest - filter.length) / 2;
    return Float64Array.from({ length }, (_, i) => Math.SQRT2 * toNumber(filter[i - before] ?? 0n));
  };
  return { analysis: place(analysis), synthesis: place(synthesis) };
}
