import type { DType, Scalar } from "../array/dtype.js";
import type { Space, Vector } from "../array/vector.js";

/** Outline of the contract; see the class below once it is there. M: model vectors, D: data vectors. */
export interface LinearOperatorContract<M extends Vector<M>, D extends Vector<D>> {
  readonly model: Space<M>;
  readonly data: Space<D>;
  /** [data size, model size] */
  readonly shape: readonly [number, number];
  readonly dims: readonly number[];
  readonly dimsd: readonly number[];
  readonly dtype: DType;
  /** y ← A x, into `y` when given (overwritten), else into a new vector of the data space. */
  matvec(x: M, y?: D): PromiseLike<D>;
  /** x ← Aᴴ y */
  rmatvec(y: D, x?: M): PromiseLike<M>;
  readonly H: LinearOperatorContract<D, M>;
  readonly T: LinearOperatorContract<D, M>;
  conj(): LinearOperatorContract<M, D>;
  scale(alpha: Scalar): LinearOperatorContract<M, D>;
  add(other: LinearOperatorContract<M, D>): LinearOperatorContract<M, D>;
  /** this ∘ inner */
  compose<N extends Vector<N>>(inner: LinearOperatorContract<N, M>): LinearOperatorContract<N, D>;
  power(exponent: number): LinearOperatorContract<M, M>;
}
