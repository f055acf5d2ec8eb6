import type { Vector } from "../array/vector.js";
import type { LinearOperatorContract as LinearOperator } from "../ops/operator-products.js";
import { jacobiSvd, type SmallSvd } from "./jacobi-svd.js";
import type { KrylovSchurOptions } from "./krylov-schur.js";
import { askedOf } from "./options.js";
import { epsilonOf, OrthonormalBasis } from "./orthonormal-basis.js";

export interface GolubKahanResult<M, D> {
  readonly values: readonly number[];
  readonly right: readonly M[];
  readonly left: readonly D[];
  readonly status: "converged" | "max-iterations";
  /** Products with A, and as many with Aᴴ. */
  readonly iterations: number;
}

/**
 * Singular values of largest or smallest size, and their vectors, of an operator with at least as many rows as columns, by
 * Golub and Kahan's bidiagonalisation: A V = U B with orthonormal V and U, which is restarted, when it is full, with the
 * wanted singular vectors of B. A itself is projected, not AᴴA: values down to the rounding errors of the largest one count.
 *
 * Both bases are orthogonalised fully, twice: four reductions for a product with A and one with Aᴴ. Where a space is exhausted
 * it goes on from another random vector.
 *
 * @see Baglama & Reichel, SIAM J. Sci. Comput. 27(1), 2005, doi:10.1137/04060593X
 */
export async function golubKahan<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  options: KrylovSchurOptions,
): Promise<GolubKahanResult<M, D>> {
  const { count, which, basis, rtol, maxIterations, dtype } = options;
  const space = new Bidiagonal(A, options);
  for (let kept = 0; ;) {
    await space.expand(kept);
    const svd = ordered(jacobiSvd(space.columns), which, basis);
    const floor = 4 * epsilonOf(dtype) * Math.max(...svd.values);
    const wanted = svd.values.slice(0, count);
    const left = (k: number) => space.beyond * Math.abs(svd.p(basis - 1, k));
    const converged = wanted.every((value, k) => left(k) <= Math.max(rtol * value, floor));
    if (converged || space.products >= maxIterations) {
      space.turn(count, svd);
      const [right, images] = [space.right.first(count), space.left.first(count)];
      const status = converged ? "converged" : "max-iterations";
      return { values: wanted, right, left: images, status, iterations: space.products };
    }
    kept = count + Math.floor((basis - count) / 2);
    space.restart(kept, svd);
  }
}

/** The wanted values first. */
function ordered({ values, p, q }: SmallSvd, which: "largest" | "smallest", n: number): SmallSvd {
  if (which === "largest") return { values, p, q };
  return {
    values: values.toReversed(),
    p: (i, k) => p(i, n - 1 - k),
    q: (i, k) => q(i, n - 1 - k),
  };
}

/** Orthonormal bases with A V = U B and Aᴴ U = V Bᵀ, plus `beyond` times the next vector in the last column. */
class Bidiagonal<M extends Vector<M>, D extends Vector<D>> {
  beyond = 0;
  products = 0;
  readonly right: OrthonormalBasis<M>;
  readonly left: OrthonormalBasis<D>;
  /** Of B, an upper triangle: real, as it is made of lengths. */
  readonly columns: Float64Array[];
  readonly #A: LinearOperator<M, D>;
  readonly #size: number;

  constructor(A: LinearOperator<M, D>, { where, ...options }: KrylovSchurOptions) {
    const { basis, dtype, seed } = options;
    this.#A = A;
    this.#size = basis;
    this.right = new OrthonormalBasis(A.model, basis + 1, dtype, seed, askedOf(where, options));
    this.left = new OrthonormalBasis(A.data, basis, dtype, seed + 1);
    this.columns = Array.from({ length: basis }, () => new Float64Array(basis));
  }

  /** Fills the bases from their vectors `first` on; that of the model is there unless it is 0. Collective. */
  async expand(first: number): Promise<void> {
    const { left, right } = this;
    if (first === 0) await right.random(0);
    for (let j = first; j < this.#size; j++) {
      await this.#A.matvec(right.at(j), left.at(j));
      const image = await left.next(j);
      this.columns[j].set(image.parts.map(({ re }) => re));
      this.columns[j][j] = image.after;
      if (image.after === 0) await left.random(j);
      await this.#A.rmatvec(left.at(j), right.at(j + 1));
      this.products++;
      // All unknowns are in the basis: what is left of the image are rounding errors.
      this.beyond = j + 1 === this.#A.model.size ? 0 : (await right.next(j + 1)).after;
      if (j + 1 < this.#size && this.beyond === 0) await right.random(j + 1);
    }
  }

  /** The first vectors, and what A does among them, from the decomposition of B; the next one goes on. Local. */
  restart(kept: number, svd: SmallSvd): void {
    this.turn(kept, svd);
    this.right.swap(kept, this.#size);
    for (const column of this.columns) column.fill(0);
    for (let k = 0; k < kept; k++) this.columns[k][k] = svd.values[k]; // what is above it comes with the next product
  }

  /** The first vectors of both bases become singular vectors. Local. */
  turn(count: number, svd: SmallSvd): void {
    this.right.turn(count, this.#size, (j, k) => ({ re: svd.q(j, k), im: 0 }));
    this.left.turn(count, this.#size, (j, k) => ({ re: svd.p(j, k), im: 0 }));
  }
}
