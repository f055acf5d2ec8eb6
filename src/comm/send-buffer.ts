import type { PackedPieces } from "./envelope.js";
import { MpiError } from "./errors.js";
import type { Operation } from "./request.js";

/** Of a communicator that has not been told another. */
export const BUFFER_BYTES = 64 * 2 ** 20;

const FEW = 64;

interface Held {
  readonly bytes: number;
  readonly sending: Operation<void>;
}

/**
 * Copies of messages whose sends have completed before anybody received them: what MPI keeps in an attached buffer. A
 * copy counts from its send until the message has left this rank, which is at once for a small one that its receiver
 * has room for. Local.
 */
export class SendBuffer {
  limit = BUFFER_BYTES;
  #held: Held[] = [];
  #bytes = 0;
  /** So many are held before those that have left are looked for. */
  #sweepAt = FEW;

  /**
   * Sends a copy of a message.
   *
   * @param where - As in errors: `send: rank 0 of "world"`.
   * @param begin - Starts the send, after which the message belongs to it.
   * @returns The send, if it has come to an end at once, else `undefined`.
   * @throws {MpiError} With code "BUFFER", if the copy does not fit.
   */
  send(
    where: string,
    message: PackedPieces,
    begin: (copy: PackedPieces) => Operation<void>,
  ): Operation<void> | undefined {
    const { bytes } = message;
    if (this.#bytes + bytes > this.limit || this.#held.length >= this.#sweepAt) this.#sweep();
    if (this.#bytes + bytes > this.limit) {
      throw new MpiError(
        "BUFFER",
        `${where} buffers ${bytes} bytes, and ${this.#bytes} of ${this.limit} are taken by messages that nobody has received; ` +
          "await flushBuffer(), or allow more with configure({ bufferBytes })",
      );
    }
    const pieces = message.pieces.map((piece) => ({ offset: piece.offset, bytes: piece.bytes.slice() }));
    const sending = begin({ ...message, pieces });
    if (sending.settled) return sending;
    this.#held.push({ bytes, sending });
    this.#bytes += bytes;
    return undefined;
  }

  /** Resolves when what is held now has left, and fails with the first of it that never will. */
  async flush(): Promise<void> {
    for (const { sending } of this.#held) await sending;
    this.#sweep();
  }

  #sweep(): void {
    this.#held = this.#held.filter(({ sending }) => !sending.settled);
    this.#bytes = this.#held.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#sweepAt = Math.max(FEW, 2 * this.#held.length);
  }
}
