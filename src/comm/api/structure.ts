import type { Communicator, Request } from "../types.js";

/** Communicators made of a communicator. */
export interface Structure {
  /** Ranks of equal `color` form a new communicator, ordered by `key`, then by rank; `undefined` joins none. Collective. */
  split(color: number | undefined, key?: number): Request<Communicator | undefined>;
  /** Same ranks, messages apart. Every rank calls it in the same order, yet no message is sent. */
  dup(): Communicator;
  /** The communicator of this rank alone. Local. */
  readonly self: Communicator;
}
