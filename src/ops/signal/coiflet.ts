import { DIGITS, over, rootOf, times, toNumber, UNIT } from "./fixed-point.js";
import { maxflat } from "./maxflat.js";
import { convolve, symmetricFilter } from "./symmetric-filter.js";

/**
 * The scaling filter of a coiflet: 6 K samples, orthogonal to themselves shifted by two, with 2 K vanishing moments of the
 * wavelet, and of the scaling function about sample 2 K.
 *
 * All filters with these moments are √2 cos²ᴷ(ω/2) (P(y) + sin²ᴷ(ω/2) f(ω)), with any f of 2 K samples. Newton's method
 * finds that of an orthogonal one, from f = 0 on, in the sense of least squares. There are several: up to 13 this is the
 * one of the tables in general use, beyond it is not.
 *
 * @throws {RangeError} If K is not an integer from 1 to 13.
 * @see Daubechies, SIAM J. Math. Anal. 24(2), 1993, doi:10.1137/0524031
 */
export function coiflet(K: number): Float64Array {
  if (!Number.isInteger(K) || K < 1 || K > 13)
    throw new RangeError(`coiflet: number ${K}; use an integer from 1 to 13`);
  const free = symmetricFilter(2 * K, K, [UNIT]);
  const start = [0n, ...symmetricFilter(2 * K, 0, maxflat(K).map((c) => c * UNIT))]; // prettier-ignore
  const r2 = rootOf(2n * UNIT);
  const h = Array.from({ length: 6 * K }, (_, i) => times(r2, start[i] ?? 0n));
  for (let step = 0; step < 100; step++) {
    const gradients: bigint[][] = [];
    const residuals: bigint[] = [];
    for (let m = 0; m < 3 * K; m++) {
      const shifted = (i: number) => h[i] ?? 0n;
      residuals.push(dot(h.slice(0, 6 * K - 2 * m), h.slice(2 * m)) - (m === 0 ? UNIT : 0n));
      const slope = h.map((_, i) => shifted(i + 2 * m) + shifted(i - 2 * m));
      gradients.push(Array.from({ length: 2 * K }, (_, j) => dot(free, slope.slice(j, j + free.length))));
    }
    const change = convolve(free, leastSquares(gradients, residuals));
    change.forEach((x, i) => (h[i] -= x));
    if (change.every((x) => Math.abs(toNumber(x)) < 1e-18)) break;
  }
  return Float64Array.from(h, toNumber);
}

function dot(x: readonly bigint[], y: readonly bigint[]): bigint {
  return x.reduce((sum, value, i) => sum + value * y[i], 0n) >> DIGITS;
}

/** The x of the least ‖A x − b‖, by orthogonal columns, those that depend on others left out. */
function leastSquares(A: readonly (readonly bigint[])[], b: readonly bigint[]): bigint[] {
  const n = A[0].length;
  const columns = Array.from({ length: n }, (_, j) => A.map((row) => row[j]));
  const Q: bigint[][] = [];
  const R: bigint[][] = [];
  for (const column of columns) {
    let q = column;
    const r: bigint[] = [];
    for (const other of Q) {
      const part = dot(other, q);
      r.push(part);
      q = q.map((x, i) => x - times(part, other[i]));
    }
    const size = rootOf(dot(q, q));
    const kept = size > rootOf(dot(column, column)) >> 60n;
    Q.push(q.map((x) => (kept ? over(x, size) : 0n)));
    R.push([...r, kept ? size : 0n]);
  }
  const x = new Array<bigint>(n).fill(0n);
  for (let j = n - 1; j >= 0; j--) {
    let rest = dot(Q[j], b);
    for (let k = j + 1; k < n; k++) rest -= times(R[k][j], x[k]);
    x[j] = R[j][j] === 0n ? 0n : over(rest, R[j][j]);
  }
  return x;
}
