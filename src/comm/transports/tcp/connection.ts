import type { Socket } from "node:net";
import { checkHeader, FRAME_BYTES, HEADER_WORDS_MAX } from "../frame.js";
import type { Sink } from "../transport.js";
import {
  Opener,
  RECORD_BYTES_MAX,
  SEAL_BYTES,
  SEAL_HEAD_BYTES,
  SEAL_TAG_BYTES,
  Sealer,
  type SealKeys,
} from "./seal.js";
import { AGAIN, SocketError, type Sockets } from "./sockets.js";
import { FrameKind, Unpacker } from "./unpacker.js";

/** Messages up to this size are copied together and leave in one call. */
const COPY_BYTES = 16 << 10;
/** Missing bytes from which a payload is read straight to where it belongs. */
const DIRECT_BYTES = 16 << 10;
const INBOX_BYTES = 4 * RECORD_BYTES_MAX;
/** Bytes moved in one call of `progress`, each way: the other peers have their turn, too. */
const TURN_BYTES = 4 << 20;

/** Bytes that wait for room in the kernel. */
interface Piece {
  readonly bytes: Uint8Array;
  at: number;
  /** Called once these bytes, and all before them, are with the kernel. */
  readonly sent: (() => void) | undefined;
}

/** What a connection tells its owner. */
export interface Events {
  bye(): void;
  done(): void;
  /** @param malformed - What came made no sense. */
  lost(reason: Error, malformed: boolean): void;
}

/**
 * A connection between two ranks, both ways. Both ends read and write the socket directly, without waiting; when a rank
 * sleeps, the event loop reads instead, and hands over what it gets to `take`.
 */
export class Connection {
  readonly fd: number;
  readonly socket: Socket;
  readonly #sockets: Sockets;
  readonly #sealer: Sealer | undefined;
  readonly #opener: Opener | undefined;
  readonly #unpacker: Unpacker;
  readonly #events: Events;
  readonly #inbox: Uint8Array;
  /** Of a connection with sealed records: bytes in the inbox, and those of them that have been opened. */
  #held = 0;
  #opened = 0;
  readonly #scratch = new Uint8Array(FRAME_BYTES + 4 * HEADER_WORDS_MAX + COPY_BYTES);
  readonly #scratchWords = new Int32Array(this.#scratch.buffer, 0, FRAME_BYTES / 4 + HEADER_WORDS_MAX);
  readonly #queue: Piece[] = [];
  #first = 0;
  /** A sealed record on its way out, and who waits for it. */
  #record: Uint8Array | undefined;
  #recordAt = 0;
  #waiting: (() => void)[] = [];
  #sequence = 0;
  #closed = false;
  #reading = false;

  constructor(
    socket: Socket,
    peer: number,
    keys: SealKeys | undefined,
    sockets: Sockets,
    sink: Sink,
    events: Events,
  ) {
    this.socket = socket;
    this.fd = descriptorOf(socket);
    this.#sockets = sockets;
    this.#sealer = keys && new Sealer(keys.seal);
    this.#opener = keys && new Opener(keys.open);
    this.#inbox = new Uint8Array(INBOX_BYTES);
    this.#events = events;
    this.#unpacker = new Unpacker(peer, sink, (kind) => events[kind]());
  }

