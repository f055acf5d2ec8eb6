/**
 * Each kernel once more, in plain TypeScript, as it would be written without regard to speed: the oracle of the tests.
 * Results are rounded after every operation, as the kernels do, so elementwise twins give the same bits.
 */
import type { ComplexNumber, Reals } from "../../src/kernels/index.js";
import type { Row, Stencil } from "../../src/kernels/stencil.js";

type Round = (value: number) => number;

export function rounding(x: Reals): Round {
  return x instanceof Float32Array ? Math.fround : (value) => value;
}

/** z[i] = f(x[i], y[i]) */
export function each<V extends Reals>(x: V, y: V, f: (x: number, y: number, round: Round) => number): V {
  const z = x.slice() as V;
  for (let i = 0; i < z.length; i++) z[i] = f(x[i], y[i], rounding(x));
  return z;
}

/** The same for complex numbers, stored as (re, im). */
export function eachComplex<V extends Reals>(
  x: V,
  y: V,
  f: (x: ComplexNumber, y: ComplexNumber, round: Round) => ComplexNumber,
): V {
  const z = x.slice() as V;
  for (let i = 0; i < z.length; i += 2) {
    const { re, im } = f({ re: x[i], im: x[i + 1] }, { re: y[i], im: y[i + 1] }, rounding(x));
    [z[i], z[i + 1]] = [re, im];
  }
  return z;
}

export function times(a: ComplexNumber, b: ComplexNumber, round: Round): ComplexNumber {
  return {
    re: round(round(a.re * b.re) - round(a.im * b.im)),
    im: round(round(a.re * b.im) + round(a.im * b.re)),
  };
}

export function plus(a: ComplexNumber, b: ComplexNumber, round: Round): ComplexNumber {
  return { re: round(a.re + b.re), im: round(a.im + b.im) };
}

/** Σ termᵢ with compensation (Neumaier): correct to the last bits. */
export function sum(terms: Iterable<number>): number {
  let [total, lost] = [0, 0];
  for (const term of terms) {
    const next = total + term;
    lost += Math.abs(total) >= Math.abs(term) ? total - next + term : term - next + total;
    total = next;
  }
  return total + lost;
}

/** The stencil as a dense matrix of `length` rows. */
export function matrix({ length, head, interior, tail }: Stencil): number[][] {
  return Array.from({ length }, (_, i) => {
    const row = new Array<number>(length).fill(0);
    const firstOfTail = length - tail.length;
    const taps: Row = i < head.length ? head[i] : i >= firstOfTail ? tail[i - firstOfTail] : interior;
    for (const [offset, weight] of taps) if (i + offset in row) row[i + offset] += weight;
    return row;
  });
}

/** y = S x for x of shape [outer, length, inner]. */
export function applyMatrix(rows: number[][], x: Reals, outer: number, inner: number): Float64Array {
  const n = rows.length;
  const y = new Float64Array(x.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < inner; c++) {
        y[(o * n + i) * inner + c] = sum(
          rows[i].map((weight, j) => weight && weight * x[(o * n + j) * inner + c]),
        );
      }
    }
  }
  return y;
}

/** y[n] = Σⱼ h[j] x[n + offset − j], x zero outside. */
export function convolve(h: readonly number[], offset: number, x: ArrayLike<number>): number[] {
  return Array.from({ length: x.length }, (_, n) =>
    sum(h.map((weight, j) => weight * (x[n + offset - j] ?? 0))),
  );
}
