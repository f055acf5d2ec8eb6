import { HEADER_BYTES, HEADER_WORDS } from "../envelope.js";
import { RING_HEAD_BYTES, type SegmentLayout } from "../wire/segment.js";
import type { Landing, Sink } from "./transport.js";

/** A ring of bytes in shared memory, from one writer to one reader; positions run freely and wrap at 2³². */
export interface Ring {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  /** Offset in words of the counter of bytes that have been read. */
  readonly tail: number;
  /** Offset of the data, in bytes. */
  readonly data: number;
  readonly capacity: number;
}

export function ringBetween(memory: ArrayBuffer, layout: SegmentLayout, from: number, to: number): Ring {
  const offset = layout.rings + (from * layout.localSize + to) * (RING_HEAD_BYTES + layout.ringBytes);
  return {
    words: new Int32Array(memory),
    bytes: new Uint8Array(memory),
    tail: offset / 4,
    data: offset + RING_HEAD_BYTES,
    capacity: layout.ringBytes,
  };
}

/*
 * Records follow each other at multiples of 8 bytes and never wrap:
 *
 *   first of a message   [ payload bytes here, FIRST ] [ payload bytes in all, 2 words ] [ envelope ] [ payload ]
 *   its continuations    [ payload bytes here, MORE  ] [ payload ]
 *   filler at the end    [ 0, SKIP ]
 *   where the next goes  [ 0, NONE ]
 *
 * The kind is written last, after NONE behind the record: the reader looks for records where they are, so that a short
 * message takes two cache lines from one core to the other, and no counter.
 */
const NONE = 0;
const FIRST = 1;
const MORE = 2;
const SKIP = 3;
const MORE_BYTES = 8;
const FIRST_BYTES = 16 + HEADER_BYTES;

interface Posted {
  /** `undefined` once the first record is out. */
  header: Int32Array | undefined;
  readonly payload: Uint8Array;
  offset: number;
  readonly sent: () => void;
}

/** Payloads go through the ring in pieces of at most so much: the reader copies one while the next is written. */
const PIECE_BYTES = 16 * 1024;

/** The writer's end. Messages that find no room wait in order; large ones go through the ring piece by piece. */
export class Outgoing {
  readonly #ring: Ring;
  readonly #announce: () => void;
  readonly #waiting: Posted[] = [];
  #head = 0;
  /** Reader's counter as last seen. */
  #tail = 0;

  /** @param announce - Lets the reader know that there is something new. */
  constructor(ring: Ring, announce: () => void) {
    this.#ring = ring;
    this.#announce = announce;
  }

  get blocked(): boolean {
    return this.#waiting.length > 0;
  }

