import { RequestStateError } from "./errors.js";
import { completed, failed, type Operation, type Waiter } from "./request.js";
import type { Request } from "./types.js";

/**
 * A message that is sent or received again and again with the same arguments, which are checked once; see `sendInit`
 * and `recvInit`. It is inactive at first, and again when the request that `start` returned is complete.
 */
export class Persistent<T = unknown> implements Disposable {
  readonly #waiter: Waiter;
  readonly #name: string;
  readonly #begin: () => Operation<T>;
  #current: Operation<T> | undefined;
  /** The current one, until somebody waits for it. */
  #latest: Operation<T> | undefined;
  #disposed = false;

  /** @param name - As in `sendInit to rank 1`, for errors. */
  constructor(waiter: Waiter, name: string, begin: () => Operation<T>) {
    this.#waiter = waiter;
    this.#name = name;
    this.#begin = begin;
  }

  /** Whether a started message is still under way. Local. */
  get active(): boolean {
    return this.#current !== undefined && !this.#current.settled;
  }

  /** Starts the message; rejects with a {@link RequestStateError} while it is active. */
  start(): Request<T> {
    if (this.#disposed) return this.#refuse("has been disposed; make a new one");
    if (this.active) return this.#refuse("is active; await what start() returned before starting it again");
    return (this.#current = this.#latest = this.#begin());
  }

  /** The request of the latest `start`, once; after that, one that is complete at once and holds nothing. */
  wait(): Request<T | undefined> {
    const current: Operation<T | undefined> | undefined = this.#latest;
    this.#latest = undefined;
    return current ?? completed<T | undefined>(this.#waiter, undefined);
  }

  /** Lets go of the buffer. @throws {RequestStateError} While it is active. */
  [Symbol.dispose](): void {
    if (this.active)
      throw new RequestStateError(`${this.#name}: is disposed of while it is active; await it before`);
    this.#disposed = true;
    this.#current = this.#latest = undefined;
  }

  #refuse(why: string): Request<T> {
    return failed(this.#waiter, new RequestStateError(`${this.#name}: ${why}`));
  }
}

/** What `startAll` returns: a request for each of its list. */
type Started<S extends readonly Startable<unknown>[]> = {
  readonly [K in keyof S]: S[K] extends Startable<infer T> ? Request<T> : never;
};

interface Startable<T> {
  start(): Request<T>;
}

/**
 * Starts persistent messages and collectives, in the order of the list: `await waitAll(startAll([sends, receives]))`.
 * Local; collective for the collectives among them.
 *
 * @returns Their requests. That of one that was active rejects, and the others are under way.
 */
export function startAll<const S extends readonly Startable<unknown>[]>(list: S): Started<S> {
  return list.map((each) => each.start()) as unknown as Started<S>;
}
