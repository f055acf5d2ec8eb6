import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { env } from "../../env.js";
import type { Boot } from "../boot.js";
import { ASLEEP, ASLEEP_FOR_ROOM, AWAKE, DOZING, Line, LINE_BYTES, segmentLayout } from "../wire/segment.js";
import { Board, type BoardHost } from "./board.js";
import { DirectCopies } from "./direct-copy.js";
import { Patience } from "./patience.js";
import { Places } from "./places.js";
import { type Futex, posix } from "./posix.js";
import { Incoming, Outgoing, type Ring, ringBetween } from "./ring.js";
import type { Sink, Transport } from "./transport.js";
import { hasCode } from "../../thrown.js";

const POLL_US = 1000;
/** So many ranks find messages by looking into their rings; with more, senders count them on the receiver's bell. */
const FEW = 4;
const BELL = new Uint8Array(1);

/** What the ranks of a host share, and their places. */
export type SharedMemory = Pick<
  Boot,
  "rank" | "size" | "localRank" | "localSize" | "localRanks" | "segment" | "bells"
>;

/**
 * Ranks of one host exchange messages through memory that they all map: a ring of bytes from each rank to each other,
 * written by one and read by one, without locks. A rank that waits polls, then gives up its core between polls, then
 * dozes on a futex; after a millisecond it sleeps in its event loop. The first one that has something for it wakes it,
 * from the event loop by its doorbell, a pipe.
 */
export class ShmTransport implements Transport {
  readonly kind = "shm";
  readonly rank: number;
  readonly size: number;
  readonly pollUs = POLL_US;
  readonly crowded: boolean;
  readonly memory: ArrayBuffer;
  readonly local: number;
  readonly direct: DirectCopies | undefined;
  readonly #words: Int32Array;
  readonly #line: number;
  readonly #bells: readonly number[];
  readonly #doorbell: Socket;
  readonly #outgoing: Outgoing[] = [];
  readonly #incoming: Incoming[] = [];
  /** Local rank of a world rank. */
  readonly #places = new Map<number, number>();
  readonly #boardHost: BoardHost;
  readonly #boards: Places;
  readonly #patience: Patience;
  readonly #futex: Futex | undefined;
  /** The word that this rank sleeps on. */
  readonly #asleep: Int32Array;
  readonly #yieldCore: () => void;
  readonly #few: boolean;
  /** Outgoing rings with messages that found no room. */
  #blocked = 0;
  #lastBell = 0;
  #draining = false;
  #wake: (() => void) | undefined;

