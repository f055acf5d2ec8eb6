import { maxflatRoots } from "./maxflat.js";
import { divide, fixed, type Fixed, toDouble } from "./fixed-point.js";
import { fromRoots, insideCircle, reciprocal } from "./polynomial.js";

/**
 * The scaling filter of Daubechies' wavelet with `moments` vanishing moments: 2 · `moments` samples, whose sum is √2, and
 * which are orthogonal to themselves shifted by two. The roots inside the unit circle make it, so its energy comes
 * early; 1 is the Haar wavelet.
 *
 * @throws {RangeError} If `moments` is not an integer from 1 to 38, as far as the tables in general use go.
 * @see Daubechies, Ten Lectures on Wavelets, SIAM 1992, chapter 6, doi:10.1137/1.9781611970104
 */
export function daubechies(moments: number): Float64Array {
  if (!Number.isInteger(moments) || moments < 1 || moments > 38)
    throw new RangeError(`daubechies: ${moments} vanishing moments; use an integer from 1 to 38`);
  return filterOf(moments, rootGroups(moments).flat());
}

/**
 * The scaling filter of the least asymmetric wavelet ("symlet") with `moments` vanishing moments: as {@link daubechies},
 * but with some of the roots outside of the unit circle, which are chosen so that its phase is nearly linear.
 *
 * @throws {RangeError} If `moments` is not an integer from 2 to 20.
 * @see Daubechies, Ten Lectures on Wavelets, SIAM 1992, section 8.1.1
 */
export function symlet(moments: number): Float64Array {
  if (!Number.isInteger(moments) || moments < 2 || moments > 20)
    throw new RangeError(`symlet: ${moments} vanishing moments; use an integer from 2 to 20`);
  const groups = rootGroups(moments);
  const outside = OUTSIDE[moments - 2];
  return filterOf(
    moments,
    groups.flatMap((group, k) => (outside[k] === "1" ? group.map(reciprocal) : group)),
  );
}

/**
 * Which groups of roots of the symlets of 2, 3, … moments are outside of the circle, by their angle from the positive real
 * axis on. The choices of the tables in general use (MATLAB's, PyWavelets'); from 10 moments on other ones are as near to
 * a linear phase, depending on how that is measured.
 */
const OUTSIDE = [
  ...["0", "0", "01", "10", "101", "100", "0101", "0110", "10101", "01100", "101010"],
  ...["001110", "0011010", "0011100", "10011010", "01110001", "101100101", "001011100", "1010011010"],
];

/** The roots inside of the unit circle that a filter may have: each with its conjugate, by angle. */
function rootGroups(moments: number): Fixed[][] {
  const groups = maxflatRoots(moments).map((group) => group.map(insideCircle));
  const angle = ([root]: Fixed[]) => {
    const { re, im } = toDouble(root);
    return im === 0 ? 0 : Math.abs(Math.atan2(im, re));
  };
  return groups.sort((a, b) => angle(a) - angle(b));
}

function filterOf(moments: number, roots: readonly Fixed[]): Float64Array {
  const zeros = Array.from({ length: moments }, () => fixed(-1n));
  const filter = fromRoots([...zeros, ...roots]);
  const sum = filter.reduce((total, { re }) => total + re, 0n);
  return Float64Array.from(
    filter,
    ({ re }) => Math.SQRT2 * toDouble(divide({ re, im: 0n }, { re: sum, im: 0n })).re,
  );
}
