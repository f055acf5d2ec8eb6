import { checkHeader, FRAME_BYTES, HEADER_WORDS_MAX } from "../frame.js";
import { SEAL_BYTES, Sealer } from "./seal.js";
import { AGAIN, type Sockets } from "./sockets.js";
import { FrameKind } from "./unpacker.js";

/** Messages up to this size are copied together and leave in one call. */
const COPY_BYTES = 16 << 10;
/** Bytes moved in one call, either way: other peers have their turn, too. */
export const TURN_BYTES = 4 << 20;

type Sent = (() => void) | undefined;

/** Bytes that wait for room in the kernel. */
interface Piece {
  readonly bytes: Uint8Array;
  at: number;
  /** Called once these bytes, and all before them, are with the kernel. */
  readonly sent: Sent;
}

/** How queued bytes reach the kernel. */
interface Writer {
  /** A short message that nothing is ahead of may go past the queue. */
  readonly direct: boolean;
  /** Bytes that are no longer in the queue wait here for room in the kernel. */
  readonly blocked: boolean;
  /** True if anything moved. @throws {SocketError} If the connection is broken. */
  write(queue: Queue): boolean;
  /** Those who wait for bytes that will not go any more. */
  drop(): Sent[];
}

/** What one end of a connection sends: frames, in the order of their posting. */
export class Outbound {
  readonly #fd: number;
  readonly #sockets: Sockets;
  readonly #writer: Writer;
  readonly #queue = new Queue();
  readonly #scratch = new Uint8Array(FRAME_BYTES + 4 * HEADER_WORDS_MAX + COPY_BYTES);
  readonly #scratchWords = new Int32Array(this.#scratch.buffer, 0, FRAME_BYTES / 4 + HEADER_WORDS_MAX);
  #sequence = 0;

  /** @param key - What is sent is sealed with it; in clear without. */
  constructor(fd: number, sockets: Sockets, key: Uint8Array | undefined) {
    this.#fd = fd;
    this.#sockets = sockets;
    this.#writer =
      key === undefined ? new PlainWriter(fd, sockets) : new SealedWriter(fd, sockets, new Sealer(key));
  }

  /** True while something waits for room in the kernel. */
  get blocked(): boolean {
    return this.#writer.blocked || this.#queue.first !== undefined;
  }

  /** `payload` must stay as it is until `sent`. @throws {SocketError} If the connection is broken. */
  post(header: Int32Array, payload: Uint8Array, sent: () => void): void {
    const bytes = payload.byteLength;
    const headBytes = this.#writeHead(FrameKind.message, header, bytes);
    if (bytes <= COPY_BYTES && this.#writer.direct && !this.blocked) {
      if (bytes > 0) this.#scratch.set(payload, headBytes);
      return this.#postScratch(headBytes + bytes, sent);
    }
    this.#queue.push(this.#scratch.slice(0, headBytes), bytes === 0 ? sent : undefined);
    if (bytes > 0) this.#queue.push(payload, sent);
    this.flush();
  }

  /** A frame that is nothing but its kind. @throws {SocketError} If the connection is broken. */
  signal(kind: "bye" | "done"): void {
    const headBytes = this.#writeHead(FrameKind[kind], undefined, 0);
    this.#queue.push(this.#scratch.slice(0, headBytes), undefined);
    this.flush();
  }

  /** Hands what waits to the kernel, as far as it has room; true if anything moved. */
  flush(): boolean {
    return this.#writer.write(this.#queue);
  }

  /** Forgets what waits. Its memory is free; that it got nowhere, the loss of the connection tells. */
  drop(): void {
    for (const sent of [...this.#writer.drop(), ...this.#queue.drop()]) sent?.();
  }

  #writeHead(kind: number, header: Int32Array | undefined, bytes: number): number {
    const words = header?.length ?? 0;
    checkHeader("tcp", words);
    const head = this.#scratchWords;
    head[0] = kind | (words << 8);
    head[1] = this.#sequence++;
    head[2] = bytes | 0;
    head[3] = Math.floor(bytes / 2 ** 32);
    if (header !== undefined) head.set(header, FRAME_BYTES / 4);
    return FRAME_BYTES + 4 * words;
  }

  #postScratch(bytes: number, sent: () => void): void {
    const taken = this.#sockets.send(this.#fd, this.#scratch, bytes, false);
    if (taken === bytes) return sent();
    this.#queue.push(this.#scratch.slice(Math.max(0, taken), bytes), sent);
  }
}

