import { type Landing, type Sink, type Transport } from "./transport.js";

export interface SimOptions {
  /** Seed of the delivery order; the same seed gives the same order. Default 1. */
  seed?: number;
  /** Deliver in a random order, as far as order between two ranks allows, with random delays. Default true. */
  shuffle?: boolean;
  /** Told of every message, by world ranks: to count what a program sends where. */
  onMessage?: (source: number, dest: number, bytes: number) => void;
  /** Host of each rank, for collectives that care; default: all on one. */
  hosts?: readonly number[];
}

interface Parcel {
  readonly source: number;
  readonly header: Int32Array;
  readonly payload: Uint8Array;
  /** Set while the payload still is the sender's memory. */
  readonly sent: (() => void) | undefined;
}

/**
 * A network between virtual ranks in one process. Every pair of ranks has a channel that keeps its order; which channel
 * delivers next is drawn at random, so that a test meets many interleavings, and the same ones for the same seed.
 *
 * When every rank that still runs sleeps and no message is under way, nothing can ever move again: all waits then fail
 * with an error instead of hanging.
 */
export class SimNetwork {
  readonly size: number;
  readonly hosts: readonly number[] | undefined;
  readonly #onMessage: SimOptions["onMessage"];
  readonly #random: () => number;
  readonly #shuffle: boolean;
  /** Channel source · size + dest, if it has parcels. */
  readonly #channels = new Map<number, Parcel[]>();
  readonly #ends: SimTransport[] = [];
  readonly #running = new Set<number>();
  #turning = false;

  constructor(size: number, { seed = 1, shuffle = true, hosts, onMessage }: SimOptions = {}) {
    this.size = size;
    this.hosts = hosts;
    this.#onMessage = onMessage;
    this.#random = generator(seed);
    this.#shuffle = shuffle;
    for (let rank = 0; rank < size; rank++) this.#running.add(rank);
  }

  attach(rank: number, sink: Sink): Transport {
    const end = new SimTransport(this, rank, sink);
    this.#ends[rank] = end;
    return end;
  }

  post(source: number, dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    this.#onMessage?.(source, dest, payload.byteLength);
    // Half of the sends keep the sender's memory until delivery, as a real transport may: early reuse of it shows.
    const keep = this.#shuffle && this.#random() < 0.5;
    const parcel = {
      source,
      header: header.slice(),
      payload: keep ? payload : payload.slice(),
      sent: keep ? sent : undefined,
    };
    const key = source * this.size + dest;
    const channel = this.#channels.get(key);
    if (channel === undefined) this.#channels.set(key, [parcel]);
    else channel.push(parcel);
    if (!keep) sent();
    this.turn();
  }

  /** A rank's program has ended, well or not: who waits for it fails once its messages are delivered. */
  finish(rank: number): void {
    this.#running.delete(rank);
    this.turn();
  }

  turn(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#turning = false;
    if (this.#channels.size === 0) return this.#stall();
    const keys = [...this.#channels.keys()];
    const count = this.#shuffle ? 1 + Math.floor(this.#random() * keys.length) : keys.length;
    for (let i = 0; i < count; i++) {
      const pick = this.#shuffle ? i + Math.floor(this.#random() * (keys.length - i)) : i;
      [keys[i], keys[pick]] = [keys[pick], keys[i]];
      this.#deliverOne(keys[i]);
    }
    this.turn();
  }

  #deliverOne(key: number): void {
    const channel = this.#channels.get(key);
    const parcel = channel?.shift();
    if (channel === undefined || parcel === undefined) return;
    if (channel.length === 0) this.#channels.delete(key);
    const end = this.#ends[key % this.size];
    const landing: Landing = end.sink.begin(parcel.source, parcel.header, parcel.payload.byteLength);
    landing.memory.set(parcel.payload);
    landing.done();
    parcel.sent?.();
    end.wake();
  }

  /** No message is under way. */
  #stall(): void {
    for (const end of this.#ends) {
      for (let peer = 0; peer < this.size; peer++) {
        if (peer !== end.rank && !this.#running.has(peer)) this.#lose(end, peer, "which has finished");
      }
    }
    const waiting = [...this.#running].map((rank) => this.#ends[rank]);
    if (waiting.length === 0 || this.#channels.size > 0 || !waiting.every((end) => end.sleeping)) return;
    if (waiting.some((end) => end.sink.patient)) return;
    for (const end of waiting) {
      for (let peer = 0; peer < this.size; peer++) {
        if (peer !== end.rank)
          this.#lose(end, peer, "but every rank waits and no message is under way (a deadlock)");
      }
    }
  }

  #lose(end: SimTransport, peer: number, reason: string): void {
    end.sink.lost(peer, new Error(reason));
    end.wake();
  }
}

class SimTransport implements Transport {
  readonly kind = "sim";
  readonly pollUs = 0;
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly number[] | undefined;
  readonly sink: Sink;
  readonly #network: SimNetwork;
  #wake: (() => void) | undefined;

  constructor(network: SimNetwork, rank: number, sink: Sink) {
    this.#network = network;
    this.rank = rank;
    this.size = network.size;
    this.hosts = network.hosts;
    this.sink = sink;
  }

  get sleeping(): boolean {
    return this.#wake !== undefined;
  }

  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    this.#network.post(this.rank, dest, header, payload, sent);
  }

  progress(): boolean {
    return false;
  }

  sleep(): Promise<void> {
    this.#network.turn();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  async close(): Promise<void> {
    this.#network.finish(this.rank);
  }
}

/** Uniform numbers in [0, 1). @see Steele, Lea & Flood, OOPSLA 2014 (SplitMix), doi:10.1145/2660193.2660195 */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let h = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
  };
}
