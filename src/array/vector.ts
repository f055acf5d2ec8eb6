import type { Asked } from "./agree-on.js";
import type { DType, Scalar } from "./dtype.js";
import type { Totals } from "./totals.js";

export type { Asked };

/** Which norm: p for (Σ |xᵢ|^p)^(1/p), ±Infinity for the largest and the smallest |xᵢ|; 0 counts the non-zeros. */
export type NormOrder = number;

/** Two vectors of one space, whichever it is. */
export type VectorPair = readonly [Vector<unknown>, Vector<unknown>];

/**
 * A reduction over the elements of one or two vectors: Σ xᵢ yᵢ, Σ conj(xᵢ) yᵢ (both with their imaginary part in the
 * next slot), Re Σ conj(xᵢ) yᵢ, Σ |xᵢ|, max |xᵢ|, min |xᵢ|, the count of non-zeros, and Σ |xᵢ / scale|^power.
 */
export type Reduction =
  | "dot"
  | "vdot"
  | "real-vdot"
  | "abs-sum"
  | "abs-max"
  | "abs-min"
  | "non-zeros"
  | { readonly power: number; readonly scale: number };

/**
 * What a solver needs of a vector. Local, distributed and stacked arrays are vectors; so is anything of the user's
 * that implements this. Reductions (`dot`, `vdot`, `vdots`, `norm`) are collective for distributed vectors and return
 * the same bits on every rank; all else is local and synchronous, and returns the vector itself for chaining.
 */
export interface Vector<V> {
  readonly dtype: DType;
  readonly space: Space<V>;
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
   *
   * @param asked - What else must be the same on all ranks, such as the options of a solver: compared in the same message
   *   by the arrays here; a vector of the user's may leave it out.
   */
  vdots(pairs: readonly VectorPair[], asked?: Asked): PromiseLike<readonly number[]>;
  /**
   * Adds this rank's share of a reduction to `totals`, from `slot` on: how reductions of several vectors become one
   * message. Local.
   */
  contribute(reduction: Reduction, other: V, totals: Totals, slot: number): void;
  /** this ← this + α x */
  axpy(alpha: Scalar, x: V): V;
  /** this ← x + α this */
  xpay(alpha: Scalar, x: V): V;
  scale(alpha: Scalar): V;
  /** this ← this ∘ x elementwise, or this ∘ conj(x); `x` may be real where this vector is complex. */
  multiply(x: V, conjugate?: boolean): V;
  fill(value: Scalar): V;
  /** this ← conj(this) */
  conjugate(): V;
  /** this ← x, converted to this vector's dtype; a complex `x` needs a complex vector. */
  copyFrom(x: V): V;
  /** A new vector of zeros in the same space. */
  like(dtype?: DType): V;
}

/** A vector of any kind: what the members of a stack have in common. */
export interface AnyVector extends Vector<AnyVector> {
  readonly space: Space<AnyVector>;
  toString(): string;
  [Symbol.dispose]?(): void;
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
