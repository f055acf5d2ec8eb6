import type { SyncedTime } from "../collectives/synced-time.js";
import type { Group } from "../structure/group.js";
import type { CallOptions, Communicator, Request, RootOptions, TypedArray } from "../types.js";
import type { SharedArrayConstructor, SharedWindow, Window } from "./windows.js";
import type { CartCommunicator, CartOptions, GraphCommunicator, GraphOptions } from "./topologies.js";
import type { Counter, Mutex } from "./services.js";

/** How two communicators relate; see {@link Structure.compare}. */
export type Comparison = "identical" | "congruent" | "similar" | "unequal";

export interface CounterOptions extends RootOptions {
  /** First value, that of the root; default 0. */
  start?: number;
}

export interface SplitNodeOptions extends CallOptions {
  /** Ranks of a new communicator are ordered by it, then by rank. Default: this rank. */
  key?: number;
  /**
   * Which part of a host is shared; default all of it. A rank belongs to a part if all CPUs on which it may run are in
   * that part, as it is when `tsmpirun --bind-to` binds it to one. Those of a host that are not bound so, or cannot tell
   * since there is no /sys, form one communicator of their own.
   */
  by?: "host" | "socket" | "numa" | "l3" | "core";
}

/** Communicators made of a communicator, and what they are made of. */
export interface Structure extends AsyncDisposable {
  /** The members. Local. */
  readonly group: Group;
  /** Ranks of equal `color` form a new communicator, ordered by `key`, then by rank; `undefined` joins none. Collective. */
  split(color: number | undefined, key?: number, options?: CallOptions): Request<Communicator | undefined>;
  /** The ranks of each host, or part of one, form a communicator: they can share memory. Collective. */
  splitNode(options?: SplitNodeOptions): Request<Communicator>;
  /** The first rank of each host in one communicator; `undefined` on the others. Collective. */
  splitLeaders(options?: CallOptions): Request<Communicator | undefined>;
  /**
   * The members of `group`, in its order; `undefined` on ranks that are not in it. Collective: every rank of this
   * communicator calls it. Ranks may pass different groups that have no rank in common.
   *
   * @throws {RangeError} If two members pass different groups, or a member of the group is not in this communicator.
   */
  create(group: Group, options?: CallOptions): Request<Communicator | undefined>;
  /**
   * The same, called by the members of the group alone: nobody else takes part. Calls that overlap in time and share
   * members need different tags.
   */
  createGroup(group: Group, tag?: number, options?: CallOptions): Request<Communicator>;
  /** Same ranks, messages apart. Every rank calls it in the same order, yet no message is sent. */
  dup(): Communicator;
  /** The communicator of this rank alone; it cannot be freed. Local. */
  readonly self: Communicator;
  /**
   * "identical": the same communicator. "congruent": the same ranks in the same order. "similar": the same ranks in
   * another order. Else "unequal". Local.
   */
  compare(other: Communicator): Comparison;
  /**
   * A grid of the first ranks, as many as it has cells; `undefined` on those left over. Collective.
   *
   * @param dims - As {@link computeDims} makes them; none for a single cell.
   * @throws {RangeError} If there are more cells than ranks, or ranks pass different grids.
   */
  cart(dims: readonly number[], options?: CartOptions): Request<CartCommunicator | undefined>;
  /**
   * All ranks as the nodes of a directed graph. Collective.
   *
   * @throws {RangeError} If a rank lists a destination that does not list it as a source, as often, or vice versa.
   */
  graph(options: GraphOptions): Request<GraphCommunicator>;
  /**
   * Offers `local` to the other ranks, who read and write it from then on without this rank's taking part; an array of
   * length 0 offers nothing. One on the memory of a shared window, such as its `local`, is reached directly by ranks
   * that have that window, too; free the shared window after this one. Collective.
   *
   * @throws {TypeError} If the arrays of two ranks differ in type.
   */
  createWindow<A extends TypedArray>(local: A, options?: CallOptions): Request<Window<A>>;
  /**
   * Memory that all ranks read and write in place; they must be on one host, as those of `splitNode` are. Collective.
   * On Linux; nothing with a name is left behind, however the program ends.
   *
   * @param count - Elements of this rank's segment; may be 0, and differ between ranks.
   * @throws {RangeError} If two ranks are on different hosts.
   */
  allocateShared<A extends TypedArray>(
    type: SharedArrayConstructor<A>,
    count: number,
    options?: CallOptions,
  ): Request<SharedWindow<A>>;
  /**
   * A window on memory of its own: `count` elements on this rank, all zero, which ranks of the same host reach without a
   * message. Short for `splitNode`, `allocateShared` and `createWindow`. Its `local` becomes private zeros when it is
   * freed. Collective. On Linux.
   */
  allocateWindow<A extends TypedArray>(
    type: SharedArrayConstructor<A>,
    count: number,
    options?: CallOptions,
  ): Request<Window<A>>;
  /** A number at the root that all ranks can increase, from `start` (default 0) on. Collective. */
  counter(options?: CounterOptions): Request<Counter>;
  /** A lock that one rank holds at a time; the root keeps the queue. Collective. */
  mutex(options?: RootOptions): Request<Mutex>;
  /**
   * Runs `section` on one rank after the other, in rank order, and resolves to what it returned on this rank, before
   * the next ones have run. Collective; the section itself calls no collective of this communicator. If it throws, the
   * later ranks do not run theirs: all of them reject.
   */
  sequential<T>(section: () => T | PromiseLike<T>, options?: CallOptions): Request<T>;
  /**
   * Measures how far this rank's clock is from that of rank 0: a clock for times of different ranks that are to be
   * compared. Collective; 20 round trips for each level of a binomial tree.
   */
  syncedTime(options?: CallOptions): Request<SyncedTime>;
  /**
   * Ends the communicator on all its ranks: their calls on it, under way and to come, reject with a RevokedError. For a
   * rank that has met an error in which the others wait for it. Local.
   *
   * Only this one ends: what was made of it before, and what it was made of, go on. The world can be revoked like any
   * other, and then no new communicator can be made of it; a program that wants to go on after that keeps a `dup` of the
   * world from its beginning. The ranks themselves, and the way in which the program ends, are not touched.
   *
   * @param reason - What the others are told.
   */
  revoke(reason?: string): void;
  /** Whether a rank has revoked it, or given up a collective, as far as this rank knows. Local. */
  readonly revoked: boolean;
  /**
   * Lets go of the communicator: its methods throw from now on. Local: no rank waits for another, so that it can be
   * done in a `finally`. What is under way completes; a message that nobody has received is lost.
   *
   * Each rank frees what it has made: up to 64 communicators at a time do small collectives through shared memory.
   *
   * @throws {Error} For the world and `self`.
   */
  free(): void;
  /** As `free`, which `await using` calls; the world and `self` stay. */
  [Symbol.asyncDispose](): Promise<void>;
}
