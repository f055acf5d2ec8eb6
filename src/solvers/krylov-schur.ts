import { type Complex, type DType, isComplex, realOf } from "../array/dtype.js";
import type { Asked, Vector, VectorPair } from "../array/vector.js";
import { modulus } from "./complex.js";
import { fillByIndex } from "../ops/columns.js";
import type { LinearOperatorContract as LinearOperator } from "../ops/operator-products.js";
import { uniform } from "../ops/random.js";
import { askedOf } from "./options.js";
import { coefficient, Schur } from "./schur.js";

export interface KrylovSchurOptions {
  /** Who asks. */
  readonly where: string;
  /** How many eigenvalues are wanted. */
  readonly count: number;
  readonly which: "largest" | "smallest";
  /** Of the vectors; complex unless A is Hermitian. */
  readonly dtype: DType;
  /** Vectors of the basis: more than `count`, unless there are no more unknowns. */
  readonly basis: number;
  readonly rtol: number;
  readonly maxIterations: number;
  readonly seed: number;
}

export interface KrylovSchurResult<V> {
  readonly values: readonly Complex[];
  /** Eigenvectors of length one. */
  readonly vectors: readonly V[];
  readonly status: "converged" | "max-iterations";
  /** Products with A. */
  readonly iterations: number;
  /** How far the projected operator is from Hermitian: ‖H − Hᴴ‖ / ‖H‖, largest entries. */
  readonly asymmetry: number;
}

/**
 * Eigenvalues of largest or smallest modulus, and their vectors, by the Krylov–Schur method: the operator is projected on
 * a Krylov space, and when that is full, it is restarted with the wanted part of its Schur form. For Hermitian operators
 * this is the thick-restart Lanczos method, for others Arnoldi's with implicit restarts.
 *
 * Bases are orthogonalised fully, twice: three reductions for each product. Where a space is exhausted it goes on from
 * another random vector, so that multiple eigenvalues are found as often as they are there.
 *
 * @see Stewart, SIAM J. Matrix Anal. Appl. 23(3), 2002, doi:10.1137/S0895479800371529
 */
export async function krylovSchur<V extends Vector<V>>(
  A: LinearOperator<V, V>,
  options: KrylovSchurOptions,
): Promise<KrylovSchurResult<V>> {
  const { count, which, basis, rtol, maxIterations } = options;
  const sign = which === "largest" ? 1 : -1;
  const space = new KrylovSpace(A, options);
  for (let kept = 0; ;) {
    await space.expand(kept);
    const schur = new Schur(basis, space.entry, (a, b) => sign * (modulus(a) - modulus(b)) > 0);
    const values = Array.from({ length: basis }, (_, i) => schur.t(i, i));
    const least = Number.EPSILON ** (2 / 3) * Math.max(...values.map(modulus));
    const left = (i: number) => space.beyond * modulus(schur.q(basis - 1, i));
    const wanted = values.slice(0, count);
    const converged = wanted.every((value, i) => left(i) <= rtol * Math.max(modulus(value), least));
    if (converged || space.products >= maxIterations) {
      const { asymmetry, products: iterations } = space;
      space.turn(count, basis, (j, i) => schur.q(j, i));
      const vectors = schur.eigenvectors(count);
      space.turn(count, count, (j, i) => vectors[i][j]);
      const status = converged ? "converged" : "max-iterations";
      return { values: wanted, vectors: space.vectors(count), status, iterations, asymmetry };
    }
    kept = count + Math.floor((basis - count) / 2);
    space.restart(kept, schur);
  }
}

/** An orthonormal basis V of a Krylov space, and H = Vᴴ A V. */
class KrylovSpace<V extends Vector<V>> {
  /** Of the next basis vector in A V: ‖A V − V H‖, in the last column. */
  beyond = 0;
  products = 0;
  readonly #A: LinearOperator<V, V>;
  readonly #options: KrylovSchurOptions;
  #V: V[];
  #spare: V[] = [];
  /** What is orthogonalised, times −i: real parts of products with it are the imaginary parts of those with it. */
  readonly #turned: V | undefined;
  readonly #H: Complex[][];
  #drawn = 0;
  /** For the first reduction to compare. */
  #asked: Asked | undefined;

  constructor(A: LinearOperator<V, V>, options: KrylovSchurOptions) {
    const { basis, dtype } = options;
    const vectors = (n: number) => Array.from({ length: n }, () => A.model.zeros(dtype));
    this.#A = A;
    this.#options = options;
    const { where, ...asked } = options;
    this.#asked = askedOf(where, asked);
    this.#V = vectors(basis + 1);
    this.#turned = isComplex(dtype) ? A.model.zeros(dtype) : undefined;
    this.#H = Array.from({ length: basis }, () => new Array<Complex>(basis).fill({ re: 0, im: 0 }));
  }

