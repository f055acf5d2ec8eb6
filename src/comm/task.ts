import type { Waiter } from "./request.js";
import type { Request, Status } from "./types.js";

/** A collective under way, as a request: an async function over point-to-point requests, already started. */
export class Task<T> implements Request<T> {
  readonly status: Status | undefined = undefined;
  readonly #waiter: Waiter;
  readonly #promise: Promise<T>;
  #settled = false;

  constructor(waiter: Waiter, promise: Promise<T>) {
    this.#waiter = waiter;
    this.#promise = promise;
    promise.then(
      () => (this.#settled = true),
      (error: unknown) => {
        this.#settled = true;
        waiter.unobserved(this, error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  test(): boolean {
    if (!this.#settled) this.#waiter.progress();
    return this.#settled;
  }

  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    return this.#promise.then(onValue, (error: unknown) => {
      this.#waiter.observed(this);
      if (onError) return onError(error);
      throw error;
    });
  }
}
