import type { OpName, TypedArray } from "../types.js";
import type { Board } from "./board.js";

/** How messages travel; `shm+zmq`: inside a host and between hosts. */
export type TransportKind = "shm" | "zmq" | "mpi" | "tcp" | "shm+zmq" | "shm+tcp" | "sim" | "self";

/**
 * How bytes move between the ranks of a job. A transport knows ranks of the world and byte counts; matching,
 * communicators and collectives sit on top (../engine.ts).
 *
 * Between two ranks, messages arrive whole and in the order of `post`. A transport never drops one: a peer that
 * cannot be reached any more is reported once through `Sink.lost`.
 */
export interface Transport {
  readonly kind: TransportKind;
  readonly rank: number;
  readonly size: number;
  /**
   * Sends one message: a header of HEADER_WORDS 32-bit words (see ../envelope.ts), then the payload. Never blocks.
   * The header is copied inside the call. The payload may be read until `sent` is called, at once or later; the caller
   * leaves it unchanged until then. `dest` is never this rank.
   */
  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void;
  /** Moves what can move without waiting; true if anything did. Delivers to the sink. */
  progress(): boolean;
  /** How long to call `progress` in a loop before sleeping pays, in microseconds; 0 if messages arrive by events only. */
  readonly pollUs: number;
  /** Host of each world rank, counted from 0; absent if all are on one. */
  readonly hosts?: readonly number[];
  /** Copies large payloads straight from the memory of one rank to that of another, where that is possible. */
  readonly direct?: DirectCopy;
  /** True if ranks outnumber cores, so that waits are long. */
  readonly crowded?: boolean;
  /**
   * Called between two polls of a rank that waits, with their number: gives up the core for as long as that pays, or
   * until there is a message or `glance` is true. Before it blocks it makes sure that it can be woken, and asks
   * `ready` once more.
   */
  relax?(round: number, glance: () => boolean, ready: () => boolean): void;
  /** Of a network: nobody is connected, so that nothing arrives before the event loop turns. */
  readonly alone?: boolean;
  /**
   * Resolves when something may have arrived. Keeps the process alive while pending. Once it can be woken it asks
   * `ready`, and does not sleep if that is true.
   */
  sleep(ready: () => boolean): Promise<void>;
  /**
   * As `sleep`, but does not keep the process alive. Absent if messages are delivered from the event loop even while
   * nobody sleeps.
   */
  linger?(ready: () => boolean): Promise<void>;
  /** Ends a pending sleep: nobody waits any more, or something other than a message has happened. */
  wake(): void;
  /** The board of the communicator `id` of the given world ranks, if they share memory with room for it; see board.ts. */
  board?(id: number, ranks: readonly number[]): Board | undefined;
  /** Collectives of the transport's own. */
  readonly native?: NativeCollectives;
  /** Of a network: connections of strangers that were turned away. */
  readonly refused?: number;
  /** Of a network: frames that made no sense; the connection of a rank ends with the first one. */
  readonly malformed?: number;
  /** Delivers what was posted, then lets go of sockets and memory. */
  close(): Promise<void>;
}

/** Large payloads without a way through the transport: the receiver is told where they are. */
export interface DirectCopy {
  /** What `dest` needs to know to copy this payload; `undefined` if it cannot. The payload stays as it is until `retract`. */
  offer(dest: number, payload: Uint8Array): Uint8Array | undefined;
  /** Copies what a rank has offered into `memory`, of exactly that length; calls `done` at once or later. */
  take(source: number, ticket: Uint8Array, memory: Uint8Array, done: () => void): void;
  /** The payload has been taken, or will not be. */
  retract(ticket: Uint8Array): void;
}

/**
 * Collectives that the transport does better than messages can. Those of one group are started in the same order on all
 * its ranks, and only once all are known to have called them with the same arguments.
 */
export interface NativeCollectives {
  readonly meetings: Meetings;
  /** Whether they are for these world ranks, rather than memory that all of them share. */
  spans(ranks: readonly number[]): boolean;
  /** Whether they take this one: a pure function of what all ranks agree on. */
  takes(operation: NativeOperation): boolean;
  /** All ranks of the world. */
  readonly world: NativeGroup;
  /** Makes a group of these world ranks, in this order. Blocks until each of them has called it. */
  join(ranks: readonly number[]): NativeGroup;
}

/** What a rank must see through before it may end, however little its program waits for it. */
export interface Meetings {
  /** Collectives of which this rank decides whether all have called them. */
  undecided: number;
  /** Collectives that this rank may yet begin. */
  open: number;
}

/** Ranks that have collectives of the transport's own. */
export interface NativeGroup {
  /**
   * Starts one; its buffers are left alone until `done`. It cannot be withdrawn.
   *
   * @returns What says that nobody waits for it any more, so that it does not hold up the end of the program.
   */
  start(operation: NativeOperation, done: () => void): () => void;
  /** There will be no more. Local. */
  free(): void;
}

/** A collective whose arguments all ranks know; counts are in elements. */
export type NativeOperation =
  | { readonly name: "bcast"; readonly x: Uint8Array; readonly root: number }
  /** Every rank's block is in its place in `x` already. */
  | {
      readonly name: "allgather";
      readonly x: TypedArray;
      readonly counts: readonly number[];
      readonly displs: readonly number[];
    }
  /** Equal blocks, one after the other. */
  | { readonly name: "alltoall"; readonly x: TypedArray; readonly into: TypedArray; readonly count: number }
  /** In place. */
  | { readonly name: "allreduce" | "scan" | "exscan"; readonly x: TypedArray; readonly op: OpName }
  /** In place at the root; elsewhere `x` stays as it is. */
  | { readonly name: "reduce"; readonly x: TypedArray; readonly op: OpName; readonly root: number }
  /** This rank's block of the result goes into an array of its own: in place, MPICH 4.0 copies what overlaps. */
  | {
      readonly name: "reduceScatter";
      readonly x: TypedArray;
      readonly into: TypedArray;
      readonly op: OpName;
      readonly counts: readonly number[];
    };

/** Where a transport delivers. One per rank: the engine. */
export interface Sink {
  /**
   * A message has begun to arrive. Returns the memory for its payload: exactly `bytes` long, owned by the sink. The
   * header is only valid during the call.
   */
  begin(source: number, header: Int32Array, bytes: number): Landing;
  /** True while a timer or a signal may end a wait: a simulated job in which nothing moves is then no deadlock. */
  readonly patient?: boolean;
  /** The peer's program has ended: it calls nothing more, but goes on answering until it is lost. */
  ended(peer: number): void;
  /** The peer is gone: every wait that needs it fails with `reason`. */
  lost(peer: number, reason: Error): void;
}

export interface Landing {
  readonly memory: Uint8Array;
  /** The payload is complete in `memory`. */
  done(): void;
}
