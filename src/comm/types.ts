/** Any typed array: travels as raw bytes, tagged with its element type. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Matches a message from any rank; `source` of `recv`. */
export const ANY_SOURCE = -1;
/** Matches a message with any tag; `tag` of `recv`. */
export const ANY_TAG = -1;
/** The rank beyond the edge: sends to it and receives from it complete at once, and move nothing. */
export const PROC_NULL = -2;
/** Largest tag of a user's message. */
export const TAG_UB = 2 ** 31 - 1;

/** Elementwise reductions, named as in MPI. Logical ones give 0 or 1. NaN wins in `min` and `max`. */
export type OpName = "sum" | "prod" | "min" | "max" | "land" | "lor" | "lxor" | "band" | "bor" | "bxor";

/** A reduction of the user's own: `(earlier, later)` in rank order. Need not commute unless it says so. */
export interface UserOp<T> {
  readonly name: string;
  readonly commute: boolean;
  combine(earlier: T, later: T): T;
}

/** What can be reduced elementwise by a named operation: a number, a bigint, a boolean or a typed array. */
export type Reducible = number | bigint | boolean | TypedArray;

export interface Status {
  readonly source: number;
  readonly tag: number;
  /** Elements of a typed array; 1 for any other value. */
  readonly count: number;
  readonly bytes: number;
}

/**
 * An operation that has already started; awaiting it waits for it. There is no other form: `await comm.send(x, 1)`
 * blocks the caller, `const r = comm.send(x, 1); compute(); await r` overlaps.
 */
export interface Request<T = void> extends PromiseLike<T> {
  /** True once the result is there; moves messages on, so that a loop over `test()` makes progress. */
  test(): boolean;
  /** Source, tag and count of a completed receive. */
  readonly status: Status | undefined;
}

export interface SendOptions {
  /** 0 … TAG_UB, default 0. */
  tag?: number;
}

export interface RecvOptions {
  /** Default ANY_SOURCE. */
  source?: number;
  /** Default ANY_TAG. */
  tag?: number;
}

export interface RootOptions {
  /** Default 0. */
  root?: number;
}

export interface ReduceOptions<T> {
  /** Default "sum". */
  op?: OpName | UserOp<T>;
}

/** The receive buffer of a collective or of `recv`: written in place, types and counts are checked. */
export interface Into<A extends TypedArray> {
  into: A;
}

/** Uneven blocks of a buffer: elements per rank, and where each block starts (default: one after the other). */
export interface Counts {
  counts?: ArrayLike<number>;
  displs?: ArrayLike<number>;
}

/** What a communicator has done so far on this rank; its parts only grow. */
export interface Statistics {
  /** Messages and bytes handed to the transport, collectives' own included. */
  readonly messagesSent: number;
  readonly bytesSent: number;
  /** Calls by name: `{ allreduce: 12, barrier: 1 }`. */
  readonly calls: Readonly<Record<string, number>>;
  /** Time spent waiting in `await` of a request, in milliseconds; waits of a few microseconds are not counted. */
  readonly waitMs: number;
}

/**
 * A group of ranks that exchange messages, apart from those of every other communicator.
 *
 * Every call starts at once and returns a {@link Request}. Any structured-cloneable value can be sent; typed arrays
 * travel as raw bytes and arrive as typed arrays, everything else through `v8.serialize`. With `into`, the result is
 * written to the given array, nothing is allocated, and its element type and count must fit. A send may complete
 * before the message is received; its buffer may then be changed.
 *
 * Collectives are called by every rank of the communicator, in the same order. Reductions combine in rank order, so
 * that the same program on the same number of ranks gives the same bits, and every rank gets the same bits.
 *
 * Wrong arguments, and calls that do not match those of other ranks, reject on every rank that takes part.
 */
export interface Communicator {
  readonly rank: number;
  readonly size: number;
  readonly name: string;
  readonly statistics: Statistics;

  send(value: unknown, dest: number, options?: SendOptions): Request;
  /** Resolves to the value; with `into`, to the part of `into` that was filled. */
  recv<A extends TypedArray>(options: RecvOptions & Into<A>): Request<A>;
  recv<T = unknown>(options?: RecvOptions): Request<T>;
  sendrecv<A extends TypedArray>(value: unknown, options: SendRecvOptions & Into<A>): Request<A>;
  sendrecv<T = unknown>(value: unknown, options: SendRecvOptions): Request<T>;

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

  /** Ranks of equal `color` form a new communicator, ordered by `key`, then by rank; `undefined` joins none. Collective. */
  split(color: number | undefined, key?: number): Request<Communicator | undefined>;
  /** Same ranks, messages apart. Every rank calls it in the same order, yet no message is sent. */
  dup(): Communicator;
  /** The communicator of this rank alone. Local. */
  readonly self: Communicator;
}

export interface SendRecvOptions {
  dest: number;
  /** Default ANY_SOURCE. */
  source?: number;
  sendTag?: number;
  recvTag?: number;
}

export interface RecvCounts {
  recvCounts?: ArrayLike<number>;
  recvDispls?: ArrayLike<number>;
}
