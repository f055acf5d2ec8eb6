import { maxflat } from "./maxflat.js";
import { convolve, symmetricFilter } from "./symmetric-filter.js";

/**
 * The scaling filter of a coiflet: 6 K samples, orthogonal to themselves shifted by two, with 2 K vanishing moments of the
 * wavelet, and of the scaling function about sample 2 K.
 *
 * All filters with these moments are √2 cos²ᴷ(ω/2) (P(y) + sin²ᴷ(ω/2) f(ω)), with any f of 2 K samples. Newton's method
 * finds that of an orthogonal one, from f = 0 on, in the sense of least squares.
 *
 * @throws {RangeError} If K is not an integer from 1 to 5.
 * @see Daubechies, SIAM J. Math. Anal. 24(2), 1993, doi:10.1137/0524031
 */
export function coiflet(K: number): Float64Array {
  if (!Number.isInteger(K) || K < 1 || K > 5)
    throw new RangeError(`coiflet: number ${K}; use an integer from 1 to 5`);
  const free = symmetricFilter(2 * K, K, [1]);
  const start = [0, ...symmetricFilter(2 * K, 0, maxflat(K).map(Number))];
  const h = Float64Array.from({ length: 6 * K }, (_, i) => Math.SQRT2 * (start[i] ?? 0));
  for (let step = 0; step < 100; step++) {
    const gradients: number[][] = [];
    const residuals: number[] = [];
    for (let m = 0; m < 3 * K; m++) {
      const shifted = (i: number) => h[i] ?? 0;
      residuals.push(h.reduce((sum, x, i) => sum + x * shifted(i + 2 * m), m === 0 ? -1 : 0));
      const slope = Array.from(h, (_, i) => shifted(i + 2 * m) + shifted(i - 2 * m));
      gradients.push(
        Array.from({ length: 2 * K }, (_, j) => free.reduce((sum, b, i) => sum + b * slope[i + j], 0)),
      );
    }
    const change = convolve(free, leastSquares(gradients, residuals));
    change.forEach((x, i) => (h[i] -= x));
    if (change.every((x) => Math.abs(x) < 1e-15)) break;
  }
  return h;
}

/** The x of the least ‖A x − b‖, by orthogonal columns, those that depend on others left out. */
function leastSquares(A: readonly (readonly number[])[], b: readonly number[]): number[] {
  const n = A[0].length;
  const columns = Array.from({ length: n }, (_, j) => A.map((row) => row[j]));
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * y[i], 0);
  const Q: number[][] = [];
  const R: number[][] = [];
  for (const column of columns) {
    let q = column;
    const r = new Array<number>(Q.length).fill(0);
    for (let pass = 0; pass < 2; pass++) {
      Q.forEach((other, k) => {
        const part = dot(other, q);
        r[k] += part;
        q = q.map((x, i) => x - part * other[i]);
      });
    }
    const size = Math.sqrt(dot(q, q));
    const kept = size > 1e-10 * Math.sqrt(dot(column, column));
    Q.push(q.map((x) => (kept ? x / size : 0)));
    R.push([...r, kept ? size : 0]);
  }
  const x = new Array<number>(n).fill(0);
  for (let j = n - 1; j >= 0; j--) {
    let rest = dot(Q[j], b);
    for (let k = j + 1; k < n; k++) rest -= R[k][j] * x[k];
    x[j] = R[j][j] === 0 ? 0 : rest / R[j][j];
  }
  return x;
}
