import { checkOptions } from "../options.js";
import { MpiError } from "./errors.js";
import type { Request } from "./types.js";
import { waitAll } from "./wait.js";

export interface RequestScopeOptions {
  /** How long the end of the scope waits for what is under way; default Infinity. */
  timeoutMs?: number;
}

/**
 * Requests that a block of code starts, and none of which outlives it:
 *
 * ```ts
 * await using scope = requestScope();
 * const halo = comm.recv({ source: previous });
 * scope.add(halo, comm.send(edge, next));
 * compute();
 * use(await halo);
 * ```
 *
 * The end of the block waits for all of them, also for those that it has awaited itself, and fails with the error of the
 * first one added that failed. If the block itself has thrown, that is part of a SuppressedError.
 */
export class RequestScope implements AsyncDisposable {
  readonly #timeoutMs: number;
  #requests: Request<unknown>[] = [];

  constructor({ timeoutMs = Infinity }: RequestScopeOptions) {
    this.#timeoutMs = timeoutMs;
  }

  /** Requests that are under way. Local; moves messages on. */
  get pending(): number {
    return this.#requests.filter((request) => !request.test()).length;
  }

  /** Local. */
  add(...requests: readonly Request<unknown>[]): void {
    this.#requests.push(...requests);
  }

  /**
   * Waits for what has been added so far; the scope is empty then, and can be used again.
   *
   * @throws The error of the first request that failed; an {@link MpiError} with code "TIMEOUT" if some have not ended in time.
   */
  async wait(): Promise<void> {
    const requests = this.#requests;
    this.#requests = [];
    if (this.#timeoutMs === Infinity) return void (await waitAll(requests));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const left = requests.filter((request) => !request.test()).length;
        const text = `requestScope: ${left} of ${requests.length} requests have not ended within ${this.#timeoutMs} ms; await them, or abort them`;
        reject(new MpiError("TIMEOUT", text));
      }, this.#timeoutMs);
    });
    try {
      await Promise.race([waitAll(requests), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.wait();
  }
}

/** See {@link RequestScope}. Local. */
export function requestScope(options: RequestScopeOptions = {}): RequestScope {
  checkOptions("requestScope", options, ["timeoutMs"]);
  return new RequestScope(options);
}
