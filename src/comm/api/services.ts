import type { CallOptions, Request } from "../types.js";

/**
 * A number at one rank that all ranks of a communicator can read and increase. The rank that holds it answers whenever
 * its program awaits something or lets the event loop turn, and after it has ended: not while it computes.
 */
export interface Counter extends AsyncDisposable {
  /**
   * Adds `n` (default 1) and resolves to the value before: no two ranks get the same one. Local to the caller; a round
   * trip to the root. A number that is not waited for to the end, by the options, may be given to nobody.
   */
  next(n?: number, options?: CallOptions): Request<number>;
  /** This rank needs it no more. Local; the root answers the others until they have freed it, too, or ended. */
  free(): void;
}

/** A lock that one rank of a communicator holds at a time; first come, first served. See {@link Counter} for who answers. */
export interface Mutex extends AsyncDisposable {
  /**
   * Resolves when this rank has the lock: `await using held = await mutex.lock()` keeps it until the end of the block. If
   * the options end the wait before, the lock goes on to the next as soon as it comes.
   */
  lock(options?: CallOptions): Request<Lock>;
  /** This rank needs it no more, and gives up the lock if it has it. Local. */
  free(): void;
}

export interface Lock extends AsyncDisposable {
  /** Gives the lock to the rank that has waited longest. Local. */
  unlock(): void;
}
