import type * as zmq from "zeromq";
import { messageOf } from "../../../thrown.js";
import type { Boot } from "../../boot.js";
import { haveParted } from "../parting.js";
import type { Sink, Transport } from "../transport.js";
import { Arrivals } from "./arrivals.js";
import type { Gate } from "./curve.js";
import { decode, encodeHello, type Frame } from "./frames.js";
import { Link } from "./link.js";

/** How often connections are looked at, and messages for a rank that does not sleep. */
const TICK_MS = 50;
/** How long libzmq may go on sending after the sockets are closed. */
const LINGER_MS = 1_000;

/** What a rank knows of itself and of the job; without `hosts` all are on one. */
export type Place = Pick<Boot, "rank" | "size" | "jobId" | "curve"> &
  Partial<Pick<Boot, "hosts" | "silentMs" | "ports">>;

/** Turns away who has no key of the job, or claims a rank that is taken or of another job; drops what is no frame. */
export type ZmqTransport = Transport & Required<Pick<Transport, "refused" | "malformed">>;

/** What a rank receives by. */
export interface Sockets {
  readonly library: typeof zmq;
  readonly context: zmq.Context;
  readonly router: zmq.Router;
  readonly gate: Gate | undefined;
}

interface Peer {
  readonly rank: number;
  readonly link: Link;
  readonly arrivals: Arrivals;
  /** Name of the peer's connection to this rank, once it has said hello. */
  route: string | undefined;
  /** The peer will post no more. */
  saidBye: boolean;
  /** The peer has everything that this rank posted. */
  tookAll: boolean;
  /** Its connection looked broken at the last tick; what it sent before may still be on its way in. */
  suspect: boolean;
  lost: boolean;
  /** The sink knows. */
  reported: boolean;
}

/** The transport over the sockets of one rank; see {@link openZmq} in ../zmq.ts. */
export class Zmq implements ZmqTransport {
  readonly kind = "zmq";
  readonly pollUs = 0;
  readonly rank: number;
  readonly size: number;
  malformed = 0;
  readonly hosts: readonly number[] | undefined;
  readonly #boot: Place;
  readonly #sink: Sink;
  readonly #book: readonly string[];
  readonly #sockets: Sockets;
  readonly #peers = new Map<number, Peer>();
  readonly #routes = new Map<string, Peer>();
  readonly #ticker: NodeJS.Timeout;
  #strangers = 0;
  #receiving = false;
  #sleep: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #lastArrival = 0;
  #closing: Promise<void> | undefined;

