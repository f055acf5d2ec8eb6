import { MpiError } from "./errors.js";
import { failed, type Waiter } from "./request.js";
import type { Request } from "./types.js";

/**
 * A collective that is called again and again with the same buffers, which are checked before. Every rank starts it as
 * often as all others, in the same order among its collectives. It is inactive at first, and again when the request
 * that `start` returned is complete.
 */
export class PersistentCollective<T> {
  readonly #waiter: Waiter;
  readonly #name: string;
  readonly #begin: () => Request<T>;
  #current: Request<T> | undefined;

  constructor(waiter: Waiter, name: string, begin: () => Request<T>) {
    this.#waiter = waiter;
    this.#name = name;
    this.#begin = begin;
  }

  /** Whether a started call is still under way. Local; moves messages on. */
  get active(): boolean {
    return this.#current !== undefined && !this.#current.test();
  }

  /** Starts the collective. Collective; rejects, without having started, while it is active. */
  start(): Request<T> {
    if (this.active) {
      const text = `${this.#name}: is active; await what start() returned before starting it again`;
      return failed(this.#waiter, new MpiError("REQUEST_STATE", text));
    }
    return (this.#current = this.#begin());
  }
}
