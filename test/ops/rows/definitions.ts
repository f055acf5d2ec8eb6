import type { Complex } from "../../../src/array/dtype.js";

/** A line of real numbers. */
export type Line = readonly number[];

/** A whole array of real numbers. */
export interface Field {
  readonly dims: readonly number[];
  /** In C order. */
  readonly flat: Line;
  /** The element at an index; zero outside. */
  readonly at: (...index: readonly number[]) => number;
}

export const map = <T>(n: number, f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i));
export const at = (x: Line, i: number) => x[i] ?? 0;
export const sum = (x: Line): number => x.reduce((total, value) => total + value, 0);
export const mod = (i: number, n: number) => ((i % n) + n) % n;

export function fieldOf(dims: readonly number[], flat: Line): Field {
  return {
    dims,
    flat,
    at: (...index) => {
      if (index.some((i, axis) => i < 0 || i >= dims[axis])) return 0;
      return flat[index.reduce((place, i, axis) => place * dims[axis] + i, 0)];
    },
  };
}

/** Every index of an array, in C order. */
export function indices(dims: readonly number[]): number[][] {
  return dims.reduce<number[][]>((all, n) => all.flatMap((head) => map(n, (i) => [...head, i])), [[]]);
}

/** The array of f of every index. */
export function fieldFrom(dims: readonly number[], f: (...index: number[]) => number): Field {
  return fieldOf(dims, indices(dims).map((index) => f(...index))); // prettier-ignore
}

/** What a map of lines makes of all lines of an array along an axis. */
export function along(x: Field, axis: number, line: (x: Line) => Line): Field {
  const others = x.dims.with(axis, 1);
  const images = new Map<string, Line>();
  let length = line(map(x.dims[axis], () => 0)).length;
  for (const index of indices(others)) {
    const image = line(map(x.dims[axis], (i) => x.at(...index.with(axis, i))));
    images.set(String(index), image);
    length = image.length;
  }
  return fieldFrom(
    x.dims.with(axis, length),
    (...index) => images.get(String(index.with(axis, 0)))?.[index[axis]] ?? 0,
  );
}

interface Derivative {
  readonly kind?: string;
  readonly edge?: boolean;
  readonly order?: number;
  readonly sampling?: number;
}

export function firstDerivative(
  x: Line,
  { kind = "centered", edge = false, order = 3, sampling: d = 1 }: Derivative = {},
): Line {
  const n = x.length;
  const centered = (i: number): number => {
    if (order === 5 && i >= 2 && i <= n - 3)
      return (x[i - 2] - 8 * x[i - 1] + 8 * x[i + 1] - x[i + 2]) / (12 * d);
    if (order === 5 && !edge) return 0;
    if (i >= 1 && i <= n - 2) return (x[i + 1] - x[i - 1]) / (2 * d);
    if (!edge || n < 2) return 0;
    return i === 0 ? (x[1] - x[0]) / d : (x[n - 1] - x[n - 2]) / d;
  };
  return map(n, (i) => {
    if (kind === "forward") return i < n - 1 ? (x[i + 1] - x[i]) / d : 0;
    if (kind === "backward") return i > 0 ? (x[i] - x[i - 1]) / d : 0;
    return centered(i);
  });
}

export function secondDerivative(
  x: Line,
  { kind = "centered", edge = false, sampling: d = 1 }: Derivative = {},
): Line {
  const n = x.length;
  const around = (i: number) => (i >= 1 && i <= n - 2 ? (x[i - 1] - 2 * x[i] + x[i + 1]) / d ** 2 : 0);
  return map(n, (i) => {
    if (kind === "forward") return around(i + 1);
    if (kind === "backward") return around(i - 1);
    return edge && n > 0 ? around(Math.max(1, Math.min(n - 2, i))) : around(i);
  });
}

/** y[n] = Σⱼ h[j] x[n + offset − j] */
export function convolution(x: Line, h: Line, offset: number): Line {
  return map(x.length, (n) => sum(h.map((weight, j) => weight * at(x, n + offset - j))));
}

/** The mean of the samples around each one, zeros outside. */
export function smoothing(x: Line, width: number): Line {
  const odd = width + 1 - (width % 2);
  return convolution(x, map(odd, () => 1 / odd), (odd - 1) / 2); // prettier-ignore
}

export const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
export const turn = (angle: number): Complex => ({ re: Math.cos(angle), im: Math.sin(angle) });
export const total = (terms: readonly Complex[]): Complex => terms.reduce(add, { re: 0, im: 0 });

/** Σⱼ x[j] e^(∓2πi jk/n) for k < n, of as many samples as there are. */
export function fourier(x: readonly Complex[], n: number, sign: 1 | -1 = -1): Complex[] {
  return map(n, (k) =>
    total(x.slice(0, n).map((value, j) => times(value, turn((sign * 2 * Math.PI * j * k) / n)))),
  );
}

export const complexOf = (x: Line): Complex[] => x.map((re) => ({ re, im: 0 }));

/** What a matrix, row by row, makes of columns. */
export function matrixTimes(matrix: ArrayLike<number>, rows: number, x: Line): Line {
  const columns = x.length;
  return map(rows, (i) => sum(x.map((value, j) => matrix[i * columns + j] * value)));
}

/** One level of a wavelet transform: averages, then details, of periodic samples. */
export function waveletStep(x: Line, analysis: ArrayLike<number>, synthesis: ArrayLike<number>): Line {
  const [n, taps] = [x.length, analysis.length];
  const filtered = (weight: (m: number) => number) =>
    map(n / 2, (k) => sum(map(taps, (m) => weight(m) * x[mod(2 * k + 1 - taps / 2 + m, n)])));
  return [
    ...filtered((m) => analysis[m]),
    ...filtered((m) => (m % 2 === 0 ? 1 : -1) * synthesis[taps - 1 - m]),
  ];
}