  readonly entry = (i: number, j: number): Complex => this.#H[i][j];

  get asymmetry(): number {
    let [most, largest] = [0, Number.MIN_VALUE];
    this.#H.forEach((row, i) =>
      row.forEach((a, j) => {
        const b = this.#H[j][i];
        most = Math.max(most, Math.hypot(a.re - b.re, a.im + b.im));
        largest = Math.max(largest, modulus(a));
      }),
    );
    return most / largest;
  }

  /** Fills the basis from its vector `first` on, which is there unless it is 0. Collective. */
  async expand(first: number): Promise<void> {
    const { basis } = this.#options;
    if (first === 0) await this.#random(0);
    for (let j = first; j < basis; j++) {
      const next = this.#V[j + 1];
      await this.#A.matvec(this.#V[j], next);
      this.products++;
      const { parts, length } = await this.#orthogonalise(j + 1);
      parts.forEach((part, i) => (this.#H[i][j] = part));
      const norm = await next.norm();
      const exhausted = !(norm > 10 * this.#epsilon * length);
      this.beyond = exhausted ? 0 : norm;
      if (j + 1 < basis) this.#H[j + 1][j] = { re: this.beyond, im: 0 };
      if (!exhausted) next.scale(1 / norm);
      else if (j + 1 < basis) await this.#random(j + 1);
    }
  }

  /** The first vectors, and what A does among them, from a Schur form of H; the next one goes on. Local. */
  restart(kept: number, schur: Schur): void {
    const { basis } = this.#options;
    this.turn(kept, basis, (j, i) => schur.q(j, i));
    [this.#V[kept], this.#V[basis]] = [this.#V[basis], this.#V[kept]];
    for (const row of this.#H) row.fill({ re: 0, im: 0 });
    for (let i = 0; i < kept; i++) {
      for (let j = i; j < kept; j++) this.#H[i][j] = schur.t(i, j);
      const { re, im } = schur.q(basis - 1, i);
      this.#H[kept][i] = { re: this.beyond * re, im: this.beyond * im };
    }
  }

  /** Replaces the first `to` vectors by sums of the first `from`: vᵢ ← Σⱼ q(j, i) vⱼ. Local. */
  turn(to: number, from: number, q: (j: number, i: number) => Complex): void {
    const { dtype } = this.#options;
    while (this.#spare.length < to) this.#spare.push(this.#A.model.zeros(dtype));
    const turned = this.#spare.splice(0, to);
    turned.forEach((vector, i) => {
      vector.fill(0);
      for (let j = 0; j < from; j++) vector.axpy(coefficient(q(j, i), dtype), this.#V[j]);
    });
    this.#spare.push(...this.#V.splice(0, to, ...turned));
  }

  vectors(count: number): V[] {
    return this.#V.slice(0, count);
  }

  get #epsilon(): number {
    return realOf(this.#options.dtype) === "float32" ? 2 ** -23 : Number.EPSILON;
  }

  /** A random vector of length one that is orthogonal to the `j` before it. */
  async #random(j: number): Promise<void> {
    const { dtype, seed } = this.#options;
    fillByIndex(this.#V[j], uniform(seed + 1000 * this.#drawn++, dtype));
    await this.#orthogonalise(j);
    this.#V[j].scale(1 / (await this.#V[j].norm()));
  }

  /** Takes away from vector `j` its parts along the ones before it, twice. Returns these, and its length. Two reductions. */
  async #orthogonalise(j: number): Promise<{ parts: Complex[]; length: number }> {
    const { dtype } = this.#options;
    const vector = this.#V[j];
    const others = this.#V.slice(0, j);
    const parts = others.map(() => ({ re: 0, im: 0 }));
    let length = 0;
    for (let pass = 0; pass < 2; pass++) {
      const pairs: VectorPair[] = [vector, ...others].map((other) => [other, vector]);
      if (this.#turned) {
        const turned = this.#turned.copyFrom(vector).scale({ re: 0, im: -1 });
        pairs.push(...others.map((other): VectorPair => [other, turned]));
      }
      const [square, ...dots] = await vector.vdots(pairs, this.#asked);
      this.#asked = undefined;
      if (pass === 0) length = Math.sqrt(square);
      others.forEach((other, i) => {
        const part = { re: dots[i], im: dots[j + i] ?? 0 };
        vector.axpy(coefficient({ re: -part.re, im: -part.im }, dtype), other);
        parts[i] = { re: parts[i].re + part.re, im: parts[i].im + part.im };
      });
    }
    return { parts, length };
  }
}