class PlainWriter implements Writer {
  readonly direct = true;
  readonly blocked = false;
  readonly #fd: number;
  readonly #sockets: Sockets;

  constructor(fd: number, sockets: Sockets) {
    this.#fd = fd;
    this.#sockets = sockets;
  }

  write(queue: Queue): boolean {
    let moved = 0;
    for (let piece = queue.first; piece !== undefined && moved < TURN_BYTES; piece = queue.first) {
      const left = piece.bytes.byteLength - piece.at;
      const from = piece.at === 0 ? piece.bytes : piece.bytes.subarray(piece.at);
      const taken = this.#sockets.send(this.#fd, from, left, queue.length > 1);
      if (taken === AGAIN) break;
      moved += taken;
      piece.at += taken;
      if (taken < left) continue;
      queue.shift();
      piece.sent?.();
    }
    return moved > 0;
  }

  drop(): Sent[] {
    return [];
  }
}

class SealedWriter implements Writer {
  readonly direct = false;
  readonly #fd: number;
  readonly #sockets: Sockets;
  readonly #sealer: Sealer;
  /** A sealed record on its way out, and who waits for it. */
  #record: Uint8Array | undefined;
  #recordAt = 0;
  #waiting: Sent[] = [];

  constructor(fd: number, sockets: Sockets, sealer: Sealer) {
    this.#fd = fd;
    this.#sockets = sockets;
    this.#sealer = sealer;
  }

  get blocked(): boolean {
    return this.#record !== undefined;
  }

  write(queue: Queue): boolean {
    let moved = 0;
    while (moved < TURN_BYTES) {
      const record = (this.#record ??= this.#nextRecord(queue));
      if (record === undefined) break;
      const left = record.byteLength - this.#recordAt;
      const from = this.#recordAt === 0 ? record : record.subarray(this.#recordAt);
      const taken = this.#sockets.send(this.#fd, from, left, false);
      if (taken === AGAIN) break;
      moved += taken;
      this.#recordAt += taken;
      if (taken < left) continue;
      this.#record = undefined;
      this.#recordAt = 0;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const sent of waiting) sent?.();
    }
    return moved > 0;
  }

  drop(): Sent[] {
    this.#record = undefined;
    return this.#waiting.splice(0);
  }

  /** Seals as much of the queue as fits into one record. */
  #nextRecord(queue: Queue): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for (let piece = queue.first; piece !== undefined && bytes < SEAL_BYTES; piece = queue.first) {
      const part = Math.min(piece.bytes.byteLength - piece.at, SEAL_BYTES - bytes);
      parts.push(piece.bytes.subarray(piece.at, piece.at + part));
      piece.at += part;
      bytes += part;
      if (piece.at < piece.bytes.byteLength) break;
      queue.shift();
      if (piece.sent !== undefined) this.#waiting.push(piece.sent);
    }
    return bytes === 0 ? undefined : this.#sealer.seal(parts, bytes);
  }
}

/** Pieces in the order of their coming; taking the first one costs the same however many there are. */
class Queue {
  readonly #pieces: Piece[] = [];
  #first = 0;

  get first(): Piece | undefined {
    return this.#pieces[this.#first];
  }

  get length(): number {
    return this.#pieces.length - this.#first;
  }

  push(bytes: Uint8Array, sent: Sent): void {
    this.#pieces.push({ bytes, at: 0, sent });
  }

  shift(): void {
    this.#first++;
    if (this.#first < this.#pieces.length && this.#first < 1024) return;
    this.#pieces.splice(0, this.#first);
    this.#first = 0;
  }

  drop(): Sent[] {
    const dropped = this.#pieces.slice(this.#first).map(({ sent }) => sent);
    this.#pieces.length = this.#first = 0;
    return dropped;
  }
}
