import type { Socket } from "node:net";
import type { Pieces } from "../transports/tcp/handshake.js";
import {
  Opener,
  SEAL_BYTES,
  SEAL_HEAD_BYTES,
  SEAL_TAG_BYTES,
  Sealer,
  type SealKeys,
} from "../transports/tcp/seal.js";
import { decode } from "../wire/control.js";
import { encodeFrame, FrameReader } from "../wire/frames.js";
import type { ControlMessage } from "../wire/messages.js";

interface Listener {
  hear(message: ControlMessage): void;
  /** It has been closed, or nonsense came. */
  ended(): void;
}

/** Control messages between two ranks that have proved to each other who they are. It keeps no process alive. */
export class Channel {
  /** Of the other end, and of this one. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly #socket: Socket;
  readonly #sealer: Sealer | undefined;
  readonly #opener: Opener | undefined;
  readonly #frames = new FrameReader();
  readonly #waiting: ControlMessage[] = [];
  #records: Buffer = Buffer.alloc(0);
  #listener: Listener | undefined;
  #isOver = false;

  /** @param keys - By which to encrypt; in clear without. */
  constructor(socket: Socket, pieces: Pieces, keys: SealKeys | undefined) {
    this.#socket = socket;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.localAddress = plainAddress(socket.localAddress);
    this.#sealer = keys && new Sealer(keys.seal);
    this.#opener = keys && new Opener(keys.open);
    const early = pieces.release();
    socket.on("error", () => undefined); // its close tells
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("end", () => this.#end()).on("close", () => this.#end());
    if (early.length > 0) this.#take(early);
    if (socket.destroyed || socket.readableEnded) this.#end();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Hands over what comes, and what has come. */
  listen(listener: Listener): void {
    this.#listener = listener;
    for (const message of this.#waiting.splice(0)) listener.hear(message);
    if (this.#isOver) listener.ended();
  }

  /** Handed to the system in the call itself, unless that has no room: what is said right before the end still arrives. */
  send(message: ControlMessage): void {
    const framed = encodeFrame(message);
    if (this.#sealer === undefined) return void this.#socket.write(framed);
    for (let at = 0; at < framed.length; at += SEAL_BYTES) {
      const part = framed.subarray(at, at + SEAL_BYTES);
      this.#socket.write(this.#sealer.seal([part], part.length).slice()); // its memory is used again
    }
  }

  close(): void {
    this.#socket.end();
  }

  #take(bytes: Buffer): void {
    try {
      if (this.#opener === undefined) return this.#push(bytes);
      this.#records = Buffer.concat([this.#records, bytes]);
      this.#open(this.#opener);
    } catch {
      this.#socket.destroy();
      this.#end();
    }
  }

  #open(opener: Opener): void {
    while (this.#records.length >= SEAL_HEAD_BYTES) {
      const bytes = this.#records.readUInt32LE();
      if (bytes > SEAL_BYTES) throw new RangeError(`a sealed record of ${bytes} bytes came`);
      const end = SEAL_HEAD_BYTES + bytes + SEAL_TAG_BYTES;
      if (this.#records.length < end) return;
      const opened = opener.open(this.#records.subarray(SEAL_HEAD_BYTES, end));
      this.#records = this.#records.subarray(end);
      this.#push(opened.subarray(0, bytes));
    }
  }

  #push(bytes: Uint8Array): void {
    for (const encoded of this.#frames.push(bytes)) {
      const message = decode(encoded.slice());
      if (this.#listener === undefined) this.#waiting.push(message);
      else this.#listener.hear(message);
    }
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener?.ended();
  }
}

/** An IPv4 address as such, also if the socket is one of both. */
function plainAddress(address = ""): string {
  return address.replace(/^::ffff:/, "");
}
