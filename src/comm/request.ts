import { awaitingPlace, untilAwaited } from "./call-place.js";
import type { Request, Status } from "./types.js";

/** What a request needs of the engine that completes it. */
export interface Waiter {
  /** Moves messages without waiting. */
  progress(): void;
  /** Moves messages until `operation` is settled or sleeping pays better; may return early. */
  poll(operation: { readonly settled: boolean }): void;
  /** True if the event loop has not turned for long: then even a completed request resumes its caller from there. */
  mustTurn(): boolean;
  /** Calls back from the event loop. */
  turn(callback: () => void): void;
  /** Somebody waits for a request that polling did not complete: the engine keeps moving messages until `awake`. */
  asleep(): void;
  awake(): void;
  /** A request has failed, and nobody has looked at it yet; and now somebody has. */
  unobserved(operation: object, error: Error): void;
  observed(operation: object): void;
}

type OnValue<T, A> = ((value: T) => A | PromiseLike<A>) | null | undefined;
type OnError<B> = ((reason: unknown) => B | PromiseLike<B>) | null | undefined;

/**
 * A started operation as a thenable. Awaiting it polls inside `then`: a message that is nearly there costs a few
 * hundred nanoseconds, where a promise resolved from the event loop costs tens of microseconds. A completed request
 * calls back inside `then` at once; `await` makes that asynchronous again.
 */
export class Operation<T> implements Request<T> {
  settled = false;
  status: Status | undefined;
  readonly #waiter: Waiter;
  #value: T | undefined;
  #error: Error | undefined;
  #sleepers: (() => void)[] | undefined;
  #tellWhere: ((place: string) => void) | undefined;

  constructor(waiter: Waiter) {
    this.#waiter = waiter;
  }

  test(): boolean {
    if (!this.settled) this.#waiter.progress();
    return this.settled;
  }

  complete(value: T): void {
    if (this.settled) return;
    this.#value = value;
    this.#settle();
  }

  fail(error: Error): void {
    if (this.settled) return;
    this.#error = error;
    if (this.#sleepers === undefined) this.#waiter.unobserved(this, error);
    this.#settle();
  }

  then<A = T, B = never>(onValue?: OnValue<T, A>, onError?: OnError<B>): PromiseLike<A | B> {
    if (!this.settled) this.#waiter.poll(this);
    if (!this.settled) return this.#slept().then(onValue, onError);
    if (this.#waiter.mustTurn()) {
      return new Promise<void>((wake) => this.#waiter.turn(wake)).then(() => this.#react(onValue, onError));
    }
    return this.#react(onValue, onError);
  }

  #react<A, B>(onValue: OnValue<T, A>, onError: OnError<B>): PromiseLike<A | B> {
    try {
      if (this.#error !== undefined) {
        this.#waiter.observed(this);
        return onError ? new Settled(onError(this.#error)) : Promise.reject(this.#error);
      }
      // A completed operation of T holds a T; the initial `undefined` is only seen when T admits it.
      const value = this.#value as T;
      return onValue ? new Settled(onValue(value)) : new Settled(value as unknown as A);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Where in the user's program somebody waits for this; empty if nobody does. */
  async where(): Promise<string> {
    await untilAwaited();
    const sleepers = this.#sleepers;
    if (sleepers === undefined) return "";
    this.#sleepers = undefined;
    return new Promise((tell) => {
      this.#tellWhere = tell;
      for (const wake of sleepers) {
        this.#waiter.awake();
        wake();
      }
    });
  }

  /** Resolves as this does, from the event loop. An async function, so that its place in the program can be found. */
  async #slept(): Promise<T> {
    for (;;) {
      await new Promise<void>((wake) => this.#sleep(wake));
      if (this.settled) break;
      this.#tellWhere?.(awaitingPlace());
    }
    if (this.#error === undefined) return this.#value as T;
    this.#waiter.observed(this);
    throw this.#error;
  }

  #sleep(wake: () => void): void {
    (this.#sleepers ??= []).push(wake);
    this.#waiter.asleep();
  }

  #settle(): void {
    this.settled = true;
    if (this.#sleepers === undefined) return;
    for (const wake of this.#sleepers) {
      this.#waiter.awake();
      wake();
    }
    this.#sleepers = undefined;
  }
}

/** What `then` of a completed request returns: cheap, since `await` never looks at it. */
class Settled<T> implements PromiseLike<T> {
  readonly #value: T | PromiseLike<T>;

  constructor(value: T | PromiseLike<T>) {
    this.#value = value;
  }

  then<A = T, B = never>(onValue?: OnValue<T, A>, onError?: OnError<B>): PromiseLike<A | B> {
    return Promise.resolve(this.#value).then(onValue, onError);
  }
}

/** A request that is complete from the start. */
export function completed<T>(waiter: Waiter, value: T): Operation<T> {
  const operation = new Operation<T>(waiter);
  operation.complete(value);
  return operation;
}

/** A request that has failed from the start. */
export function failed<T>(waiter: Waiter, error: unknown): Operation<T> {
  const operation = new Operation<T>(waiter);
  operation.fail(error instanceof Error ? error : new Error(String(error)));
  return operation;
}