  /** True while something waits for room in the kernel. */
  get blocked(): boolean {
    return this.#record !== undefined || this.#first < this.#queue.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  post(header: Int32Array, payload: Uint8Array, sent: () => void): void {
    const bytes = payload.byteLength;
    if (this.#closed) return sent();
    const headBytes = this.#writeHead(FrameKind.message, header, bytes);
    if (bytes <= COPY_BYTES && this.#sealer === undefined && !this.blocked) {
      if (bytes > 0) this.#scratch.set(payload, headBytes);
      return this.#postScratch(headBytes + bytes, sent);
    }
    this.#push(this.#scratch.slice(0, headBytes), bytes === 0 ? sent : undefined);
    if (bytes > 0) this.#push(payload, sent);
    this.flush();
  }

  signal(kind: "bye" | "done"): void {
    if (this.#closed) return;
    const headBytes = this.#writeHead(FrameKind[kind], undefined, 0);
    this.#push(this.#scratch.slice(0, headBytes), undefined);
    this.flush();
  }

  /** Reads and writes what can be without waiting; true if anything moved. */
  progress(): boolean {
    if (this.#closed) return false;
    const wrote = this.blocked && this.flush();
    return this.read() || wrote;
  }

  /** True if anything came. What is delivered may ask for progress: that is not for this connection. */
  read(): boolean {
    if (this.#closed || this.#reading || this.socket.destroyed) return false;
    this.#reading = true;
    try {
      return this.#opener === undefined ? this.#readPlain() : this.#readSealed(this.#opener);
    } catch (cause) {
      this.fail(cause, !(cause instanceof SocketError));
      return true;
    } finally {
      this.#reading = false;
    }
  }

  /** Bytes that the event loop has read. */
  take(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      if (this.#opener === undefined) return this.#unpacker.feed(bytes, bytes.byteLength);
      for (let at = 0; at < bytes.byteLength;) {
        const part = Math.min(bytes.byteLength - at, INBOX_BYTES - this.#held);
        this.#inbox.set(bytes.subarray(at, at + part), this.#held);
        this.#held += part;
        at += part;
        this.#openRecords(this.#opener);
      }
    } catch (cause) {
      this.fail(cause, true);
    }
  }

  /** Hands what waits to the kernel, as far as it has room; true if anything moved. */
  flush(): boolean {
    if (this.#closed || this.socket.destroyed) return false;
    try {
      return this.#sealer === undefined ? this.#flushPlain() : this.#flushSealed(this.#sealer);
    } catch (cause) {
      this.fail(cause);
      return true;
    }
  }

  /** The peer's end of the connection is gone. */
  ended(): void {
    this.fail(
      new Error(this.#unpacker.inFrame ? "it left in the middle of a message" : "it was cut or ended"),
    );
  }

  fail(cause: unknown, malformed = false): void {
    if (this.#closed) return;
    this.close();
    const reason = cause instanceof Error ? cause : new Error(String(cause));
    this.#events.lost(reason, malformed);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const dropped = [...this.#waiting, ...this.#queue.slice(this.#first).map(({ sent }) => sent)];
    this.#queue.length = this.#first = this.#waiting.length = 0;
    this.#record = undefined;
    this.socket.destroy();
    for (const sent of dropped) sent?.(); // their memory is free; that they got nowhere, the loss tells
  }

  // --- out ------------------------------------------------------------------------------------

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

  #push(bytes: Uint8Array, sent: (() => void) | undefined): void {
    this.#queue.push({ bytes, at: 0, sent });
  }

  #postScratch(bytes: number, sent: () => void): void {
    let taken = 0;
    try {
      if (!this.socket.destroyed) taken = this.#sockets.send(this.fd, this.#scratch, bytes, false);
    } catch (cause) {
      return this.fail(cause);
    }
    if (taken === bytes) return sent();
    this.#push(this.#scratch.slice(Math.max(0, taken), bytes), sent);
  }

  #flushPlain(): boolean {
    let moved = 0;
    while (this.#first < this.#queue.length && moved < TURN_BYTES) {
      const piece = this.#queue[this.#first];
      const left = piece.bytes.byteLength - piece.at;
      const from = piece.at === 0 ? piece.bytes : piece.bytes.subarray(piece.at);
      const taken = this.#sockets.send(this.fd, from, left, this.#first + 1 < this.#queue.length);
      if (taken === AGAIN) break;
      moved += taken;
      piece.at += taken;
      if (taken < left) continue;
      this.#dequeue();
      piece.sent?.();
    }
    return moved > 0;
  }

  #flushSealed(sealer: Sealer): boolean {
    let moved = 0;
    while (moved < TURN_BYTES) {
      const record = (this.#record ??= this.#nextRecord(sealer));
      if (record === undefined) break;
      const left = record.byteLength - this.#recordAt;
      const from = this.#recordAt === 0 ? record : record.subarray(this.#recordAt);
      const taken = this.#sockets.send(this.fd, from, left, false);
      if (taken === AGAIN) break;
      moved += taken;
      this.#recordAt += taken;
      if (taken < left) continue;
      this.#record = undefined;
      this.#recordAt = 0;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const sent of waiting) sent();
    }
    return moved > 0;
  }

  /** Seals as much of the queue as fits into one record. */
  #nextRecord(sealer: Sealer): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    while (this.#first < this.#queue.length && bytes < SEAL_BYTES) {
      const piece = this.#queue[this.#first];
      const part = Math.min(piece.bytes.byteLength - piece.at, SEAL_BYTES - bytes);
      parts.push(piece.bytes.subarray(piece.at, piece.at + part));
      piece.at += part;
      bytes += part;
      if (piece.at < piece.bytes.byteLength) break;
      this.#dequeue();
      if (piece.sent !== undefined) this.#waiting.push(piece.sent);
    }
    return bytes === 0 ? undefined : sealer.seal(parts, bytes);
  }

  #dequeue(): void {
    this.#first++;
    if (this.#first < this.#queue.length && this.#first < 1024) return;
    this.#queue.splice(0, this.#first);
    this.#first = 0;
  }

  // --- in -------------------------------------------------------------------------------------

  #readPlain(): boolean {
    let moved = 0;
    while (moved < TURN_BYTES) {
      const { missing } = this.#unpacker;
      const direct = missing >= DIRECT_BYTES;
      const asked = direct ? missing : INBOX_BYTES;
      const came = this.#sockets.receive(this.fd, direct ? this.#unpacker.room() : this.#inbox, asked);
      if (came === AGAIN) break;
      if (came === 0) {
        this.ended();
        return true;
      }
      moved += came;
      if (direct) this.#unpacker.advance(came);
      else this.#unpacker.feed(this.#inbox, came);
      if (came < asked || this.#closed) break; // all there was
    }
    return moved > 0;
  }

  #readSealed(opener: Opener): boolean {
    let moved = 0;
    while (moved < TURN_BYTES) {
      const asked = INBOX_BYTES - this.#held;
      const into = this.#held === 0 ? this.#inbox : this.#inbox.subarray(this.#held);
      const came = this.#sockets.receive(this.fd, into, asked);
      if (came === AGAIN) break;
      if (came === 0) {
        this.ended();
        return true;
      }
      moved += came;
      this.#held += came;
      this.#openRecords(opener);
      if (came < asked || this.#closed) break;
    }
    return moved > 0;
  }

  /** Opens the whole records of the inbox. One that is all payload is opened where it belongs. */
  #openRecords(opener: Opener): void {
    const inbox = this.#inbox;
    const unpacker = this.#unpacker;
    let at = this.#opened;
    while (this.#held - at >= SEAL_HEAD_BYTES) {
      const bytes = (inbox[at] | (inbox[at + 1] << 8) | (inbox[at + 2] << 16) | (inbox[at + 3] << 24)) >>> 0;
      if (bytes === 0 || bytes > SEAL_BYTES) throw new RangeError(`a sealed record of ${bytes} bytes came`);
      const end = at + SEAL_HEAD_BYTES + bytes + SEAL_TAG_BYTES;
      if (end > this.#held) break;
      const sealed = inbox.subarray(at + SEAL_HEAD_BYTES, end);
      at = this.#opened = end;
      if (bytes >= DIRECT_BYTES && unpacker.missing >= bytes) {
        opener.open(sealed, unpacker.room());
        unpacker.advance(bytes);
      } else unpacker.feed(opener.open(sealed), bytes);
    }
    if (at === this.#held) this.#held = this.#opened = 0;
    else if (INBOX_BYTES - at < RECORD_BYTES_MAX) {
      inbox.copyWithin(0, at, this.#held);
      this.#held -= at;
      this.#opened = 0;
    }
  }
}

/** The descriptor below a socket of Node. */
export function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null };
  if (typeof handle?.fd !== "number" || handle.fd < 0)
    throw new Error("tcp: this version of node shows no descriptors of sockets; use --transport zmq");
  return handle.fd;
}
