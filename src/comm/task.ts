import type { Engine } from "./engine.js";
import type { Limit, Limited, LimitOptions } from "./limit.js";
import { failed, type Waiter } from "./request.js";
import type { Request, Status } from "./types.js";

/**
 * Several messages as one request, such as a collective: an async function over requests, already started.
 *
 * Each promise between that function and whoever awaits the request has one listener, and each listener is an async
 * function: only so does a stack that is taken in it lead to the user's program. See call-place.ts.
 */
export class Task<T> implements Request<T> {
  settled = false;
  /** What may end it early. */
  limit: Limit | undefined;
  readonly #waiter: Waiter;
  readonly #ended: Promise<void>;
  /** The receive that it ends with, if there is one. */
  readonly #receive: Request<unknown> | undefined;
  #value: T | undefined;
  #error: Error | undefined;

  constructor(waiter: Waiter, promise: Promise<T>, receive?: Request<unknown>) {
    this.#waiter = waiter;
    this.#ended = this.#watch(promise);
    this.#receive = receive;
  }

  get status(): Status | undefined {
    return this.#receive?.status;
  }

  test(): boolean {
    if (!this.settled) {
      this.#waiter.progress();
      this.limit?.check();
    }
    return this.settled;
  }

  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    if (!this.settled) this.limit?.arm();
    return this.#result().then(onValue, onError);
  }

  async #watch(promise: Promise<T>): Promise<void> {
    try {
      this.#value = await promise;
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error));
      this.#waiter.unobserved(this, this.#error);
    }
    this.settled = true;
    this.limit?.release();
  }

  async #result(): Promise<T> {
    await this.#ended;
    this.#waiter.observed(this);
    if (this.#error !== undefined) throw this.#error;
    return this.#value as T; // a promise of T that was kept
  }
}

/**
 * A wait that nobody else depends on, as a request: a signal or a time ends it with an error, and what it waits for goes
 * on.
 */
export function limitedTask<T>(
  engine: Engine,
  what: Limited,
  options: LimitOptions,
  wait: () => Promise<T>,
): Request<T> {
  const { signal, timeoutMs = Infinity } = options;
  if (signal?.aborted) return failed(engine, signal.reason);
  if (signal === undefined && timeoutMs === Infinity) return new Task(engine, wait());
  let end: (reason: unknown) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => (end = reject));
  const task = new Task(engine, Promise.race([wait(), ended]));
  engine.limit(task, what, { signal, timeoutMs }, end);
  return task;
}
