import type { PersistentCollective } from "../persistent-collective.js";
import type { Into, ReduceOptions, Request, RootOptions, TypedArray } from "../types.js";

/**
 * Reductions over all ranks of a communicator: every rank calls them, in the same order. Values combine in an order set
 * by the ranks alone, so that the same program on the same ranks and hosts gives the same bits, and every rank the same
 * ones. Named operations reduce elementwise; an operation of the user's own combines whole values, in rank order.
 */
export interface Reductions {
  /** The result at the root, `undefined` elsewhere, where `into` may be left out. `into` may be the input itself. */
  reduce<A extends TypedArray>(
    value: A,
    options: ReduceOptions<A> & RootOptions & Partial<Into<A>>,
  ): Request<A | undefined>;
  reduce<T>(value: T, options?: ReduceOptions<T> & RootOptions): Request<T | undefined>;
  /** `into` may be the input itself. */
  allreduce<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A>;
  allreduce<T>(value: T, options?: ReduceOptions<T>): Request<T>;
  /**
   * An allreduce in place that is started again and again with the same buffer, as in a solver's loop. Local; `start` is
   * collective.
   *
   * @throws {TypeError} If `op` cannot reduce the buffer.
   */
  allreduceInit<A extends TypedArray>(buffer: A, options?: ReduceOptions<A>): PersistentCollective<A>;
  /** Inclusive prefix reduction: rank r gets value₀ ∘ … ∘ valueᵣ. */
  scan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A>;
  scan<T>(value: T, options?: ReduceOptions<T>): Request<T>;
  /** Exclusive prefix reduction; `undefined` on rank 0, whose `into` stays as it is. */
  exscan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A | undefined>;
  exscan<T>(value: T, options?: ReduceOptions<T>): Request<T | undefined>;
  /**
   * Block `rank` of the elementwise reduction; blocks are `counts` long (default: equal ones). With the input itself as
   * `into`, the block is its beginning.
   */
  reduceScatter<A extends TypedArray>(
    value: A,
    options?: ReduceOptions<A> & { counts?: ArrayLike<number> } & Partial<Into<A>>,
  ): Request<A>;
}
