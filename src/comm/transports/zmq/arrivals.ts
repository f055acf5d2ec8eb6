import type { Landing, Sink } from "../transport.js";
import type { Frame } from "./frames.js";
import { WINDOW_BYTES } from "./link.js";

/** What a peer's records ask of the transport, besides the messages that go to the sink. */
export interface Replies {
  /** Tell the peer that `bytes` of chunks have been taken. */
  taken(bytes: number): void;
  /** The peer has taken `bytes` of this rank's chunks. */
  credit(bytes: number): void;
  /** The peer will post no more; everything it posted is here. */
  bye(): void;
  /** The peer has everything that this rank posted. */
  done(): void;
}

/** Turns the records of one peer's connection back into messages. */
export class Arrivals {
  readonly #source: number;
  readonly #sink: Sink;
  readonly #replies: Replies;
  #sequence = 0;
  /** The chunked message under way, and how much of it is here. */
  #landing: Landing | undefined;
  #arrived = 0;
  #announced = 0;
  /** Taken, but not yet told the peer. */
  #owed = 0;

  constructor(source: number, sink: Sink, replies: Replies) {
    this.#source = source;
    this.#sink = sink;
    this.#replies = replies;
  }

  /**
   * Delivers the records of one frame; `chunk` is the part that follows it.
   *
   * @throws {RangeError} If the records do not continue what came before: something is missing, or not from tsmpi.
   */
  take(frames: readonly Frame[], chunk: Buffer | undefined): void {
    for (const [i, frame] of frames.entries()) {
      if (frame.sequence !== this.#sequence) {
        throw new RangeError(`record ${this.#sequence} is missing, ${frame.sequence} came instead`);
      }
      this.#sequence = (this.#sequence + 1) >>> 0;
      switch (frame.kind) {
        case "message":
          this.#begin(frame.header, frame.bytes, frame.payload);
          break;
        case "chunk":
          if (i < frames.length - 1 || chunk?.length !== frame.bytes) {
            throw new RangeError(`a chunk of ${frame.bytes} bytes was announced, ${chunk?.length ?? 0} came`);
          }
          this.#continue(chunk);
          break;
        case "credit":
          this.#replies.credit(frame.bytes);
          break;
        case "bye":
          if (this.#landing !== undefined) throw new RangeError("it left in the middle of a message");
          this.#replies.bye();
          break;
        case "done":
          this.#replies.done();
          break;
        case "hello":
          if (frame.sequence !== 0) throw new RangeError("it said hello twice");
      }
    }
  }

  #begin(header: Int32Array, bytes: number, payload: Uint8Array | undefined): void {
    if (this.#landing !== undefined) throw new RangeError("a message began in the middle of another");
    const landing = this.#sink.begin(this.#source, header, bytes);
    if (payload === undefined) {
      this.#landing = landing;
      this.#announced = bytes;
      this.#arrived = 0;
      return;
    }
    if (bytes > 0) landing.memory.set(payload);
    landing.done();
  }

  #continue(chunk: Buffer): void {
    const landing = this.#landing;
    if (landing === undefined || this.#arrived + chunk.length > this.#announced) {
      throw new RangeError(
        `a chunk of ${chunk.length} bytes came where ${this.#announced - this.#arrived} are missing`,
      );
    }
    landing.memory.set(chunk, this.#arrived);
    this.#arrived += chunk.length;
    this.#owed += chunk.length;
    const complete = this.#arrived === this.#announced;
    if (complete || this.#owed >= WINDOW_BYTES / 4) {
      this.#replies.taken(this.#owed);
      this.#owed = 0;
    }
    if (!complete) return;
    this.#landing = undefined;
    this.#arrived = this.#announced = 0;
    landing.done();
  }
}
