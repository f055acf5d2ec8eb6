import { type Complex, type DType, isComplex, type Scalar } from "../array/dtype.js";
import { add, conjugate, divide, modulus, multiply, squareRoot, subtract } from "./complex.js";

const EPSILON = Number.EPSILON;

/**
 * A small complex matrix A = Q T Qᴴ on its way to Schur form: T upper triangular, with the eigenvalues on its diagonal.
 * Everything is done by turns of two neighbouring rows and columns. Real symmetric matrices stay real.
 */
export class Schur {
  readonly size: number;
  readonly #t: Matrix;
  readonly #q: Matrix;

  /**
   * Reduces the matrix to Schur form, the eigenvalues in the given order.
   *
   * @param entry - Of the matrix.
   * @param before - Whether an eigenvalue comes before another one.
   * @see Golub & Van Loan, Matrix Computations, 4th ed., sections 7.5 and 7.6.2
   */
  constructor(
    size: number,
    entry: (i: number, j: number) => Complex,
    before: (a: Complex, b: Complex) => boolean,
  ) {
    this.size = size;
    this.#t = new Matrix(size, entry);
    this.#q = new Matrix(size, (i, j) => ({ re: Number(i === j), im: 0 }));
    this.#toHessenberg();
    this.#toTriangle();
    this.#sort(before);
  }

  /** Entry of T. */
  t(i: number, j: number): Complex {
    return this.#t.at(i, j);
  }

  /** Entry of Q. */
  q(i: number, j: number): Complex {
    return this.#q.at(i, j);
  }

  /** The eigenvectors of the leading `count` × `count` part of T, of length one. Some are alike if it is defective. */
  eigenvectors(count: number): Complex[][] {
    const scale = Math.max(
      Number.MIN_VALUE,
      ...Array.from({ length: count }, (_, i) => modulus(this.t(i, i))),
    );
    return Array.from({ length: count }, (_, k) => {
      const x: Complex[] = Array.from({ length: count }, (_, i) => ({ re: Number(i === k), im: 0 }));
      for (let i = k - 1; i >= 0; i--) {
        let sum: Complex = { re: 0, im: 0 };
        for (let j = i + 1; j <= k; j++) sum = add(sum, multiply(this.t(i, j), x[j]));
        const gap = subtract(this.t(k, k), this.t(i, i));
        x[i] = divide(sum, modulus(gap) > EPSILON * scale ? gap : { re: EPSILON * scale, im: 0 });
      }
      const length = Math.hypot(...x.map(modulus));
      return x.map(({ re, im }) => ({ re: re / length, im: im / length }));
    });
  }

  #toHessenberg(): void {
    for (let k = 0; k < this.size - 2; k++) for (let i = this.size - 2; i > k; i--) this.#clear(i + 1, k);
  }

  /** QR steps with Wilkinson's shift, on the part that has not come apart. */
  #toTriangle(): void {
    let last = this.size - 1;
    for (let step = 0; last > 0; step++) {
      const first = this.#start(last);
      if (first === last) {
        last--;
        step = 0;
        continue;
      }
      if (step > 100) throw new Error("Schur: no convergence; is the matrix finite?");
      const shift = step % 10 === 9 ? this.t(last, last - 1) : this.#shift(last);
      this.#turn(first, subtract(this.t(first, first), shift), this.t(first + 1, first));
      for (let k = first; k < last - 1; k++) this.#clear(k + 2, k);
    }
  }

  /** Where the unreduced part that ends at `last` starts; what is below the diagonal before it is set to zero. */
  #start(last: number): number {
    for (let i = last; i > 0; i--) {
      const scale = modulus(this.t(i, i)) + modulus(this.t(i - 1, i - 1));
      if (modulus(this.t(i, i - 1)) > EPSILON * scale) continue;
      this.#t.set(i, i - 1, { re: 0, im: 0 });
      return i;
    }
    return 0;
  }

  /** The eigenvalue of the last 2 × 2 that is nearer to its last entry. */
  #shift(last: number): Complex {
    const [a, d] = [this.t(last - 1, last - 1), this.t(last, last)];
    const product = multiply(this.t(last - 1, last), this.t(last, last - 1));
    const half = { re: (a.re - d.re) / 2, im: (a.im - d.im) / 2 };
    const root = squareRoot(add(multiply(half, half), product));
    const far = half.re * root.re + half.im * root.im < 0 ? subtract(half, root) : add(half, root);
    return modulus(far) === 0 ? d : subtract(d, divide(product, far));
  }

  /** Neighbours change places until the order is right. */
  #sort(before: (a: Complex, b: Complex) => boolean): void {
    for (let end = this.size - 1; end > 0; end--) {
      for (let i = 0; i < end; i++) {
        const [a, b] = [this.t(i, i), this.t(i + 1, i + 1)];
        if (!before(b, a)) continue;
        this.#turn(i, this.t(i, i + 1), subtract(b, a)); // the eigenvector of b becomes the first one
        this.#t.set(i + 1, i, { re: 0, im: 0 });
      }
    }
  }

  /** Makes entry (i, j) zero by a turn with the row above. */
  #clear(i: number, j: number): void {
    this.#turn(i - 1, this.t(i - 1, j), this.t(i, j));
    this.#t.set(i, j, { re: 0, im: 0 });
  }

  /** Turns rows i and i + 1, and the columns, so that (x, y) would become (r, 0). */
  #turn(i: number, x: Complex, y: Complex): void {
    const r = Math.hypot(modulus(x), modulus(y));
    if (modulus(y) === 0 || r === 0) return;
    const phase = modulus(x) === 0 ? { re: 1, im: 0 } : divide(x, { re: modulus(x), im: 0 });
    const c = modulus(x) / r;
    const s = multiply(phase, { re: y.re / r, im: -y.im / r });
    this.#t.turnRows(i, c, s);
    this.#t.turnColumns(i, c, s);
    this.#q.turnColumns(i, c, s);
  }
}

class Matrix {
  readonly #size: number;
  readonly #entries: Complex[];

  constructor(size: number, entry: (i: number, j: number) => Complex) {
    this.#size = size;
    this.#entries = Array.from({ length: size * size }, (_, k) => entry(Math.floor(k / size), k % size));
  }

  at(i: number, j: number): Complex {
    return this.#entries[i * this.#size + j];
  }

  set(i: number, j: number, value: Complex): void {
    this.#entries[i * this.#size + j] = value;
  }

  /** Rows i and i + 1 from the left by [c, s; −s̄, c]. */
  turnRows(i: number, c: number, s: Complex): void {
    const real = { re: c, im: 0 };
    for (let j = 0; j < this.#size; j++) {
      const [a, b] = [this.at(i, j), this.at(i + 1, j)];
      this.set(i, j, add(multiply(real, a), multiply(s, b)));
      this.set(i + 1, j, subtract(multiply(real, b), multiply(conjugate(s), a)));
    }
  }

  /** Columns i and i + 1 from the right by its adjoint. */
  turnColumns(i: number, c: number, s: Complex): void {
    const real = { re: c, im: 0 };
    for (let j = 0; j < this.#size; j++) {
      const [a, b] = [this.at(j, i), this.at(j, i + 1)];
      this.set(j, i, add(multiply(real, a), multiply(conjugate(s), b)));
      this.set(j, i + 1, subtract(multiply(real, b), multiply(s, a)));
    }
  }
}

/** As a coefficient of vectors of a dtype: the real part of what is real but for rounding. */
export function coefficient(z: Complex, dtype: DType): Scalar {
  return isComplex(dtype) ? z : z.re;
}
