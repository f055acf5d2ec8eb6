import type * as zmq from "zeromq";
import { clientOptions, type KeyPair } from "./curve.js";
import { CHUNK_BYTES, EAGER_BYTES, encodeMessage, encodeSignal, stamp } from "./frames.js";

/** Bytes of chunks that may be under way to one peer before it takes some: what a busy receiver has to hold. */
export const WINDOW_BYTES = 4 << 20;
/** Notices a host that gives no sign for so long; libzmq answers even while the peer's JavaScript is busy. Local. */
export function heartbeat(silentMs = 15_000) {
  return { heartbeatInterval: Math.min(1000, silentMs / 4), heartbeatTimeout: silentMs } as const;
}

/** A connection that failed this quickly was turned away; one that took longer met a peer too busy to answer. */
const BUSY_MS = 1000;
const ATTEMPTS = 3;
const RETRY_MS = 50;

export interface LinkOptions {
  readonly library: typeof zmq;
  readonly context: zmq.Context;
  readonly keys: KeyPair | undefined;
  readonly endpoint: string;
  /** Names this rank to the peer's ROUTER; no other connection to it has this id. */
  readonly routingId: string;
  /** The peer's host is lost when it gives no sign for so long. */
  readonly silentMs: number | undefined;
  /** First record on the connection. */
  readonly hello: Buffer;
  readonly onLost: (reason: Error) => void;
}

/** A payload that goes out in chunks. */
interface Bulk {
  readonly payload: Uint8Array;
  readonly sent: () => void;
  posted: number;
  taken: number;
}

/**
 * The way to one peer: a DEALER that only sends. Connects at once, sends in the order of `post`, one ZeroMQ send at a
 * time; what is posted meanwhile is joined to the next frame. Nothing is handed to ZeroMQ before the handshake, so an
 * attempt to connect can fail and be repeated without loss; a connection that breaks later is not made again.
 */