  constructor(boot: Place, sink: Sink, book: readonly string[], sockets: Sockets) {
    this.rank = boot.rank;
    this.size = boot.size;
    this.hosts = boot.hosts;
    this.#boot = boot;
    this.#sink = sink;
    this.#book = book;
    this.#sockets = sockets;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  get refused(): number {
    return this.#strangers + (this.#sockets.gate?.refused ?? 0);
  }

  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    const peer = this.#peer(dest);
    peer.link.post(header, payload, sent);
    if (peer.lost) this.#report(peer, new Error("it has finished"));
  }

  /** Messages arrive by events only. */
  progress(): boolean {
    return false;
  }

  sleep(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    this.#sleep ??= new Promise((resolve) => (this.#wake = resolve));
    this.#listen();
    return this.#sleep;
  }

  wake(): void {
    const wake = this.#wake;
    this.#sleep = this.#wake = undefined;
    wake?.();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#lastArrival = performance.now();
    for (const { link } of this.#peers.values()) link.bye();
    while (!this.#settled()) await this.sleep(() => false); // ticks wake it, too
    clearInterval(this.#ticker);
    for (const { link } of this.#peers.values()) link.close(LINGER_MS);
    this.#sockets.router.close();
    this.#sockets.gate?.close();
    this.wake();
  }

  #settled(): boolean {
    const silenceMs = performance.now() - this.#lastArrival;
    return haveParted(this.#peers.values(), silenceMs, ({ link }) => link.busy);
  }

  /** The peer's end of everything; connects to it on first use. */
  #peer(rank: number): Peer {
    const known = this.#peers.get(rank);
    if (known !== undefined) return known;
    const { library, context } = this.#sockets;
    const { jobId, curve, silentMs } = this.#boot;
    const link = new Link({
      library,
      context,
      keys: curve,
      endpoint: this.#book[rank],
      silentMs,
      routingId: `${this.rank}:${Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("hex")}`,
      hello: encodeHello(this.rank, this.size, jobId),
      onLost: (reason) => this.#lose(peer, reason),
    });
    const arrivals = new Arrivals(rank, this.#sink, {
      taken: (bytes) => link.signal("credit", bytes),
      credit: (bytes) => link.credit(bytes),
      bye: () => {
        peer.saidBye = true;
        link.signal("done");
      },
      done: () => (peer.tookAll = true),
    });
    const peer: Peer = {
      rank,
      link,
      arrivals,
      route: undefined,
      saidBye: false,
      tookAll: false,
      suspect: false,
      lost: false,
      reported: false,
    };
    this.#peers.set(rank, peer);
    if (this.#closing !== undefined) link.bye();
    return peer;
  }

  #listen(): void {
    // Once all peers are here, whoever else comes can wait for the next tick.
    void this.#sockets.gate?.serve(() => this.#sleep !== undefined && this.#routes.size < this.size - 1);
    if (!this.#receiving) void this.#receive();
  }

  /** Takes messages while somebody sleeps or some are there. */
  async #receive(): Promise<void> {
    const { router } = this.#sockets;
    this.#receiving = true;
    while (!router.closed && (this.#sleep !== undefined || router.readable)) {
      const parts = await router.receive().catch(() => undefined); // nothing came for so long, or closed
      if (parts === undefined) continue;
      this.#lastArrival = performance.now();
      this.#take(parts);
      this.wake();
    }
    this.#receiving = false;
  }

  #take([route, data, chunk, ...rest]: readonly Buffer[]): void {
    let frames: Frame[] = [];
    try {
      if (data === undefined || rest.length > 0)
        throw new RangeError("zmq: a message of a wrong number of parts");
      frames = decode(data);
    } catch {
      this.malformed++; // if it came from a peer, its next record shows the gap
      return;
    }
    const name = route.toString("latin1");
    const peer = this.#routes.get(name) ?? this.#welcome(name, frames[0]);
    if (peer === undefined || peer.lost) return;
    try {
      peer.arrivals.take(frames, chunk);
    } catch (cause) {
      this.malformed++;
      this.#lose(peer, new Error(messageOf(cause), { cause }));
    }
  }

  /** A connection's first record must say who is there. Nobody else can be that rank afterwards. */
  #welcome(route: string, hello: Frame | undefined): Peer | undefined {
    const { rank, size, jobId } = hello?.kind === "hello" ? hello : { rank: -1, size: 0, jobId: "" };
    const member =
      rank >= 0 && rank < this.size && rank !== this.rank && size === this.size && jobId === this.#boot.jobId;
    const peer = member ? this.#peer(rank) : undefined;
    if (peer === undefined || peer.route !== undefined) {
      this.#strangers++;
      return undefined;
    }
    peer.route = route;
    this.#routes.set(route, peer);
    return peer;
  }

  #tick(): void {
    this.#listen();
    for (const peer of this.#peers.values()) {
      if (peer.lost || peer.link.alive) continue;
      if (peer.suspect && !this.#sockets.router.readable) this.#lose(peer, new Error("it was cut or ended"));
      peer.suspect = true;
    }
    if (this.#closing !== undefined) this.wake();
  }

  #lose(peer: Peer, reason: Error): void {
    if (peer.lost) return;
    peer.lost = true;
    peer.link.close(0);
    // A peer that has said goodbye is missed only if something is still posted to it.
    if (!peer.saidBye) {
      const what = `its connection with rank ${this.rank} broke: ${reason.message}`;
      this.#report(peer, new Error(what, { cause: reason }));
    }
    this.wake();
  }

  #report(peer: Peer, reason: Error): void {
    if (peer.reported) return;
    peer.reported = true;
    this.#sink.lost(peer.rank, reason);
  }
}
