import { FRAME_BYTES, HEADER_WORDS_MAX, lengthOf } from "../frame.js";
import type { Landing, Sink } from "../transport.js";

/** What travels on a connection: frames, one after the other; a message has its header and its payload behind it. */
export const FrameKind = {
  message: 1,
  /** The sender will post no more. */
  bye: 2,
  /** Everything up to your bye has arrived. */
  done: 3,
} as const;

/** Bytes are copied one by one up to here: cheaper than making a view. */
const FEW_BYTES = 64;

/** Turns the bytes of a connection back into messages, however they are cut. */
export class Unpacker {
  readonly #source: number;
  readonly #sink: Sink;
  readonly #signal: (kind: "bye" | "done") => void;
  readonly #head = new Uint8Array(FRAME_BYTES + 4 * HEADER_WORDS_MAX);
  readonly #words = new Int32Array(this.#head.buffer);
  /** Of the head: how much of it is here, and how long it is. */
  #filled = 0;
  #wanted = FRAME_BYTES;
  #sequence = 0;
  #header = new Int32Array(0);
  #landing: Landing | undefined;
  #arrived = 0;
  #bytes = 0;

  constructor(source: number, sink: Sink, signal: (kind: "bye" | "done") => void) {
    this.#source = source;
    this.#sink = sink;
    this.#signal = signal;
  }

  /** True in the middle of a frame. */
  get inFrame(): boolean {
    return this.#landing !== undefined || this.#filled > 0;
  }

  /** Missing bytes of the payload under way. */
  get missing(): number {
    return this.#landing === undefined ? 0 : this.#bytes - this.#arrived;
  }

  /** Where the next bytes of the payload under way belong. */
  room(): Uint8Array {
    const { memory } = this.#landing ?? NO_LANDING;
    return this.#arrived === 0 ? memory : memory.subarray(this.#arrived);
  }

  /** So many bytes have been written to the {@link room}. */
  advance(bytes: number): void {
    this.#arrived += bytes;
    if (this.#arrived < this.#bytes) return;
    const landing = this.#landing;
    this.#landing = undefined;
    landing?.done();
  }

  /** @throws {RangeError} If these bytes are no frames of tsmpi. */
  feed(bytes: Uint8Array, to: number): void {
    for (let at = 0; at < to;) {
      if (this.#landing !== undefined) {
        const part = Math.min(to - at, this.#bytes - this.#arrived);
        copy(bytes, at, part, this.#landing.memory, this.#arrived);
        at += part;
        this.advance(part);
        continue;
      }
      const part = Math.min(to - at, this.#wanted - this.#filled);
      copy(bytes, at, part, this.#head, this.#filled);
      at += part;
      this.#filled += part;
      if (this.#filled === this.#wanted) this.#headComplete();
    }
  }

  #headComplete(): void {
    const words = this.#words[0] >>> 8;
    if (this.#wanted === FRAME_BYTES) {
      const kind = this.#words[0] & 0xff;
      if (this.#words[1] >>> 0 !== this.#sequence)
        throw new RangeError(`frame ${this.#sequence} is missing, ${this.#words[1] >>> 0} came instead`);
      this.#sequence = (this.#sequence + 1) >>> 0;
      if (kind !== FrameKind.message) return this.#take(kind);
      if (words > HEADER_WORDS_MAX) throw new RangeError(`a header of ${words} words came`);
      this.#wanted += 4 * words;
      if (words > 0) return;
    }
    const bytes = lengthOf(this.#words[2], this.#words[3]);
    if (!Number.isSafeInteger(bytes)) throw new RangeError(`a message of ${bytes} bytes came`);
    if (this.#header.length !== words) this.#header = new Int32Array(this.#head.buffer, FRAME_BYTES, words);
    this.#filled = 0;
    this.#wanted = FRAME_BYTES;
    const landing = this.#sink.begin(this.#source, this.#header, bytes);
    if (bytes === 0) return landing.done();
    this.#landing = landing;
    this.#bytes = bytes;
    this.#arrived = 0;
  }

  #take(kind: number): void {
    const [head, , low, high] = this.#words;
    const known = kind === FrameKind.bye || kind === FrameKind.done;
    if (!known || head >>> 8 !== 0 || low !== 0 || high !== 0)
      throw new RangeError(`a frame of unknown kind ${kind} came`);
    this.#filled = 0;
    this.#signal(kind === FrameKind.bye ? "bye" : "done");
  }
}

const NO_LANDING: Landing = { memory: new Uint8Array(0), done: () => undefined };

function copy(from: Uint8Array, start: number, bytes: number, into: Uint8Array, at: number): void {
  if (bytes <= FEW_BYTES) for (let i = 0; i < bytes; i++) into[at + i] = from[start + i];
  else into.set(from.subarray(start, start + bytes), at);
}
