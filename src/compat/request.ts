import type { MatchedMessage } from "../comm/matched-message.js";
import type { Persistent } from "../comm/persistent.js";
import {
  ANY_SOURCE,
  ANY_TAG,
  type Request as Started,
  type Status as Facts,
  type TypedArray,
} from "../comm/types.js";
import { waitAll, waitAny } from "../comm/wait.js";

/** Filled by the receive that it is passed to. */
export class Status {
  #facts: Facts | undefined;

  Get_source(): number {
    return this.#facts?.source ?? ANY_SOURCE;
  }

  Get_tag(): number {
    return this.#facts?.tag ?? ANY_TAG;
  }

  /** Elements of a typed array; 1 for any other value. */
  Get_count(): number {
    return this.#facts?.count ?? 0;
  }

  /** Takes over what a completed request says. */
  set(facts: Facts | undefined): void {
    this.#facts = facts;
  }
}

/** An operation under way; `wait` and `Wait` are one. */
export class Request<T = unknown> {
  readonly #started: Started<T>;

  constructor(started: Started<T>) {
    this.#started = started;
  }

  async wait(status?: Status): Promise<T> {
    const value = await this.#started;
    status?.set(this.#started.status);
    return value;
  }

  Wait(status?: Status): Promise<T> {
    return this.wait(status);
  }

  Test(): boolean {
    return this.#started.test();
  }

  static async Waitall<T>(requests: readonly Request<T>[]): Promise<T[]> {
    return waitAll<T[]>(requests.map((request) => request.#started));
  }

  /** Index of the first that is complete. */
  static async Waitany<T>(requests: readonly Request<T>[]): Promise<number> {
    return (await waitAny(requests.map((request) => request.#started))).index;
  }
}

/** A message that a probe has taken out, to be received by whoever has it. */
export class Message {
  readonly #message: MatchedMessage;

  constructor(message: MatchedMessage) {
    this.#message = message;
  }

  async recv<T = unknown>(status?: Status): Promise<T> {
    return new Request(this.#message.recv<T>()).wait(status);
  }

  async Recv<A extends TypedArray>(into: A, status?: Status): Promise<void> {
    await new Request(this.#message.recv({ into })).wait(status);
  }
}

/** A message that is sent or received again and again. */
export class Prequest<T = unknown> {
  readonly #persistent: Persistent<T>;

  constructor(persistent: Persistent<T>) {
    this.#persistent = persistent;
  }

  /** What fails, fails in `wait`. */
  Start(): void {
    void this.#persistent.start();
  }

  static Startall(requests: readonly Prequest[]): void {
    for (const request of requests) request.Start();
  }

  async wait(status?: Status): Promise<T | undefined> {
    const started = this.#persistent.wait();
    const value = await started;
    status?.set(started.status);
    return value;
  }

  Wait(status?: Status): Promise<T | undefined> {
    return this.wait(status);
  }
}
