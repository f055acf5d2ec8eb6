import type { Complex, DType } from "../array/dtype.js";
import type { Vector } from "../array/vector.js";
import { modulus } from "./complex.js";
import type { LinearOperatorContract as LinearOperator } from "../ops/operator-products.js";
import { askedOf } from "./options.js";
import { OrthonormalBasis } from "./orthonormal-basis.js";
import { Schur } from "./schur.js";

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
 * Bases are orthogonalised fully, twice: two reductions for each product. Where a space is exhausted it goes on from
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
      space.basis.turn(count, basis, (j, i) => schur.q(j, i));
      const vectors = schur.eigenvectors(count);
      space.basis.turn(count, count, (j, i) => vectors[i][j]);
      const status = converged ? "converged" : "max-iterations";
      return { values: wanted, vectors: space.basis.first(count), status, iterations, asymmetry };
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
  readonly basis: OrthonormalBasis<V>;
  readonly #A: LinearOperator<V, V>;
  readonly #size: number;
  readonly #H: Complex[][];

  constructor(A: LinearOperator<V, V>, { where, ...options }: KrylovSchurOptions) {
    const { basis, dtype, seed } = options;
    this.#A = A;
    this.#size = basis;
    this.basis = new OrthonormalBasis(A.model, basis + 1, dtype, seed, askedOf(where, options));
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
    if (first === 0) await this.basis.random(0);
    for (let j = first; j < this.#size; j++) {
      await this.#A.matvec(this.basis.at(j), this.basis.at(j + 1));
      this.products++;
      const { parts, after } = await this.basis.next(j + 1);
      parts.forEach((part, i) => (this.#H[i][j] = part));
      this.beyond = after;
      if (j + 1 === this.#size) return;
      this.#H[j + 1][j] = { re: after, im: 0 };
      if (after === 0) await this.basis.random(j + 1);
    }
  }

  /** The first vectors, and what A does among them, from a Schur form of H; the next one goes on. Local. */
  restart(kept: number, schur: Schur): void {
    const last = this.#size - 1;
    this.basis.turn(kept, this.#size, (j, i) => schur.q(j, i));
    this.basis.swap(kept, this.#size);
    for (const row of this.#H) row.fill({ re: 0, im: 0 });
    for (let i = 0; i < kept; i++) {
      for (let j = i; j < kept; j++) this.#H[i][j] = schur.t(i, j);
      const { re, im } = schur.q(last, i);
      this.#H[kept][i] = { re: this.beyond * re, im: this.beyond * im };
    }
  }
}
