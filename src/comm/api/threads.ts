import type { MessagePort } from "node:worker_threads";
import type {
  OpName,
  RecvOptions,
  ReduceOptions,
  RootOptions,
  SendOptions,
  SendRecvOptions,
  CallOptions,
} from "../types.js";

/** A communicator as it is passed to a worker thread of its rank; `port` goes into the transfer list. */
export interface CommunicatorHandle {
  readonly port: MessagePort;
  readonly name: string;
  readonly rank: number;
  readonly size: number;
}

/** What can be passed from thread to thread: neither a signal nor a buffer that is to be filled. */
export type FromThread<O> = {
  [K in keyof O]: K extends "signal" | "into" ? never : K extends "op" ? OpName : O[K];
};

/**
 * A communicator in a worker thread: its calls are made by the main thread of the rank, in the order in which they come.
 * Arguments and results are copied from thread to thread by structured clone. An error has the name, message and stack of
 * the main thread's, not its class.
 */
export interface ThreadCommunicator {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  send(value: unknown, dest: number, options?: FromThread<SendOptions>): Promise<void>;
  recv<T = unknown>(options?: FromThread<RecvOptions>): Promise<T>;
  sendrecv<T = unknown>(value: unknown, options: FromThread<SendRecvOptions>): Promise<T>;
  barrier(options?: FromThread<CallOptions>): Promise<void>;
  bcast<T>(value: T | undefined, options?: FromThread<RootOptions>): Promise<T>;
  gather<T>(value: T, options?: FromThread<RootOptions>): Promise<T[] | undefined>;
  scatter<T>(values: readonly T[] | undefined, options?: FromThread<RootOptions>): Promise<T>;
  allgather<T>(value: T, options?: FromThread<CallOptions>): Promise<T[]>;
  alltoall<T>(values: readonly T[], options?: FromThread<CallOptions>): Promise<T[]>;
  reduce<T>(value: T, options?: FromThread<ReduceOptions<T> & RootOptions>): Promise<T | undefined>;
  allreduce<T>(value: T, options?: FromThread<ReduceOptions<T>>): Promise<T>;
  scan<T>(value: T, options?: FromThread<ReduceOptions<T>>): Promise<T>;
  exscan<T>(value: T, options?: FromThread<ReduceOptions<T>>): Promise<T | undefined>;
  /** The worker calls nothing more; what waits rejects. Also done when the worker ends. */
  close(): void;
}

/** Calls from worker threads. */
export interface Threads {
  /**
   * A handle for one worker thread of this rank, which makes a {@link ThreadCommunicator} of it with `attach`. The main thread
   * makes the calls: they wait while it computes. Where both threads call collectives, give the worker a duplicate
   * (`dup`), since calls are ordered by their arrival. Local.
   *
   * ```ts
   * const handle = comm.transfer();
   * new Worker(file, { workerData: handle, transferList: [handle.port] });
   * ```
   */
  transfer(): CommunicatorHandle;
}
