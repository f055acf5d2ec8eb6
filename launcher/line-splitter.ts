import { lastCall } from "./last-call.js";

/**
 * Cuts a stream of bytes after its last line end, so that output of several ranks mixes by whole lines only. What
 * follows is kept until its line ends, until it has been quiet for `idleMs`, or until it grows beyond `limit` bytes.
 */
export class LineSplitter {
  readonly #emit: (bytes: Uint8Array) => void;
  readonly #idleMs: number;
  readonly #limit: number;
  #partial: Uint8Array[] = [];
  #bytes = 0;
  #held = false;
  #cancel = (): void => undefined;

  constructor(emit: (bytes: Uint8Array) => void, options: { idleMs?: number; limit?: number } = {}) {
    this.#emit = emit;
    this.#idleMs = options.idleMs ?? 200;
    this.#limit = options.limit ?? 2 ** 20;
  }

  push(chunk: Uint8Array): void {
    this.#cancel();
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      this.#keep(chunk.subarray(0, end));
      this.flush();
    }
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    if (this.#bytes > this.#limit) this.flush();
    this.#await();
  }

  /** While nothing is read from the stream, its quiet means nothing. */
  hold(held: boolean): void {
    this.#held = held;
    this.#cancel();
    this.#await();
  }

  /** Emits an unfinished line. */
  flush(): void {
    this.#cancel();
    if (this.#bytes === 0) return;
    const bytes = this.#partial.length === 1 ? this.#partial[0] : Buffer.concat(this.#partial);
    this.#partial = [];
    this.#bytes = 0;
    this.#emit(bytes);
  }

  #await(): void {
    if (this.#bytes === 0 || this.#held) return;
    this.#cancel = lastCall(() => this.flush(), this.#idleMs);
  }

  #keep(bytes: Uint8Array): void {
    this.#partial.push(bytes);
    this.#bytes += bytes.length;
  }
}

const NEWLINE = 10;
