import type { CallOptions, Into, OpName, Request, TypedArray } from "../types.js";

/** An element of a typed array. */
export type Element<A extends TypedArray> = A extends BigInt64Array | BigUint64Array ? bigint : number;

/** How a value is combined with what is there: a reduction, "replace" it, or leave it ("noOp", to read it atomically). */
export type WindowOp = OpName | "replace" | "noOp";

export interface TargetOptions extends CallOptions {
  /** Element of the target's part at which to begin; default 0. */
  displ?: number;
}

export interface AccumulateOptions extends TargetOptions {
  /** Default "sum". */
  op?: WindowOp;
}

export interface GetOptions extends TargetOptions {
  /** Elements; default: all from `displ` on. */
  count?: number;
}

/**
 * Memory that each rank of a communicator offers to the others, who read and write it without its taking part.
 *
 * The target's engine carries an access out, each one whole, whenever its program awaits something or lets the event
 * loop turn, and after the program has ended: not while it computes. So a put is no faster than a message, but nobody
 * has to expect it. Where both ranks share the memory, the one that accesses it does so itself, at once, and nobody has
 * to turn; see `allocateWindow`. Either way, accesses of one rank to another take place in the order of
 * the calls, and those of up to 4 MiB are whole: no other access sees them half done.
 *
 * An access is complete at the target when its request is: await it, or `flush`, or `fence`. Until then the values
 * that it sends must not change. Targets may be PROC_NULL: nothing happens. No access needs a lock or a fence around it;
 * they are there to order accesses of several ranks, and the target's own.
 *
 * A time or signal ends the wait for an access, not the access, which may still take place; that of `lock` gives up the
 * lock when it comes. As in every collective, that of `fence` ends it for all: nobody can fence this window any more.
 */
export interface Window<A extends TypedArray> extends AsyncDisposable {
  /** This rank's part: the array that it has passed. */
  readonly local: A;
  /** Elements of each rank's part. */
  readonly lengths: readonly number[];
  /** Writes values to the target's part. */
  put(values: A, target: number, options?: TargetOptions): Request;
  /** Reads from the target's part; with `into`, as many elements as that has. */
  get(target: number, options?: GetOptions & Partial<Into<A>>): Request<A>;
  /** Combines the target's elements with `values`: each element in one step, whoever else does the same. */
  accumulate(values: A, target: number, options?: AccumulateOptions): Request;
  /** The same, and resolves to what was there before. */
  getAccumulate(values: A, target: number, options?: AccumulateOptions & Partial<Into<A>>): Request<A>;
  /** Combines one element with `value`, and resolves to what was there before; `undefined` for PROC_NULL. */
  fetchAndOp(value: Element<A>, target: number, options?: AccumulateOptions): Request<Element<A> | undefined>;
  /** Writes `value` if `expected` is there, and resolves to what was there before; `undefined` for PROC_NULL. */
  compareAndSwap(
    expected: Element<A>,
    value: Element<A>,
    target: number,
    options?: TargetOptions,
  ): Request<Element<A> | undefined>;
  /** All accesses that any rank has started before are complete everywhere afterwards. Collective. */
  fence(options?: CallOptions): Request;
  /**
   * Resolves when this rank has the target's lock: alone ("exclusive"), or with others who share it ("shared"); first
   * come, first served. It orders those who lock, and keeps nobody else out.
   */
  lock(target: number, kind?: "shared" | "exclusive", options?: CallOptions): Request;
  /** Completes this rank's accesses to the target, then gives up the lock. */
  unlock(target: number, options?: CallOptions): Request;
  /** A shared lock of every rank. */
  lockAll(options?: CallOptions): Request;
  unlockAll(options?: CallOptions): Request;
  /** Resolves when this rank's accesses to the target are complete there. */
  flush(target: number, options?: CallOptions): Request;
  flushAll(options?: CallOptions): Request;
  /** This rank accesses it no more, and gives up its locks; it goes on serving the others until they have freed it, too. Local. */
  free(): void;
}

/** Where an access in place begins, and what it does. */
export interface PlaceOptions {
  /** Element of the target's segment at which to begin; default 0. */
  displ?: number;
}

export interface CombineOptions extends PlaceOptions {
  /** Default "sum". */
  op?: WindowOp;
}

/** `Float64Array` and its like. */
export interface SharedArrayConstructor<A extends TypedArray> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

/**
 * Memory that the ranks of one host share: each has contributed a segment, and every rank reads and writes all of them
 * in place. Segments stand one after the other, in rank order, without gaps.
 *
 * What one rank writes another sees for certain only in this order: the writer writes and calls `sync`, the two
 * synchronise (a message, a barrier), the reader calls `sync` and reads. A barrier by itself orders no memory; `fence`
 * is all three. Elements of integer arrays can also be shared through `Atomics`, and those of any array through accesses
 * by name (`put`, `accumulate`, …): no other such access, by any rank, sees one half done or changes what it is working
 * on, and one sees what those before it have written. That holds as well for those to a window that `createWindow` makes
 * of a segment.
 */
export interface SharedWindow<A extends TypedArray> extends AsyncDisposable {
  /** This rank's segment. */
  readonly local: A;
  /** All segments. */
  readonly all: A;
  /** Elements of each rank's segment. */
  readonly lengths: readonly number[];
  /** The segment of a rank, in place. Local. */
  of(rank: number): A;
  /** Writes values to the target's segment. As all accesses by name: in place, at once, and whole; local. */
  put(values: A, target: number, options?: PlaceOptions): void;
  /** A copy of `count` elements of the target's segment (default: all from `displ` on), or as many as `into` has. */
  get(target: number, options?: PlaceOptions & { count?: number } & Partial<Into<A>>): A;
  /** Combines the target's elements with `values`. */
  accumulate(values: A, target: number, options?: CombineOptions): void;
  /** The same; what was there before. */
  getAccumulate(values: A, target: number, options?: CombineOptions & Partial<Into<A>>): A;
  /** Combines one element with `value`; what was there before, `undefined` for PROC_NULL. */
  fetchAndOp(value: Element<A>, target: number, options?: CombineOptions): Element<A> | undefined;
  /** Writes `value` if `expected` is there; what was there before, `undefined` for PROC_NULL. */
  compareAndSwap(
    expected: Element<A>,
    value: Element<A>,
    target: number,
    options?: PlaceOptions,
  ): Element<A> | undefined;
  /** Orders this rank's reads and writes before it before those after it. Local. */
  sync(): void;
  /** What any rank has written before, every rank reads after. Collective. */
  fence(options?: CallOptions): Request;
  /**
   * Lets go of the memory on this rank; its arrays become private zeros. The memory itself is gone when all ranks have
   * freed it, or ended. Local.
   */
  free(): void;
}