  /** Writes as much as there is room for. */
  post(header: Int32Array, payload: Uint8Array, sent: () => void): void {
    if (this.#waiting.length === 0) {
      const size = payload.byteLength;
      if (FIRST_BYTES + size <= this.#pieceBytes && this.#reserve(FIRST_BYTES + size)) {
        this.#writeFirst(header, payload, size);
        this.#announce();
        sent();
        return;
      }
    }
    this.#waiting.push({ header: header.slice(), payload, offset: 0, sent });
    if (this.#waiting.length === 1) this.push();
  }

  /** Writes what waits; true if there was room for any of it. */
  push(): boolean {
    let moved = false;
    while (this.#waiting.length > 0) {
      const message = this.#waiting[0];
      if (!this.#pushPiece(message)) break;
      moved = true;
      if (message.offset < message.payload.byteLength) continue;
      this.#waiting.shift();
      message.sent();
    }
    return moved;
  }

  get #pieceBytes(): number {
    return Math.min(PIECE_BYTES, this.#ring.capacity / 4);
  }

  #pushPiece(message: Posted): boolean {
    const { header, payload, offset } = message;
    const overhead = header === undefined ? MORE_BYTES : FIRST_BYTES;
    const piece = Math.min(payload.byteLength - offset, this.#pieceBytes - overhead);
    if (!this.#reserve(overhead + piece)) return false;
    if (header !== undefined) {
      this.#writeFirst(header, payload, piece);
      message.header = undefined;
    } else {
      const at = this.#position();
      this.#ring.words[at >> 2] = piece;
      this.#ring.bytes.set(payload.subarray(offset, offset + piece), at + MORE_BYTES);
      this.#publish(MORE, MORE_BYTES + piece);
    }
    message.offset += piece;
    this.#announce();
    return true;
  }

  #writeFirst(header: Int32Array, payload: Uint8Array, piece: number): void {
    const { words, bytes } = this.#ring;
    const at = this.#position();
    const word = at >> 2;
    words[word] = piece;
    words[word + 2] = payload.byteLength | 0;
    words[word + 3] = Math.floor(payload.byteLength / 2 ** 32);
    for (let i = 0; i < HEADER_WORDS; i++) words[word + 4 + i] = header[i];
    copy(payload, 0, bytes, at + FIRST_BYTES, piece);
    this.#publish(FIRST, FIRST_BYTES + piece);
  }

  /** Makes sure that a record of `size` bytes fits at the current position, without wrapping, and NONE behind it. */
  #reserve(size: number): boolean {
    const { capacity } = this.#ring;
    const padded = (size + 7) & ~7;
    const left = capacity - (this.#head & (capacity - 1));
    const needed = (padded <= left ? padded : left + padded) + MORE_BYTES;
    if (this.#free() < needed) {
      this.#tail = Atomics.load(this.#ring.words, this.#ring.tail);
      if (this.#free() < needed) return false;
    }
    if (padded > left) this.#publish(SKIP, left);
    return true;
  }

  #free(): number {
    return this.#ring.capacity - ((this.#head - this.#tail) >>> 0);
  }

  #position(): number {
    return this.#ring.data + (this.#head & (this.#ring.capacity - 1));
  }

  /** Lets the reader see the record of `size` bytes that has been written at the current position. */
  #publish(kind: number, size: number): void {
    const { words } = this.#ring;
    const record = this.#position() >> 2;
    this.#head = (this.#head + ((size + 7) & ~7)) | 0;
    words[(this.#position() >> 2) + 1] = NONE;
    Atomics.store(words, record + 1, kind);
  }
}

/** The reader's end: copies payloads straight to where the sink wants them. */
export class Incoming {
  readonly #ring: Ring;
  readonly #source: number;
  readonly #sink: Sink;
  readonly #header = new Int32Array(HEADER_WORDS);
  #tail = 0;
  /** The message whose pieces are arriving. */
  #landing: Landing | undefined;
  #offset = 0;
  #expected = 0;

  constructor(ring: Ring, source: number, sink: Sink) {
    this.#ring = ring;
    this.#source = source;
    this.#sink = sink;
  }

  /** Whether there seems to be something in the ring; a glance without Atomics, which V8 does not compile inline. */
  get ready(): boolean {
    const { words, data, capacity } = this.#ring;
    return words[((data + (this.#tail & (capacity - 1))) >> 2) + 1] !== NONE;
  }

  /** Delivers what is in the ring; true if there was anything. */
  drain(): boolean {
    const { words, data, capacity } = this.#ring;
    const begun = this.#tail;
    while ((this.#tail - begun) >>> 0 < capacity) {
      const at = data + (this.#tail & (capacity - 1));
      const kind = Atomics.load(words, (at >> 2) + 1);
      if (kind === NONE) break;
      const piece = words[at >> 2];
      // The record is released before its message is completed: the sender may write on meanwhile.
      if (kind === SKIP) this.#release(capacity - (this.#tail & (capacity - 1)));
      else if (kind === FIRST) this.#first(at, piece);
      else this.#more(at, piece);
    }
    return this.#tail !== begun;
  }

  #first(at: number, piece: number): void {
    const { words, bytes } = this.#ring;
    const word = at >> 2;
    const total = (words[word + 2] >>> 0) + words[word + 3] * 2 ** 32;
    const header = this.#header;
    for (let i = 0; i < HEADER_WORDS; i++) header[i] = words[word + 4 + i];
    const landing = this.#sink.begin(this.#source, header, total);
    copy(bytes, at + FIRST_BYTES, landing.memory, 0, piece);
    this.#release(FIRST_BYTES + piece);
    if (piece === total) return landing.done();
    this.#landing = landing;
    this.#offset = piece;
    this.#expected = total;
  }

  #more(at: number, piece: number): void {
    const landing = this.#landing;
    if (landing === undefined) throw new Error(`shm: a piece without a message from rank ${this.#source}`);
    copy(this.#ring.bytes, at + MORE_BYTES, landing.memory, this.#offset, piece);
    this.#release(MORE_BYTES + piece);
    this.#offset += piece;
    if (this.#offset < this.#expected) return;
    this.#landing = undefined;
    landing.done();
  }

  #release(size: number): void {
    this.#tail = (this.#tail + ((size + 7) & ~7)) | 0;
    Atomics.store(this.#ring.words, this.#ring.tail, this.#tail);
  }
}

/** A loop for a few bytes, where making a view would cost more than the copy. */
function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  if (length > 64) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i];
}
