import type { Counts, Into, RecvCounts, ReduceOptions, Request, RootOptions, TypedArray } from "../types.js";

/** What all ranks of a communicator do together: every rank calls it, in the same order. */
export interface Collectives {
  barrier(): Request;
  /** The root's value on every rank. With a typed array and `into`, other ranks may pass `undefined` as value. */
  bcast<A extends TypedArray>(value: A | undefined, options: RootOptions & Into<A>): Request<A>;
  bcast<T>(value: T | undefined, options?: RootOptions): Request<T>;
  reduce<A extends TypedArray>(
    value: A,
    options: ReduceOptions<A> & RootOptions & Partial<Into<A>>,
  ): Request<A | undefined>;
  reduce<T>(value: T, options?: ReduceOptions<T> & RootOptions): Request<T | undefined>;
  /** `into` may be the input itself. */
  allreduce<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A>;
  allreduce<T>(value: T, options?: ReduceOptions<T>): Request<T>;
  /** One value per rank at the root. With `into`, the blocks one after the other, or as `counts` and `displs` say. */
  gather<A extends TypedArray>(
    value: A,
    options: RootOptions & Counts & Partial<Into<A>> & { into: A | undefined },
  ): Request<A | undefined>;
  gather<T>(value: T, options?: RootOptions): Request<T[] | undefined>;
  /** The root's array of one value per rank, or a typed array that `counts` cuts into blocks (default: equal ones). */
  scatter<A extends TypedArray>(values: A | undefined, options: RootOptions & Counts & Into<A>): Request<A>;
  scatter<T>(values: readonly T[] | undefined, options?: RootOptions): Request<T>;
  allgather<A extends TypedArray>(value: A, options: Counts & Into<A>): Request<A>;
  allgather<T>(value: T): Request<T[]>;
  /** With `into`: block i of `value` goes to rank i; `counts`/`displs` cut it, `recvCounts`/`recvDispls` cut `into`. */
  alltoall<A extends TypedArray>(value: A, options: Counts & RecvCounts & Into<A>): Request<A>;
  alltoall<T>(values: readonly T[]): Request<T[]>;
  /** Inclusive prefix reduction: rank r gets value₀ ∘ … ∘ valueᵣ. */
  scan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A>;
  scan<T>(value: T, options?: ReduceOptions<T>): Request<T>;
  /** Exclusive prefix reduction; `undefined` on rank 0, whose `into` stays as it is. */
  exscan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A | undefined>;
  exscan<T>(value: T, options?: ReduceOptions<T>): Request<T | undefined>;
  /** Block `rank` of the elementwise reduction; blocks are `counts` long (default: equal ones). */
  reduceScatter<A extends TypedArray>(
    value: A,
    options?: ReduceOptions<A> & { counts?: ArrayLike<number> } & Partial<Into<A>>,
  ): Request<A>;
}
