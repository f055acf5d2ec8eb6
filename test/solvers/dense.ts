import { isComplex, promote } from "../../src/array/dtype.js";
import type { Complex, DType, Scalar } from "../../src/array/dtype.js";
import { Totals } from "../../src/array/totals.js";
import type { Reduction, Space, Vector, VectorPair } from "../../src/array/vector.js";
import type { LinearOperatorContract } from "../../src/ops/operator-products.js";

/** What the solvers asked for since the last `reset`. */
export const count = { reductions: 0, vectors: 0, matvec: 0, rmatvec: 0 };
export const reset = () => Object.assign(count, { reductions: 0, vectors: 0, matvec: 0, rmatvec: 0 });

const complex = (value: Scalar): Complex => (typeof value === "number" ? { re: value, im: 0 } : value);
const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
const plus = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
const conjugated = (a: Complex): Complex => ({ re: a.re, im: -a.im });

export class DenseSpace implements Space<Dense> {
  readonly dims: readonly number[];
  readonly size: number;
  constructor(size: number) {
    this.dims = [size];
    this.size = size;
  }
  zeros = (dtype: DType = "float64") => new Dense(new Array<number>(this.size).fill(0), dtype);
  equals = (other: unknown) => other instanceof DenseSpace && other.size === this.size;
  toString = () => `[${this.size}]`;
}

/** A vector as a user could bring their own: a plain array of complex numbers, which counts what is asked of it. */
export class Dense implements Vector<Dense> {
  readonly dtype: DType;
  values: Complex[];
  constructor(values: readonly Scalar[], dtype: DType = "float64") {
    count.vectors++;
    this.dtype = dtype;
    this.values = values.map(complex);
  }
  get length() {
    return this.values.length;
  }
  get space() {
    return new DenseSpace(this.length);
  }
  get real() {
    return this.values.map(({ re }) => re);
  }
  async vdot(other: Dense): Promise<Scalar> {
    count.reductions++;
    return this.values.map((x, i) => times(conjugated(x), other.values[i])).reduce(plus, complex(0));
  }
  dot = (other: Dense) => this.like().copyFrom(this).conjugate().vdot(other);
  norm = async () => Math.sqrt(complex(await this.vdot(this)).re);
  async vdots(pairs: readonly VectorPair[]) {
    count.reductions++;
    const totals = new Totals(pairs.length);
    pairs.forEach(([a, b], slot) => a.contribute("real-vdot", b, totals, slot));
    return Array.from(await totals.combine());
  }
  contribute(_reduction: Reduction, other: Dense, totals: Totals, slot: number) {
    this.values.forEach((x, i) => totals.add(slot, times(conjugated(x), other.values[i]).re));
  }
  #each(change: (x: Complex, i: number) => Complex) {
    this.values = this.values.map(change);
    return this;
  }
  axpy = (alpha: Scalar, x: Dense) => this.#each((y, i) => plus(y, times(complex(alpha), x.values[i])));
  xpay = (alpha: Scalar, x: Dense) => this.#each((y, i) => plus(x.values[i], times(complex(alpha), y)));
  scale = (alpha: Scalar) => this.#each((y) => times(complex(alpha), y));
  multiply = (x: Dense) => this.#each((y, i) => times(y, x.values[i]));
  fill = (value: Scalar) => this.#each(() => complex(value));
  conjugate = () => this.#each(conjugated);
  copyFrom = (x: Dense) => this.#each((_, i) => x.values[i]);
  like = (dtype: DType = this.dtype) => this.space.zeros(dtype);
}

/** A matrix given by its rows, as an operator that counts its products. */
export function matrix(rows: readonly (readonly Scalar[])[]): LinearOperatorContract<Dense, Dense> {
  const [M, N] = [rows.length, rows[0].length];
  const entries = rows.map((row) => row.map(complex));
  const dtype: DType = rows.flat().some((x) => typeof x !== "number") ? "complex128" : "float64";
  const check = (x: Dense, y: Dense) => {
    if (isComplex(promote(dtype, x.dtype)) && !isComplex(y.dtype)) throw new TypeError("matrix: real output");
  };
  return {
    model: new DenseSpace(N),
    data: new DenseSpace(M),
    shape: [M, N],
    dtype,
    async matvec(x, y = new DenseSpace(M).zeros(dtype)) {
      count.matvec++;
      check(x, y);
      y.values = entries.map((row) => row.map((a, j) => times(a, x.values[j])).reduce(plus));
      return y;
    },
    async rmatvec(y, x = new DenseSpace(N).zeros(dtype)) {
      count.rmatvec++;
      check(y, x);
      x.values = x.values.map((_, j) =>
        entries.map((row, i) => times(conjugated(row[j]), y.values[i])).reduce(plus),
      );
      return x;
    },
  };
}
