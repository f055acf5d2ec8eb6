import { awaitingPlace, untilAwaited } from "./call-place.js";
import type { CallSite } from "./call-site.js";
import { MpiError } from "./errors.js";
import type { Limit } from "./limit.js";
import { ANY_TAG, PROC_NULL, type Request, type Status } from "./types.js";

/** What a request needs of the engine that completes it. */
export interface Waiter {
  readonly statistics: { overlapped: number };
  /** Moves messages without waiting. */
  progress(): void;
  /** Moves messages until `operation` is settled or sleeping pays better; may return early. Counts what was there. */
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
 *
 * Private to TypeScript only: objects of many classes get these members, and V8 takes 100 ns for each #name of theirs.
 */
export class Operation<T> implements Request<T> {
  settled = false;
  /** Where the user's program started it; set once the call that started it returns. */
  site: CallSite | undefined;
  /** What may end it early. */
  limit: Limit | undefined;
  private readonly waiter: Waiter;
  private outcome: T | undefined;
  private failed = false;
  private reason: unknown;
  private sleepers: (() => void)[] | undefined;
  private tellWhere: ((place: string) => void) | undefined;

  constructor(waiter: Waiter) {
    this.waiter = waiter;
  }

  get status(): Status | undefined {
    return undefined;
  }

  test(): boolean {
    if (!this.settled) {
      this.waiter.progress();
      this.limit?.check();
    }
    return this.settled;
  }

  complete(value: T): void {
    if (this.settled) return;
    this.outcome = value;
    this.settle();
  }

  /** An error that ends it after its call has returned shows where the call was, not where the news came in. */
  fail(reason: unknown): void {
    if (this.settled) return;
    if (this.site !== undefined && reason instanceof MpiError) this.site.blame(reason);
    this.failed = true;
    this.reason = reason;
    if (this.sleepers === undefined) this.waiter.unobserved(this, asError(reason));
    this.settle();
  }

  then<A = T, B = never>(onValue?: OnValue<T, A>, onError?: OnError<B>): PromiseLike<A | B> {
    this.site?.observed();
    if (this.settled) this.waiter.statistics.overlapped++;
    else this.waiter.poll(this);
    if (!this.settled) this.limit?.arm();
    if (!this.settled) return this.slept().then(onValue, onError);
    if (this.failed) return this.thrown().then(onValue, onError);
    if (this.waiter.mustTurn()) {
      return new Promise<void>((wake) => this.waiter.turn(wake)).then(() => this.react(onValue));
    }
    return this.react(onValue);
  }

  private react<A, B>(onValue: OnValue<T, A>): PromiseLike<A | B> {
    try {
      // A completed operation of T holds a T; the initial `undefined` is only seen when T admits it.
      const value = this.outcome as T;
      const result = onValue ? onValue(value) : (value as unknown as A);
      return result === undefined ? NOTHING : new Settled(result);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  /** Where in the user's program somebody waits for this; empty if nobody does. */
  async where(): Promise<string> {
    await untilAwaited();
    const sleepers = this.sleepers;
    if (sleepers === undefined) return "";
    this.sleepers = undefined;
    return new Promise((tell) => {
      this.tellWhere = tell;
      for (const wake of sleepers) {
        this.waiter.awake();
        wake();
      }
    });
  }

  /** Resolves as this does, from the event loop. An async function, so that its place in the program can be found. */
  private async slept(): Promise<T> {
    for (;;) {
      await new Promise<void>((wake) => this.sleep(wake));
      if (this.settled) break;
      this.tellWhere?.(awaitingPlace());
    }
    return this.conclude();
  }

  /** Fails as this does; an async function for the same reason. */
  private async thrown(): Promise<T> {
    await Promise.resolve();
    return this.conclude();
  }

  private conclude(): T {
    if (!this.failed) return this.outcome as T;
    this.waiter.observed(this);
    if (this.site !== undefined && this.reason instanceof MpiError) this.site.awaited(this.reason);
    throw this.reason;
  }

  private sleep(wake: () => void): void {
    (this.sleepers ??= []).push(wake);
    this.waiter.asleep();
  }

  private settle(): void {
    this.settled = true;
    this.limit?.release();
    if (this.sleepers === undefined) return;
    for (const wake of this.sleepers) {
      this.waiter.awake();
      wake();
    }
    this.sleepers = undefined;
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

/** What `then` returns to an `await`, whose callbacks return nothing. */
const NOTHING = new Settled<never>(undefined as never);

/** A receive from PROC_NULL: it is to be completed at once. */
export class NullReceive<T> extends Operation<T> {
  override get status(): Status {
    return { source: PROC_NULL, tag: ANY_TAG, count: 0, bytes: 0, cancelled: false };
  }
}

/** A request that is complete from the start. */
export function completed<T>(waiter: Waiter, value: T): Operation<T> {
  const operation = new Operation<T>(waiter);
  operation.complete(value);
  return operation;
}

/** A request that has failed from the start. */
export function failed<T>(waiter: Waiter, reason: unknown): Operation<T> {
  const operation = new Operation<T>(waiter);
  operation.fail(reason);
  return operation;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}
