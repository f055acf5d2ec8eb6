import { inspect } from "node:util";
import type { Boot, Control } from "./boot.js";
import type { ControlMessage, RecordKind } from "./wire/messages.js";

/** What a rank's control does by whatever way its messages go: meeting the others, the end, who has gone, and holds. */
export abstract class ControlBase implements Control {
  abstract readonly boot: Boot;
  #holds = 0;
  #gone: readonly number[] = [];
  #onGone: ((ranks: readonly number[]) => void) | undefined;
  #onBook: ((endpoints: readonly string[]) => void) | undefined;
  #onFinalized: (() => void) | undefined;

  abstract fail(error: unknown): void;
  abstract abort(code: number, reason: string): never;
  abstract onInquiry(tell: () => Promise<string>): void;
  abstract record(what: RecordKind, text: string): void;

  protected abstract send(message: ControlMessage): void;

  /** Keeps this process alive by what carries the messages, or does so no more. */
  protected abstract keepAlive(wanted: boolean): void;

  hear(message: ControlMessage): void {
    if (message.kind === "address-book") this.#onBook?.(message.endpoints);
    if (message.kind === "finalized") this.#onFinalized?.();
    if (message.kind === "gone") {
      this.#gone = message.ranks;
      this.#onGone?.(message.ranks);
    }
  }

  async hello(endpoint: string): Promise<readonly string[]> {
    const book = new Promise<readonly string[]>((resolve) => (this.#onBook = resolve));
    this.send({ kind: "hello", rank: this.boot.rank, pid: process.pid, endpoint });
    return this.#held(book);
  }

  async finalize(): Promise<void> {
    const finalized = new Promise<void>((resolve) => (this.#onFinalized = resolve));
    this.send({ kind: "finalize", rank: this.boot.rank });
    return this.#held(finalized);
  }

  onGone(listener: (ranks: readonly number[]) => void): void {
    this.#onGone = listener;
    if (this.#gone.length > 0) listener(this.#gone);
  }

  hold(): void {
    this.#holds++;
    this.keepAlive(true);
  }

  release(): void {
    this.#holds--;
    if (this.#holds === 0) this.keepAlive(false);
  }

  async #held<T>(promise: Promise<T>): Promise<T> {
    this.hold();
    try {
      return await promise;
    } finally {
      this.release();
    }
  }
}

/** Exit codes are bytes, and that of a failure is never 0. Local, pure. */
export function validExitCode(code: number): number {
  return Number.isInteger(code) && code >= 1 && code <= 255 ? code : 1;
}

/** An error as reports show it, with its stack. Local. */
export function describeError(error: unknown): string {
  return inspect(error, { colors: false, depth: 4 });
}