export class Link {
  state: "connecting" | "up" | "closed" = "connecting";
  readonly #options: LinkOptions;
  #dealer: zmq.Dealer;
  /** Unread events of the connection, once it is up. */
  #events: zmq.Observer | undefined;
  #sequence = 0;
  #sending = false;
  /** Signals overtake messages: credits must not wait behind chunks that wait for credits. */
  #signals: Buffer[];
  #queue: (Buffer | Bulk)[] = [];
  /** Chunked payloads of which the peer has not taken everything, oldest first. */
  readonly #open: Bulk[] = [];
  #underWay = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#signals = [options.hello];
    this.#dealer = this.#connect();
  }

  post(header: Int32Array, payload: Uint8Array, sent: () => void): void {
    const eager = payload.byteLength <= EAGER_BYTES;
    if (this.state === "closed") return eager ? sent() : undefined;
    this.#queue.push(encodeMessage(header, payload));
    if (eager) {
      this.#flush();
      return sent();
    }
    const bulk: Bulk = { payload, sent, posted: 0, taken: 0 };
    this.#queue.push(bulk);
    this.#open.push(bulk);
    this.#flush();
  }

  /** Sends a record ahead of every message that has not left yet. */
  signal(kind: "credit" | "done", bytes?: number): void {
    this.#signals.push(encodeSignal(kind, bytes));
    this.#flush();
  }

  /** Tells the peer, after every message, that there will be no more. */
  bye(): void {
    this.#queue.push(encodeSignal("bye"));
    this.#flush();
  }

  /** The peer has taken `bytes` of chunks. */
  credit(bytes: number): void {
    if (bytes > this.#underWay)
      return this.#fail(new Error(`it acknowledged ${bytes} bytes of ${this.#underWay}`));
    this.#underWay -= bytes;
    for (let left = bytes; left > 0;) {
      const [bulk] = this.#open;
      const part = Math.min(left, bulk.payload.byteLength - bulk.taken);
      bulk.taken += part;
      left -= part;
      if (bulk.taken < bulk.payload.byteLength) break;
      this.#open.shift();
      bulk.sent();
    }
    this.#flush();
  }

  /** False once an established connection is gone: with reconnecting off, libzmq then takes away the pipe to the peer. */
  get alive(): boolean {
    return this.state !== "up" || this.#dealer.writable;
  }

  /** True while ZeroMQ has not taken everything that may be sent now. */
  get busy(): boolean {
    return this.#sending;
  }

  /** Lets go of the socket. libzmq goes on sending what it has been given for `lingerMs`. */
  close(lingerMs: number): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#queue = [];
    this.#signals = [];
    if (this.#dealer.closed) return; // between two attempts to connect
    this.#dealer.linger = lingerMs;
    this.#dealer.close();
    if (this.#events !== undefined) void this.#drain(this.#events);
  }

  #connect(attempt = 1): zmq.Dealer {
    const { library, context, keys, endpoint, routingId, silentMs } = this.#options;
    const dealer = new library.Dealer({
      ...clientOptions(keys),
      ...heartbeat(silentMs),
      context,
      routingId,
      linger: 0,
      sendHighWaterMark: 0,
      reconnectInterval: -1,
      handshakeInterval: 0, // a peer that computes cannot answer, and is not lost
      connectTimeout: 10_000,
      ipv6: endpoint.includes("["),
    });
    void this.#shakeHands(dealer, attempt);
    dealer.connect(endpoint);
    return dealer;
  }

  /**
   * Follows the socket's events until it is connected, and once more when it is closed. Keeps the process alive
   * meanwhile. The observer of an open socket must stay open: without a reader at the other end, libzmq's next event
   * would block its I/O thread, and with it every connection.
   */
  async #shakeHands(dealer: zmq.Dealer, attempt: number): Promise<void> {
    const begun = performance.now();
    const { events } = dealer;
    let reason = "";
    while (reason === "") {
      const event = await events.receive();
      if (event.type === "end") return;
      if (this.state === "closed") continue;
      switch (event.type) {
        case "handshake":
          this.#events = events;
          this.state = "up";
          return this.#flush();
        case "handshake:error:auth":
        case "handshake:error:protocol":
          this.#fail(
            new Error(`it refused the keys of this job (${event.error.message})`, { cause: event.error }),
          );
          break;
        case "handshake:error:other":
          reason = event.error.message;
          break;
        case "close":
        case "disconnect":
          reason = "nothing answers there";
      }
    }
    dealer.close();
    await this.#drain(events);
    const tries = performance.now() - begun < BUSY_MS ? attempt + 1 : 1;
    if (tries > ATTEMPTS) return this.#fail(new Error(`${reason}, tried ${ATTEMPTS} times`));
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt));
    if (this.state === "connecting") this.#dealer = this.#connect(tries);
  }

  /**
   * Reads the events of a closed socket to their end. Keeps this link and so the context in memory until then: a context
   * that is garbage never ends its sockets' events.
   */
  async #drain(events: zmq.Observer): Promise<void> {
    while ((await events.receive()).type !== "end");
    this.#events = undefined;
  }

  #flush(): void {
    if (this.state === "up" && !this.#sending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      for (let parts = this.#next(); parts !== undefined; parts = this.#next())
        await this.#dealer.send(parts);
    } catch (cause) {
      if (this.state !== "closed") this.#fail(new Error("sending failed", { cause }));
    } finally {
      this.#sending = false;
    }
  }

  /** Takes the next frame off the queues: signals, then short messages up to a chunk, then that chunk. */
  #next(): Buffer[] | undefined {
    const records = this.#signals;
    this.#signals = [];
    let bytes = 0;
    let count = 0;
    let chunk: Buffer | undefined;
    for (const item of this.#queue) {
      if (!Buffer.isBuffer(item)) {
        chunk = this.#nextChunk(item);
        if (chunk !== undefined) records.push(encodeSignal("chunk", chunk.length));
        if (item.posted === item.payload.byteLength) count++;
        break;
      }
      bytes += item.length;
      if (count > 0 && bytes > EAGER_BYTES) break;
      records.push(item);
      count++;
    }
    this.#queue.splice(0, count);
    if (records.length === 0) return undefined;
    for (const record of records) stamp(record, this.#sequence++);
    const frame = records.length === 1 ? records[0] : Buffer.concat(records);
    return chunk === undefined ? [frame] : [frame, chunk];
  }

  /** A view of the payload, not a copy: `sent` is called only when the peer has taken it. */
  #nextChunk(bulk: Bulk): Buffer | undefined {
    const bytes = Math.min(CHUNK_BYTES, bulk.payload.byteLength - bulk.posted);
    if (this.#underWay + bytes > WINDOW_BYTES) return undefined;
    const chunk = Buffer.from(bulk.payload.buffer, bulk.payload.byteOffset + bulk.posted, bytes);
    bulk.posted += bytes;
    this.#underWay += bytes;
    return chunk;
  }

  #fail(reason: Error): void {
    if (this.state === "closed") return;
    this.close(0);
    this.#options.onLost(reason);
  }
}
