import type { Forced } from "../collectives/algorithms.js";
import type { Strided } from "../layout.js";
import type {
  CallOptions,
  CommunicatorOptions,
  Counts,
  Into,
  RecvCounts,
  Request,
  RootOptions,
  TypedArray,
} from "../types.js";
import type { Reductions } from "./reductions.js";

/**
 * Algorithms that a program asks for, by collective: `{ allreduce: "ring" }`, or rules, of which the first counts that is
 * for at least as many bytes and ranks as a call has: `{ allreduce: [{ bytes: 4096, algorithm: "ring" }] }`.
 */
export interface CollectiveOptions extends CommunicatorOptions {
  /** Instead of the rules that choose by bytes, ranks and hosts. */
  algorithms?: Forced;
}

/** One piece of memory for what comes from each rank. */
export interface StridedInto extends CallOptions {
  readonly into: readonly Strided[];
}

/**
 * What all ranks of a communicator do together: every rank calls it, in the same order.
 *
 * With the same array as value and `into` a collective works in place; buffers that overlap in another way are an
 * error. In place, this rank's part of `gather`, `allgather` and, at the root, `scatter` is in its block already.
 */
export interface Collectives extends Reductions {
  /**
   * Asks for algorithms of its own in this communicator, over messages even where ranks share memory. Local, yet ranks
   * that ask for different ones reject each other's calls.
   *
   * @throws {RangeError} For a name that does not exist; it lists those that do.
   */
  configure(options: CollectiveOptions): void;
  barrier(options?: CallOptions): Request;
  /** The root's value on every rank. With a typed array and `into`, other ranks may pass `undefined` as value. */
  bcast<A extends TypedArray>(value: A | undefined, options: RootOptions & Into<A>): Request<A>;
  bcast<T>(value: T | undefined, options?: RootOptions): Request<T>;
  /** One value per rank at the root. With `into`, the blocks one after the other, or as `counts` and `displs` say. */
  gather<A extends TypedArray>(
    value: A,
    options: RootOptions & Counts & Partial<Into<A>> & { into: A | undefined },
  ): Request<A | undefined>;
  gather<T>(value: T, options?: RootOptions): Request<T[] | undefined>;
  /** The root's array of one value per rank, or a typed array that `counts` cuts into blocks (default: equal ones). */
  scatter<A extends TypedArray>(values: A | undefined, options: RootOptions & Counts & Into<A>): Request<A>;
  scatter<T>(values: readonly T[] | undefined, options?: RootOptions): Request<T>;
  allgather<A extends TypedArray>(value: A, options: CallOptions & Counts & Into<A>): Request<A>;
  allgather<T>(value: T, options?: CallOptions): Request<T[]>;
  /** With `into`: block i of `value` goes to rank i; `counts`/`displs` cut it, `recvCounts`/`recvDispls` cut `into`. */
  alltoall<A extends TypedArray>(value: A, options: CallOptions & Counts & RecvCounts & Into<A>): Request<A>;
  alltoall<T>(values: readonly T[], options?: CallOptions): Request<T[]>;
  /**
   * Piece i goes to rank i, into its piece for this rank: columns, boxes, any layout, each in an array of any type of its
   * own. Packs all pieces, exchanges them as `alltoall` does, and unpacks. Pieces whose count or type differs from what
   * is expected reject on the rank that expects something else, after the exchange.
   */
  alltoallw(pieces: readonly Strided[], options: StridedInto): Request<readonly Strided[]>;
}
