import type { DType, Scalar } from "./dtype.js";

/** 1, 2 and ∞ norms, and the count of non-zeros (0). */
export type NormOrder = 0 | 1 | 2 | typeof Infinity;

/** Two vectors of one space, whichever it is. */
export type VectorPair = readonly [Vector<unknown>, Vector<unknown>];

/**
 * What a solver needs of a vector. Local, distributed and stacked arrays are vectors; so is anything of the user's
 * that implements this. Reductions (`dot`, `vdot`, `vdots`, `norm`) are collective for distributed vectors and return
 * the same bits on every rank; all else is local and synchronous, and returns the vector itself for chaining.
 */
export interface Vector<V> {
  readonly dtype: DType;
  /** Global number of elements. */
  readonly length: number;
  /** Σ xᵢ yᵢ, unconjugated. */
  dot(other: V): PromiseLike<Scalar>;
  /** Σ conj(xᵢ) yᵢ. A plain number for real vectors. */
  vdot(other: V): PromiseLike<Scalar>;
  norm(order?: NormOrder): PromiseLike<number>;
  /**
   * Re Σ conj(aᵢ) bᵢ for every pair [a, b], fused: one allreduce for all pairs, and one pass over memory for a
   * pair of equal vectors. The two vectors of a pair live in one space; different pairs may live in different ones
   * on the same ranks (a model, a data stack). The vector it is called on only says where to reduce; it need not be
   * in a pair.
   */
  vdots(pairs: readonly VectorPair[]): PromiseLike<readonly number[]>;
  /** this ← this + α x */
  axpy(alpha: Scalar, x: V): V;
  /** this ← x + α this */
  xpay(alpha: Scalar, x: V): V;
  scale(alpha: Scalar): V;
  fill(value: Scalar): V;
  copyFrom(x: V): V;
  /** A new vector of zeros in the same space. */
  like(): V;
}

/**
 * Where vectors live: shape, and who owns which part. An operator maps its `model` space to its `data` space,
 * allocates results in them, and is checked against them when composed.
 */
export interface Space<V> {
  /** Global shape, slow axis first. */
  readonly dims: readonly number[];
  /** Product of `dims`. */
  readonly size: number;
  zeros(dtype?: DType): V;
  /** True if vectors of both spaces have the same shape, owners and blocks. */
  equals(other: unknown): boolean;
  /** One line for error messages, such as `[20, 267, 550] over 4 ranks, grid [4, 1, 1]`. */
  toString(): string;
}