  /** @throws {Error} If the host's segment cannot be mapped. */
  constructor(boot: SharedMemory & Pick<Boot, "crowded">, sink: Sink) {
    const { segment, bells } = boot;
    if (segment === undefined || bells === undefined)
      throw new Error("shm: the agent offers no shared memory; use --transport zmq");
    this.rank = boot.rank;
    this.size = boot.size;
    this.local = boot.localRank;
    const system = posix();
    this.#yieldCore = () => system.yieldCore();
    this.crowded = boot.crowded;
    this.#few = boot.localSize <= FEW;
    this.#patience = new Patience(this.crowded);
    this.#futex = system.futex;
    this.memory = system.map(segment.fd, segment.bytes);
    this.#words = new Int32Array(this.memory);
    this.#line = (this.local * LINE_BYTES) / 4;
    const asleep = this.#line + Line.asleep;
    this.#asleep = this.#words.subarray(asleep, asleep + 1);
    this.#bells = bells.ring;
    this.#doorbell = new Socket({ fd: bells.own, readable: true, writable: false });
    this.#doorbell.on("data", () => this.wake()).unref();
    const { memory } = this;
    const layout = segmentLayout(boot.localSize);
    const peers = env.directCopy ? system.peerMemory : undefined;
    const patience = this.#patience;
    this.#boardHost = {
      memory,
      layout,
      peers,
      ring: (places) => {
        for (let i = 0; i < places.length; i++) this.#ring(places[i], "board");
      },
      rest: (round) => {
        if (round === 1) patience.gain();
        if (round > patience.spins) system.yieldCore();
        return round < patience.spins + patience.yields && !patience.isLate(round);
      },
    };
    this.#boards = new Places(memory, layout, this.local);
    const of = (rank: number): number | undefined => this.#places.get(rank);
    this.direct = peers && new DirectCopies(peers, { memory, layout, own: this.local, of });
    const ring = (from: number, to: number): Ring => ringBetween(this.memory, layout, from, to);
    boot.localRanks.forEach((rank, place) => {
      this.#places.set(rank, place);
      if (place === this.local) return;
      this.#outgoing[place] = new Outgoing(ring(this.local, place), () => this.#ring(place, "message"));
      this.#incoming[place] = new Incoming(ring(place, this.local), rank, sink);
    });
  }

  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    const place = this.#places.get(dest);
    if (place === undefined) throw new RangeError(`shm: rank ${dest} is on another host`);
    const outgoing = this.#outgoing[place];
    const wasBlocked = outgoing.blocked;
    outgoing.post(header, payload, sent);
    if (outgoing.blocked && !wasBlocked) this.#blocked++;
  }

  progress(): boolean {
    let moved = this.#hasNews() && this.#drain();
    if (this.#blocked > 0) moved = this.#push() || moved;
    if (this.direct?.busy) moved = this.direct.progress() || moved;
    return moved;
  }

  relax(round: number, glance: () => boolean, ready: () => boolean): void {
    const patience = this.#patience;
    if (round === 1) patience.gain();
    if (round <= patience.spins) return;
    // Nobody rings for room while this rank is awake, nor for a piece to copy.
    if (this.#blocked > 0 || this.direct?.busy) return this.#yieldCore();
    for (let look = 1; look <= patience.yields && !patience.isLate(look); look++) {
      this.#yieldCore();
      if (this.#hasNews() || glance()) return;
    }
    patience.lose();
    // While a sleep is pending the word says so, and others ring the doorbell for it: it must not be overwritten.
    if (this.#futex === undefined || this.#wake !== undefined) return;
    const word = this.#line + Line.asleep;
    Atomics.store(this.#words, word, DOZING);
    if (!this.#drain() && !ready()) this.#futex.wait(this.#asleep, DOZING);
    Atomics.store(this.#words, word, AWAKE);
  }

  async sleep(ready: () => boolean): Promise<void> {
    this.#doorbell.ref();
    await this.linger(ready);
    this.#doorbell.unref();
  }

  async linger(ready: () => boolean): Promise<void> {
    const word = this.#line + Line.asleep;
    Atomics.store(this.#words, word, this.#blocked > 0 ? ASLEEP_FOR_ROOM : ASLEEP);
    // Whoever wrote before it could see this rank asleep has not rung: look once more.
    if (this.#drain() || this.progress() || ready()) {
      Atomics.store(this.#words, word, AWAKE);
      return;
    }
    await new Promise<void>((wake) => (this.#wake = wake));
    Atomics.store(this.#words, word, AWAKE);
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  board(id: number, ranks: readonly number[]): Board | undefined {
    const places = ranks.map((rank) => this.#places.get(rank));
    if (!places.every((place) => place !== undefined)) return undefined;
    const partOf = (index: number, rank: number, free?: () => void): Board =>
      new Board(this.#boardHost, index, places, rank, free);
    const index = this.#boards.take(id, places, (taken) => {
      for (const rank of places.keys()) partOf(taken, rank).clear();
    });
    if (index === undefined) return undefined;
    return partOf(index, places.indexOf(this.local), () => this.#boards.leave(id, places, index));
  }

  async close(): Promise<void> {
    while (this.#blocked > 0) {
      if (!this.progress()) await this.sleep(() => false);
    }
    this.#doorbell.destroy();
  }

  /** A glance whether something has arrived; only #drain is sure of it. Few rings are looked into at once, for many there is a counter. */
  #hasNews(): boolean {
    if (!this.#few) return Atomics.load(this.#words, this.#line + Line.bell) !== this.#lastBell;
    for (let place = 0; place < this.#incoming.length; place++)
      if (place !== this.local && this.#incoming[place].ready) return true;
    return false;
  }

  /** Whether all that was posted is in the rings. */
  get idle(): boolean {
    return this.#blocked === 0;
  }

  /** Whether a message is being delivered: `progress` then delivers no other. */
  get delivering(): boolean {
    return this.#draining;
  }

  /** Delivers what has arrived. What a message sets off may wait for something itself, but must not deliver the next one. */
  #drain(): boolean {
    if (this.#draining) return false;
    let moved = false;
    this.#draining = true;
    this.#lastBell = Atomics.load(this.#words, this.#line + Line.bell);
    try {
      for (let place = 0; place < this.#incoming.length; place++) {
        if (place === this.local || !this.#incoming[place].drain()) continue;
        moved = true;
        this.#ring(place, "room");
      }
    } finally {
      this.#draining = false;
    }
    return moved;
  }

  /** Writes what found no room before. */
  #push(): boolean {
    let moved = false;
    for (let place = 0; place < this.#outgoing.length; place++) {
      if (place === this.local || !this.#outgoing[place].blocked || !this.#outgoing[place].push()) continue;
      moved = true;
      if (!this.#outgoing[place].blocked) this.#blocked--;
    }
    return moved;
  }

  /** Lets a rank know of a message, of room for one, or of a contribution to a board. */
  #ring(place: number, what: "message" | "room" | "board"): void {
    const line = (place * LINE_BYTES) / 4;
    if (what === "message" && !this.#few) Atomics.add(this.#words, line + Line.bell, 1);
    const asleep = Atomics.load(this.#words, line + Line.asleep);
    if (asleep === AWAKE || (what === "room" && asleep !== ASLEEP_FOR_ROOM)) return;
    const was = Atomics.exchange(this.#words, line + Line.asleep, AWAKE);
    if (was === AWAKE) return;
    if (was === DOZING)
      return this.#futex?.wake(this.#words.subarray(line + Line.asleep, line + Line.asleep + 1));
    try {
      writeSync(this.#bells[place], BELL);
    } catch (error) {
      // EAGAIN: the pipe is full of rings; EPIPE: nobody is left to hear. Neither loses anything.
      if (!hasCode(error, "EAGAIN", "EPIPE")) throw error;
    }
  }
}
