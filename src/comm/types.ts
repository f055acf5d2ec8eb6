import type { Collectives } from "./api/collectives.js";
import type { Interception } from "./api/interception.js";
import type { Lifetime } from "./api/lifetime.js";
import type { PointToPoint } from "./api/point-to-point.js";
import type { Structure } from "./api/structure.js";
import type { Threads } from "./api/threads.js";
import type { ReproducibleSum } from "./reproducible-sum.js";
import type { Strided } from "./layout.js";

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

/**
 * Elementwise reductions, named as in MPI. Logical ones give 0 or 1. NaN wins in `min` and `max`. `minloc` and `maxloc`
 * reduce pairs of a value and its index, [value, index, value, index, …] in a typed array, or one {@link Located};
 * among equal values the smaller index wins. Complex numbers are pairs, too, [re, im, re, im, …], or one
 * {@link ComplexNumber}: "sum" adds them like any others, "complexProd" multiplies them.
 */
export type OpName =
  | "sum"
  | "prod"
  | "min"
  | "max"
  | "land"
  | "lor"
  | "lxor"
  | "band"
  | "bor"
  | "bxor"
  | "minloc"
  | "maxloc"
  | "complexProd";

/** A value and where it was found; what `minloc` and `maxloc` reduce. */
export interface Located {
  readonly value: number;
  readonly index: number;
}

/** One complex number; what `sum` and `complexProd` reduce. */
export interface ComplexNumber {
  readonly re: number;
  readonly im: number;
}

/**
 * A reduction of the user's own. Whether it commutes or not, values are combined in rank order. A typed array is one
 * value: `combine` gets whole arrays.
 */
export interface UserOp<T> {
  /** Ranks that pass ops of different names are told so. */
  readonly name: string;
  readonly commute: boolean;
  /** Must be associative, leave its arguments alone, and depend on nothing else, so that all ranks get the same bits. */
  combine(earlier: T, later: T): T;
}

/** A reduction by name, by an operation of the user's own, or by what it does: `(earlier, later) => …`, associative. */
export type Reduction<T> = OpName | UserOp<T> | UserOp<T>["combine"];

/** What named operations can reduce. */
export type Reducible = number | bigint | boolean | TypedArray | Located | ComplexNumber | ReproducibleSum;

export interface Status {
  readonly source: number;
  readonly tag: number;
  /** Elements of a typed array; 1 for any other value. */
  readonly count: number;
  readonly bytes: number;
  /** The receive was withdrawn before a message was matched to it; its buffer is untouched. */
  readonly cancelled: boolean;
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

/**
 * What may end a call early. Nobody can withdraw from a collective alone: there, either ends the communicator, and all
 * members' calls on it reject with a RevokedError, but for those for which everybody had come in time.
 */
export interface CallOptions {
  /**
   * Between two ranks: ends the call with the signal's reason, if no message has been matched to it: a receive is withdrawn, a send that
   * has not been received is called back. A call that loses this race completes as usual, never both.
   */
  signal?: AbortSignal;
  /**
   * Between two ranks: ends the wait with a TimeoutError after so long. Default: that of the communicator. A large or synchronous send
   * that has timed out is called back, unless its receiver is just taking it: leave its buffer alone.
   */
  timeoutMs?: number;
}

/**
 * "standard" completes when what is sent may be changed, which may need its receiver. "synchronous" completes once a
 * receive has been matched. "buffered" copies, and completes at once whatever the receiver does; it rejects with code
 * "BUFFER" if the copy does not fit into the communicator's `bufferBytes`.
 */
export type SendMode = "standard" | "synchronous" | "buffered";

export interface SendOptions extends CallOptions {
  /** 0 … TAG_UB, default 0. */
  tag?: number;
  /** When the send completes; default "standard". */
  mode?: SendMode;
}

/** Which messages: those of one rank and tag, or any. */
export interface Selection {
  /** Default ANY_SOURCE. */
  source?: number;
  /** Default ANY_TAG. */
  tag?: number;
}

export interface RecvOptions extends Selection, CallOptions {}

/** How a communicator behaves on this rank. */
export interface CommunicatorOptions {
  /** Default `timeoutMs` of its calls; Infinity, as in the beginning, for none. */
  timeoutMs?: number;
  /** Bytes that buffered sends may hold for receivers to come; 64 MiB in the beginning. */
  bufferBytes?: number;
}

export interface RootOptions extends CallOptions {
  /** Default 0. */
  root?: number;
}

export interface ReduceOptions<T> extends CallOptions {
  /** Default "sum". */
  op?: Reduction<T>;
  /**
   * Sums of floating-point numbers are exact, and rounded once: the same bits on any number of ranks. Default false.
   * Sums of which each rank adds up a part come from {@link ReproducibleSum}.
   */
  reproducible?: boolean;
}

/** The receive buffer of a collective or of `recv`: written in place, types and counts are checked. */
export interface Into<A extends TypedArray | Strided> {
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
  /**
   * Requests that were complete when they were awaited, so that nobody waited: what they moved came while the program
   * computed. Short sends, which are complete when the call returns, do not count.
   */
  readonly overlapped: number;
  /** Time spent waiting in `await` of a request, in milliseconds; waits of a few microseconds are not counted. */
  readonly waitMs: number;
  /** Strangers that this rank's network has turned away, and frames that made no sense; 0 without a network. */
  readonly refusedConnections: number;
  readonly malformedFrames: number;
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
export interface Communicator extends PointToPoint, Collectives, Structure, Lifetime, Interception, Threads {
  readonly rank: number;
  readonly size: number;
  /** Printed in every error; may be set. Local. */
  name: string;
  readonly statistics: Statistics;
}

export interface SendRecvOptions extends CallOptions {
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
