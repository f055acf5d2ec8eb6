import type { Socket } from "node:net";
import type { Sink } from "../transport.js";
import { type Inbound, inboundOf } from "./inbound.js";
import { Outbound } from "./outbound.js";
import type { SealKeys } from "./seal.js";
import { SocketError, type Sockets } from "./sockets.js";
import { Unpacker } from "./unpacker.js";

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
  readonly #out: Outbound;
  readonly #in: Inbound;
  readonly #unpacker: Unpacker;
  readonly #events: Events;
  readonly #isClosed = (): boolean => this.#closed;
  #closed = false;
  #reading = false;

  /** @param keys - What travels is sealed with them; in clear without. */
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
    this.#events = events;
    this.#unpacker = new Unpacker(peer, sink, (kind) => events[kind]());
    this.#out = new Outbound(this.fd, sockets, keys?.seal);
    this.#in = inboundOf(this.fd, sockets, this.#unpacker, keys?.open);
  }

  /** True while something waits for room in the kernel. */
  get blocked(): boolean {
    return this.#out.blocked;
  }

  get closed(): boolean {
    return this.#closed;
  }

  post(header: Int32Array, payload: Uint8Array, sent: () => void): void {
    if (this.#closed || this.socket.destroyed) return sent();
    try {
      this.#out.post(header, payload, sent);
    } catch (cause) {
      this.#broken(cause);
    }
  }

  signal(kind: "bye" | "done"): void {
    if (this.#closed || this.socket.destroyed) return;
    try {
      this.#out.signal(kind);
    } catch (cause) {
      this.#broken(cause);
    }
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
      const found = this.#in.read(this.#isClosed);
      if (found === "end") this.ended();
      return found !== "nothing";
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
      this.#in.take(bytes);
    } catch (cause) {
      this.fail(cause, true);
    }
  }

  /** Hands what waits to the kernel, as far as it has room; true if anything moved. */
  flush(): boolean {
    if (this.#closed || this.socket.destroyed) return false;
    try {
      return this.#out.flush();
    } catch (cause) {
      this.#broken(cause);
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
    this.socket.destroy();
    this.#out.drop();
  }

  #broken(cause: unknown): void {
    if (!(cause instanceof SocketError)) throw cause;
    this.fail(cause);
  }
}

/** The descriptor below a socket of Node. */
export function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null };
  if (typeof handle?.fd !== "number" || handle.fd < 0)
    throw new Error("tcp: this version of node shows no descriptors of sockets; use --transport zmq");
  return handle.fd;
}
