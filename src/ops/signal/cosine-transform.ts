import { allocate } from "../../array/arithmetic.js";
import type { DType, Storage } from "../../array/dtype.js";
import { fft, type Reals } from "../../kernels/index.js";
import { realsOf } from "../basic/axis-stencil.js";

export type CosineType = 1 | 2 | 3 | 4;

/** A factor for each sample: (re, im) pairs. */
type Factors = Float64Array;

/** y = Re(after ∘ F (before ∘ x)), with a Fourier transform F of N samples, of which the first ones count. */
interface Recipe {
  readonly N: number;
  readonly before: Factors;
  readonly after: Factors;
}

/** Numbers of the scratch array that lines are transformed in, unless one line and its neighbours need more. */
const SCRATCH = 1 << 15;

/**
 * An orthogonal cosine transform of n samples, by a Fourier transform of 2 n (type 1: 2 n − 2) samples of which one half is
 * zero: cos φ = Re e^(−iφ), and the product jk in φ is what a Fourier transform has; the rest of φ are factors of sample j or k.
 */
export class CosineTransform {
  readonly n: number;
  readonly #forward: Recipe;
  readonly #adjoint: Recipe;
  readonly #scratch = new Map<DType, { storage: Storage; count: number }>();

  constructor(type: CosineType, n: number) {
    if (![1, 2, 3, 4].includes(type)) throw new RangeError(`DCT: type ${String(type)}; use 1, 2, 3 or 4`);
    if (type === 1 && n < 2)
      throw new RangeError(`DCT: type 1 along an axis of ${n}; it takes two samples or more`);
    this.n = n;
    const transposed: CosineType = type === 2 ? 3 : type === 3 ? 2 : type;
    this.#forward = recipe(type, n);
    this.#adjoint = recipe(transposed, n);
  }

  /** Of arrays of [outer, n, inner] real numbers; y may be x. */
  apply(x: Storage, y: Storage, outer: number, inner: number, adjoint: boolean): void {
    const [from, to] = [realsOf(x), realsOf(y)];
    const { N, before, after } = adjoint ? this.#adjoint : this.#forward;
    const [line, padded] = [this.n * inner, 2 * N * inner];
    const lines = Math.max(1, Math.min(outer, Math.floor(SCRATCH / padded)));
    const work = this.#scratchOf(from, lines * padded);
    for (let first = 0; first < outer; first += lines) {
      const count = Math.min(lines, outer - first);
      const area = work.subarray(0, count * padded);
      for (let o = 0; o < count; o++)
        spread(from, (first + o) * line, area, o * padded, before, padded, inner);
      const side = { data: area, rows: N };
      fft(side, side, { n: N, outer: count, inner, library: false });
      for (let o = 0; o < count; o++) gather(area, o * padded, to, (first + o) * line, after, inner);
    }
  }

  #scratchOf(like: Reals, numbers: number): Reals {
    const dtype = like instanceof Float32Array ? "float32" : "float64";
    let scratch = this.#scratch.get(dtype);
    if (!scratch || scratch.count < numbers) {
      scratch = { storage: allocate(dtype, numbers), count: numbers };
      this.#scratch.set(dtype, scratch);
    }
    return realsOf(scratch.storage);
  }
}

function recipe(type: CosineType, n: number): Recipe {
  const N = type === 1 ? 2 * (n - 1) : 2 * n;
  const scale = Math.sqrt(2 / (N / 2));
  const end = (j: number) => (j === 0 || (type === 1 && j === n - 1) ? Math.SQRT1_2 : 1);
  // What is left of the angle: of the early sample j, of the late sample k.
  const [early, late] = ANGLES[type];
  const before = factorsOf(n, (j) => (type % 2 === 1 ? end(j) : 1), (j) => (early(j) * Math.PI) / N); // prettier-ignore
  const after = factorsOf(n, (k) => (type < 3 ? scale * end(k) : scale), (k) => (late(k) * Math.PI) / N); // prettier-ignore
  return { N, before, after };
}

const ANGLES: Readonly<
  Record<CosineType, readonly [early: (j: number) => number, late: (k: number) => number]>
> = {
  1: [() => 0, () => 0],
  2: [() => 0, (k) => k],
  3: [(j) => j, () => 0],
  4: [(j) => j, (k) => k + 0.5],
};

/** length(k) e^(−i angle(k)) */
function factorsOf(n: number, length: (k: number) => number, angle: (k: number) => number): Factors {
  const factors = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    factors[2 * k] = length(k) * Math.cos(angle(k));
    factors[2 * k + 1] = -length(k) * Math.sin(angle(k));
  }
  return factors;
}

/** One line, times the factors, followed by zeros. */
function spread(
  x: Reals,
  from: number,
  area: Reals,
  to: number,
  factors: Factors,
  padded: number,
  inner: number,
): void {
  let [at, out] = [from, to];
  for (let j = 0; j < factors.length; j += 2) {
    const [re, im] = [factors[j], factors[j + 1]];
    for (let i = 0; i < inner; i++, out += 2) {
      const value = x[at++];
      area[out] = re * value;
      area[out + 1] = im * value;
    }
  }
  area.fill(0, out, to + padded);
}

/** The real parts of the first samples times the factors. */
function gather(area: Reals, from: number, y: Reals, to: number, factors: Factors, inner: number): void {
  let [at, out] = [from, to];
  for (let k = 0; k < factors.length; k += 2) {
    const [re, im] = [factors[k], factors[k + 1]];
    for (let i = 0; i < inner; i++, at += 2) y[out++] = re * area[at] - im * area[at + 1];
  }
}
