import { shown } from "../options.js";
import type { Asked } from "./agree-on.js";
import type { DType, Scalar } from "./dtype.js";
import { isComplex } from "./dtype.js";
import { Totals } from "./totals.js";
import type { NormOrder, Reduction, Space, Vector, VectorPair } from "./vector.js";

const NORMS = new Map<NormOrder, Reduction>([
  [0, "non-zeros"],
  [1, "abs-sum"],
  [2, "real-vdot"],
  [Infinity, "abs-max"],
  [-Infinity, "abs-min"],
]);

/** The reductions of {@link Vector}, all made of `contribute`: a class that extends this writes only that one. */
export abstract class ReducedVector<V> {
  abstract readonly dtype: DType;
  abstract readonly space: Space<V>;
  abstract toString(): string;
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
   * The 2-norm, or another one, of the whole vector: (Σ |x|^p)^(1/p) of order p, the largest and the smallest |x| of
   * orders ∞ and −∞, how many are not zero of order 0. Collective, one allreduce; two more where powers would overflow
   * or vanish.
   */
  async norm(order: NormOrder = 2): Promise<number> {
    checkOrder(order);
    const total = await this.#total(NORMS.get(order) ?? { power: order, scale: 1 }, order);
    if (order === 0 || order === 1 || !Number.isFinite(order)) return total;
    const lost = total > 0 ? !(total > 1e-280 && total < Infinity) : total === 0;
    if (!lost) return order === 2 ? Math.sqrt(total) : total ** (1 / order);
    const scale = await this.#total(order > 0 ? "abs-max" : "abs-min", order > 0 ? Infinity : -Infinity);
    if (!(scale > 0 && scale < Infinity)) return scale; // zeros, infinities and NaN are their own norms
    return scale * (await this.#total({ power: order, scale }, order)) ** (1 / order);
  }

  /**
   * Re Σ conj(aᵢ) bᵢ of every pair, all in one allreduce. Collective.
   *
   * @throws {RangeError} On every rank, if they were `asked` for different things.
   */
  async vdots(pairs: readonly VectorPair[], asked?: Asked): Promise<readonly number[]> {
    const totals = new Totals(pairs.length, "sum", asked);
    for (let slot = 0; slot < pairs.length; slot++) {
      const [a, b] = pairs[slot];
      a.contribute("real-vdot", b, totals, slot);
    }
    return Array.from(await totals.combine());
  }

  async #total(reduction: Reduction, order: NormOrder): Promise<number> {
    const op = order === Infinity ? "max" : order === -Infinity ? "min" : "sum";
    const totals = new Totals(1, op, ["norm", `order ${order}`]);
    this.contribute(reduction, asVector(this), totals, 0);
    const [total] = await totals.combine();
    return total;
  }

  async #product(reduction: "dot" | "vdot", other: Vector<V>): Promise<Scalar> {
    const totals = new Totals(2, "sum", ["product", reduction]);
    this.contribute(reduction, other, totals, 0);
    const [re, im] = await totals.combine();
    return isComplex(this.dtype) || isComplex(other.dtype) ? { re, im } : re;
  }
}

/** @throws {RangeError} Unless it is a number, or infinite. */
export function checkOrder(order: unknown): void {
  if (typeof order === "number" && !Number.isNaN(order)) return;
  const advice = "use a number, Infinity or -Infinity, before the options: norm(2, { axis: 0 })";
  throw new RangeError(`norm: order ${shown(order)}; ${advice}`);
}

/** Every subclass implements Vector, which the base class cannot say of itself. */
function asVector(vector: unknown): Vector<unknown> {
  return vector as Vector<unknown>;
}
