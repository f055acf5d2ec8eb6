import { ArithmeticVector } from "./arithmetic-vector.js";
import type { BlockVector } from "./blocks.js";
import { checkDType, type DType, numbersPerElement, type Scalar } from "./dtype.js";
import { extremeOf, type Fold, normOf, placeOf, productOf, sumOf } from "./folds.js";
import { reduceAll, reduceAlong, type ReductionOptions, scalarOf } from "./reduce.js";
import type { LocalArray } from "./local-array.js";
import type { NormOrder } from "./vector.js";

/** With axes, a reduction gives an array; without, a number. */
type Along<V> = ReductionOptions<V> & { readonly axis: number | readonly number[] };
type OfAll<V> = Omit<ReductionOptions<V>, "axis">;

/**
 * The reductions of N-d arrays, local and distributed: over all elements, or along axes, of all elements or of those
 * that `where` lets through. Collective for distributed arrays: one allreduce each, and the same bits on every rank. What
 * is added up is added in float64, whatever the dtype; sums of int32 are float64.
 *
 * A result along axes is split as the axes are that are left; ranks that differ only along the reduced ones hold the
 * same part of it.
 */
export abstract class BlockArray<V extends BlockVector<V>> extends ArithmeticVector<V, V | LocalArray> {
  /** Global lengths of all axes, as `space.dims`. */
  get shape(): readonly number[] {
    return this.space.dims;
  }

  /** Number of axes. */
  get ndim(): number {
    return this.space.dims.length;
  }

  /** Global number of elements, as `length`. */
  get size(): number {
    return this.space.size;
  }

  /** A copy in another dtype. Local. @throws {TypeError} If it would lose imaginary parts: take `real()` first. */
  astype(this: V, dtype: DType): V {
    checkDType("astype", dtype);
    return this.like(dtype).copyFrom(this);
  }

  sum(this: V, options: Along<V>): Promise<V>;
  sum(this: V, options?: OfAll<V>): Promise<Scalar>;
  sum(this: V, options: ReductionOptions<V> = {}): Promise<Scalar | V> {
    return scalarOrArray("sum", this, sumOf(this.dtype), options);
  }

  prod(this: V, options: Along<V>): Promise<V>;
  prod(this: V, options?: OfAll<V>): Promise<Scalar>;
  prod(this: V, options: ReductionOptions<V> = {}): Promise<Scalar | V> {
    return scalarOrArray("prod", this, productOf(this.dtype), options);
  }

  /** The sum divided by how many there are; NaN of none. With `where`, two allreduces. */
  mean(this: V, options: Along<V>): Promise<V>;
  mean(this: V, options?: OfAll<V>): Promise<Scalar>;
  async mean(this: V, options: ReductionOptions<V> = {}): Promise<Scalar | V> {
    const { axis, where } = options;
    const total = await scalarOrArray("mean", this, sumOf(this.dtype), options);
    if (typeof total === "object" && "local" in total) {
      const counts = where && (await reduceAlong("mean", where, normOf(0, where.dtype), { axis }));
      const every = this.space.size / total.space.size;
      const step = numbersPerElement(total.dtype);
      for (let i = 0; i < total.local.length; i++)
        total.local[i] /= counts?.local[Math.floor(i / step)] ?? every;
      return total;
    }
    const count = where ? await where.norm(0) : this.space.size;
    return typeof total === "number" ? total / count : { re: total.re / count, im: total.im / count };
  }

  /**
   * The smallest element; NaN if there is one; Infinity if `where` lets none through. Complex numbers are ordered by their
   * real parts, then by their imaginary parts; one with a NaN in it counts as NaN.
   */
  min(this: V, options: Along<V>): Promise<V>;
  min(this: V, options?: OfAll<V>): Promise<Scalar>;
  async min(this: V, options: ReductionOptions<V> = {}): Promise<Scalar | V> {
    checkSome("min", this);
    return scalarOrArray("min", this, extremeOf("min", this.dtype), options);
  }

  /** The largest element; −Infinity if `where` lets none through; otherwise as `min`. */
  max(this: V, options: Along<V>): Promise<V>;
  max(this: V, options?: OfAll<V>): Promise<Scalar>;
  async max(this: V, options: ReductionOptions<V> = {}): Promise<Scalar | V> {
    checkSome("max", this);
    return scalarOrArray("max", this, extremeOf("max", this.dtype), options);
  }

  /**
   * Where the smallest element is: its flat index in C order, or its index along one axis. The first of equal ones, or
   * the first NaN; −1 if `where` lets none through. Complex numbers are ordered as by `min`.
   */
  argmin(this: V, options: Along<V>): Promise<V>;
  argmin(this: V, options?: OfAll<V>): Promise<number>;
  async argmin(this: V, options: ReductionOptions<V> = {}): Promise<number | V> {
    checkSome("argmin", this);
    return numberOrArray("argmin", this, placeOf("min", this.dtype), options);
  }

  /** Where the largest element is; otherwise as `argmin`. */
  argmax(this: V, options: Along<V>): Promise<V>;
  argmax(this: V, options?: OfAll<V>): Promise<number>;
  async argmax(this: V, options: ReductionOptions<V> = {}): Promise<number | V> {
    checkSome("argmax", this);
    return numberOrArray("argmax", this, placeOf("max", this.dtype), options);
  }

  /**
   * The norm of the array as one vector, or of the vectors along axes: (Σ |x|^p)^(1/p) of order p, default 2; the
   * largest and the smallest |x| of orders ∞ and −∞; how many are not zero of order 0.
   */
  override norm(this: V, order: NormOrder | undefined, options: Along<V>): Promise<V>;
  override norm(this: V, order?: NormOrder, options?: OfAll<V>): Promise<number>;
  override norm(this: V, order: NormOrder = 2, options: ReductionOptions<V> = {}): Promise<number | V> {
    if (Object.keys(options).length === 0) return super.norm(order);
    return numberOrArray("norm", this, normOf(order, this.dtype), options);
  }
}

async function scalarOrArray<V extends BlockVector<V>>(
  name: string,
  x: V,
  fold: Fold,
  options: ReductionOptions<V>,
): Promise<Scalar | V> {
  if (options.axis !== undefined) return reduceAlong(name, x, fold, options);
  return scalarOf(await reduceAll(name, x, fold, options));
}

async function numberOrArray<V extends BlockVector<V>>(
  name: string,
  x: V,
  fold: Fold,
  options: ReductionOptions<V>,
): Promise<number | V> {
  if (options.axis !== undefined) return reduceAlong(name, x, fold, options);
  return (await reduceAll(name, x, fold, options))[0];
}

/** @throws {RangeError} If there is no element that could be the smallest. */
function checkSome<V extends BlockVector<V>>(name: string, { space }: V): void {
  if (space.size === 0) throw new RangeError(`${name}: of ${space.toString()}, which has no elements`);
}
