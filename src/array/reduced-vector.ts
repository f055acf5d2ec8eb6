import type { DType, Scalar } from "./dtype.js";
import { isComplex } from "./dtype.js";
import { Totals } from "./totals.js";
import type { NormOrder, Reduction, Space, Vector, VectorPair } from "./vector.js";

const NORMS = new Map<NormOrder, Reduction>([
  [0, "non-zeros"],
  [1, "abs-sum"],
  [2, "real-vdot"],
  [Infinity, "abs-max"],
]);

/** The reductions of {@link Vector}, all made of `contribute`: a class that extends this writes only that one. */
export abstract class ReducedVector<V> {
  abstract readonly dtype: DType;
  abstract readonly space: Space<V>;
  abstract contribute(reduction: Reduction, other: Vector<unknown>, totals: Totals, slot: number): void;

  /** Global number of elements. */
  get length(): number {
    return this.space.size;
  }

  /** Σ xᵢ yᵢ, unconjugated; complex if one of the vectors is. Collective, one allreduce. */
  dot(other: Vector<V>): Promise<Scalar> {
    return this.#product("dot", other);
  }

  /** Σ conj(xᵢ) yᵢ; complex if one of the vectors is. Collective, one allreduce. */
  vdot(other: Vector<V>): Promise<Scalar> {
    return this.#product("vdot", other);
  }

  /**
   * The 2-norm, or another one, of the whole vector. Collective, one allreduce.
   *
   * @param order - 1, 2 or Infinity; 0 counts the elements that are not zero.
   */
  async norm(order: NormOrder = 2): Promise<number> {
    const reduction = NORMS.get(order);
    if (!reduction) throw new RangeError(`norm: order ${String(order)}; use 0, 1, 2 or Infinity`);
    const totals = new Totals(1, reduction === "abs-max" ? "max" : "sum");
    this.contribute(reduction, asVector(this), totals, 0);
    const [total] = await totals.combine();
    return order === 2 ? Math.sqrt(total) : total;
  }

  /** Re Σ conj(aᵢ) bᵢ of every pair, all in one allreduce. Collective. */
  async vdots(pairs: readonly VectorPair[]): Promise<readonly number[]> {
    const totals = new Totals(pairs.length);
    for (let slot = 0; slot < pairs.length; slot++) {
      const [a, b] = pairs[slot];
      a.contribute("real-vdot", b, totals, slot);
    }
    return Array.from(await totals.combine());
  }

  async #product(reduction: "dot" | "vdot", other: Vector<V>): Promise<Scalar> {
    const totals = new Totals(2);
    this.contribute(reduction, other, totals, 0);
    const [re, im] = await totals.combine();
    return isComplex(this.dtype) || isComplex(other.dtype) ? { re, im } : re;
  }
}

/** Every subclass implements Vector, which the base class cannot say of itself. */
function asVector(vector: unknown): Vector<unknown> {
  return vector as Vector<unknown>;
}
