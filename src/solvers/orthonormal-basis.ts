import { type Complex, type DType, isComplex, realOf } from "../array/dtype.js";
import type { Asked, Space, Vector, VectorPair } from "../array/vector.js";
import { fillByIndex } from "../ops/columns.js";
import { uniform } from "../ops/random.js";
import { coefficient } from "./schur.js";

/** What a vector had of the basis before it was made orthogonal to it, and its length before and after. */
export interface Orthogonalised {
  readonly parts: readonly Complex[];
  readonly before: number;
  readonly after: number;
}

/** Orthonormal vectors of a space that is searched, and the tools to make them. */
export class OrthonormalBasis<V extends Vector<V>> {
  readonly #space: Space<V>;
  readonly #dtype: DType;
  readonly #seed: number;
  readonly #vectors: V[];
  readonly #spare: V[] = [];
  /** What is orthogonalised, times −i: real parts of products with it are the imaginary parts of those with it. */
  readonly #turned: V | undefined;
  #drawn = 0;
  /** For the first reduction to compare. */
  #asked: Asked | undefined;

  /** @param size - Vectors that there is room for. */
  constructor(space: Space<V>, size: number, dtype: DType, seed: number, asked?: Asked) {
    this.#space = space;
    this.#dtype = dtype;
    this.#seed = seed;
    this.#asked = asked;
    this.#vectors = Array.from({ length: size }, () => space.zeros(dtype));
    this.#turned = isComplex(dtype) ? space.zeros(dtype) : undefined;
  }

  at(i: number): V {
    return this.#vectors[i];
  }

  first(count: number): V[] {
    return this.#vectors.slice(0, count);
  }

  swap(i: number, j: number): void {
    [this.#vectors[i], this.#vectors[j]] = [this.#vectors[j], this.#vectors[i]];
  }

  /** Vector `j` becomes a random one of length one that is orthogonal to those before it. Collective. */
  async random(j: number): Promise<void> {
    fillByIndex(this.at(j), uniform(this.#seed + 1000 * this.#drawn++, this.#dtype));
    const { after } = await this.orthogonalise(j);
    this.at(j).scale(1 / after);
  }

  /**
   * Vector `j` becomes orthogonal to those before it, and of length one; where nothing but rounding errors would be left, it
   * is left as it is, and `after` is 0. Collective: two reductions, seldom three.
   */
  async next(j: number): Promise<Orthogonalised> {
    const { parts, before, after } = await this.orthogonalise(j);
    if (!(after > 10 * epsilonOf(this.#dtype) * before)) return { parts, before, after: 0 };
    this.at(j).scale(1 / after);
    return { parts, before, after };
  }

  /** Takes away from vector `j` its parts along the ones before it, twice. Collective: two reductions, seldom three. */
  async orthogonalise(j: number): Promise<Orthogonalised> {
    const vector = this.at(j);
    const others = this.first(j);
    const parts = others.map(() => ({ re: 0, im: 0 }));
    let before = 0;
    let after = 0;
    for (let pass = 0; pass < 2; pass++) {
      const pairs: VectorPair[] = [vector, ...others].map((other) => [other, vector]);
      if (this.#turned) {
        const turned = this.#turned.copyFrom(vector).scale({ re: 0, im: -1 });
        pairs.push(...others.map((other): VectorPair => [other, turned]));
      }
      const [square, ...dots] = await vector.vdots(pairs, this.#asked);
      this.#asked = undefined;
      if (pass === 0) before = Math.sqrt(square);
      let taken = 0;
      others.forEach((other, i) => {
        const part = { re: dots[i], im: dots[j + i] ?? 0 };
        vector.axpy(coefficient({ re: -part.re, im: -part.im }, this.#dtype), other);
        parts[i] = { re: parts[i].re + part.re, im: parts[i].im + part.im };
        taken += part.re ** 2 + part.im ** 2;
      });
      // By Pythagoras, unless next to nothing is left.
      after = taken < square / 2 ? Math.sqrt(square - taken) : NaN;
    }
    return { parts, before, after: after >= 0 ? after : await vector.norm() };
  }

  /** Replaces the first `to` vectors by sums of the first `from`: vᵢ ← Σⱼ q(j, i) vⱼ. Local. */
  turn(to: number, from: number, q: (j: number, i: number) => Complex): void {
    while (this.#spare.length < to) this.#spare.push(this.#space.zeros(this.#dtype));
    const turned = this.#spare.splice(0, to);
    turned.forEach((vector, i) => {
      vector.fill(0);
      for (let j = 0; j < from; j++) vector.axpy(coefficient(q(j, i), this.#dtype), this.at(j));
    });
    this.#spare.push(...this.#vectors.splice(0, to, ...turned));
  }
}

/** The distance from 1 to the next number of a precision. */
export function epsilonOf(dtype: DType): number {
  return realOf(dtype) === "float32" ? 2 ** -23 : Number.EPSILON;
}
