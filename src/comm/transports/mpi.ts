import { availableParallelism } from "node:os";
import { HEADER_WORDS } from "../envelope.js";
import { env } from "../../env.js";
import type { Board } from "./board.js";
import { Bulk } from "./mpi/bulk.js";
import { shareHost } from "./mpi/host-memory.js";
import type { MpiJob } from "./mpi/job.js";
import { MpiCollectives } from "./mpi/collectives.js";
import { FRAME_BYTES, FRAME_HEADER_WORDS, FrameWord, Receives, Sends } from "./mpi/frames.js";
import { ShmTransport } from "./shm.js";
import type { DirectCopy, Sink, Transport } from "./transport.js";

export { MpiEnding } from "./mpi/ending.js";
export { joinMpiJob } from "./mpi/job.js";

const POLL_US = 1000;
/** Frames that are taken in one go, so that a flood does not keep a rank from its own work. */
const BATCH = 64;
const INLINE_BYTES = FRAME_BYTES - 4 * FRAME_HEADER_WORDS;
const DATA_TAG = 2;
/** Rounds of polling shared memory between two looks at MPI, where hardly anything comes that way. */
const MPI_ROUNDS = 64;

/**
 * Messages over a real MPI between hosts; inside a host through shared memory of tsmpi's own, since MPI would cost a
 * foreign call for every look.
 *
 * What MPI carries is one frame each, header and payload in pinned memory, received by one of a few standing receives; a
 * payload that does not fit follows in messages of its own, straight from and into the memory of the caller. No call
 * blocks: a rank that waits polls with MPI_Test, then gives up its core between polls, then polls from its event loop,
 * ever less often the longer it waits, unless a message in shared memory wakes it.
 */
export class MpiTransport implements Transport {
  readonly kind = "mpi";
  readonly rank: number;
  readonly size: number;
  readonly pollUs = POLL_US;
  readonly crowded: boolean;
  readonly hosts: readonly number[];
  readonly job: MpiJob;
  readonly native: MpiCollectives | undefined;
  readonly direct: DirectCopy | undefined;
  /** Shared memory with the ranks of this host, unless there is none. */
  readonly #near: ShmTransport | undefined;
  readonly #isNear: readonly boolean[];
  readonly #allNear: boolean;
  /** Ranks that have said that they end, while shared memory was delivering a message. */
  readonly #leaving: { readonly rank: number; readonly kind: number }[] = [];
  readonly #sink: Sink;
  readonly #sends: Sends;
  readonly #receives: Receives;
  readonly #bulk: Bulk;
  readonly #yieldCore: () => void;
  /** Frames that found every place for sending taken, in order. */
  readonly #waiting: Outgoing[] = [];
  #delivering = false;
  #round = 0;
  #wake: (() => void) | undefined;

  constructor(job: MpiJob, sink: Sink) {
    this.job = job;
    this.rank = job.rank;
    this.size = job.size;
    this.hosts = job.hosts;
    this.#sink = sink;
    this.crowded = job.localSize > availableParallelism();
    this.#yieldCore = () => job.mpi.yieldCore();
    this.#sends = new Sends(job);
    this.#receives = new Receives(job);
    this.#bulk = new Bulk(job, DATA_TAG);
    const memory = env.mpi.sharedMemory && job.localSize > 1 ? shareHost(job) : undefined;
    const near = memory && new ShmTransport({ ...memory, crowded: this.crowded }, sink);
    this.#near = near;
    this.#isNear = job.hosts.map((host) => near !== undefined && host === job.hosts[job.rank]);
    this.#allNear = this.#isNear.every((isNear) => isNear);
    const { direct } = near ?? {};
    this.direct = direct && {
      offer: (dest, payload) => (this.#isNear[dest] ? direct.offer(dest, payload) : undefined),
      take: (...copy) => direct.take(...copy), // only those who share memory offer
      retract: (ticket) => direct.retract(ticket),
    };
    const shareMemory = (ranks: readonly number[]): boolean => ranks.every((rank) => this.#isNear[rank]);
    this.native = this.#allNear ? undefined : new MpiCollectives(job, this.#bulk, shareMemory);
  }

  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    if (this.#near !== undefined && this.#isNear[dest]) this.#near.post(dest, header, payload, sent);
    else this.#post(dest, header, payload, sent);
  }

  progress(): boolean {
    const moved = this.#near?.progress() ?? false;
    if (this.#leaving.length > 0) this.#leave();
    if ((moved || this.#quiet) && ++this.#round % MPI_ROUNDS !== 0) return moved;
    return this.#progressMpi() || moved;
  }

  relax(round: number, glance: () => boolean, ready: () => boolean): void {
    if (this.#quiet) this.#near?.relax(round, glance, ready);
    else if (this.crowded || round > SPINS) this.#yieldCore();
  }

  async sleep(ready: () => boolean): Promise<void> {
    const near = this.#near?.sleep(ready);
    await this.#either(near, this.#poll(ready, { eager: !this.#quiet }));
  }

  async linger(ready: () => boolean): Promise<void> {
    const near = this.#near?.linger(ready);
    await this.#either(near, this.#poll(ready, { background: true }));
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
    this.#near?.wake();
  }

  board(id: number, ranks: readonly number[]): Board | undefined {
    return ranks.every((rank) => this.#isNear[rank]) ? this.#near?.board(id, ranks) : undefined;
  }

  async close(): Promise<void> {
    while (!this.idle) {
      if (!this.progress()) await new Promise((turn) => setImmediate(turn));
    }
    await this.#near?.close();
  }

  /** Whether all that was posted has left. Collectives that were given up may never end; both MPIs can leave them. */
  get idle(): boolean {
    const near = this.#near?.idle ?? true;
    return near && this.#waiting.length === 0 && !this.#bulk.isAwaited && this.#sends.idle();
  }

  /** Tells all others, after all that was sent before, that this rank calls nothing more, or that it answers no more. */
  announce(what: "ended" | "silent"): void {
    const header = new Int32Array(HEADER_WORDS).fill(what === "ended" ? ENDED : SILENT, 0, 1);
    for (let i = 1; i < this.size; i++)
      this.#post((this.rank + i) % this.size, header, NOTHING, () => undefined);
  }

  /** Whether MPI moves anything large or does a collective, be it one that was given up. */
  get isBusy(): boolean {
    return this.#bulk.busy;
  }

  /** Takes back the standing receives; nothing may arrive any more, and nothing starts. */
  stop(): void {
    this.#bulk.close();
    this.#receives.cancel();
  }

  /** MPI has nothing to do but to bring farewells. */
  get #quiet(): boolean {
    return this.#allNear && !this.#bulk.busy && this.#waiting.length === 0;
  }

  async #either(near: Promise<void> | undefined, far: Promise<void>): Promise<void> {
    if (near !== undefined) await Promise.race([near, far]);
    if (near !== undefined) this.wake();
    await Promise.all([near, far]);
  }

  /** Polls MPI from the event loop until something has arrived, or until woken; ever less often. */
  async #poll(ready: () => boolean, { eager = false, background = false }): Promise<void> {
    const begun = performance.now();
    await new Promise<void>((wake) => {
      this.#wake = wake;
      const look = (): void => {
        if (this.#wake !== wake) return;
        if (this.#progressMpi() || ready()) return this.wake();
        if (this.#wake !== wake) return; // woken by what has arrived
        const sleptMs = performance.now() - begun;
        if (background) setTimeout(look, 1).unref();
        else if (eager && sleptMs < EAGER_MS) {
          this.#yieldCore();
          setImmediate(look);
        } else setTimeout(look, Math.min(1 + sleptMs / 8, MAX_PAUSE_MS));
      };
      look();
    });
  }

  #progressMpi(): boolean {
    if (this.#delivering) return false; // whoever takes a frame has asked for more
    let moved = false;
    for (let taken = 0; taken < BATCH && this.#receives.arrived(); taken++) {
      this.#deliver();
      moved = true;
    }
    if (this.#bulk.busy) moved = this.#bulk.progress() || moved;
    if (this.#waiting.length > 0) moved = this.#push() || moved;
    return moved;
  }

  #post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    if (this.#waiting.length === 0 && this.#send(dest, header, payload, sent)) return;
    this.#waiting.push({ dest, header: header.slice(), payload, sent });
  }

  /** Ranks end: all that they sent before is in MPI's hands or in shared memory, which is looked at first. */
  #leave(): void {
    if (this.#near?.delivering === true) return;
    this.#near?.progress();
    for (const { rank, kind } of this.#leaving.splice(0)) {
      if (kind === ENDED) this.#sink.ended(rank);
      else this.#sink.lost(rank, new Error("which has finished"));
    }
  }

  #send(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): boolean {
    const inline = payload.byteLength <= INLINE_BYTES;
    if (!this.#sends.post(dest, header, payload, inline)) return false;
    if (inline) sent();
    else this.#bulk.send(dest, payload, sent);
    return true;
  }

  #push(): boolean {
    let count = 0;
    for (const { dest, header, payload, sent } of this.#waiting) {
      if (!this.#send(dest, header, payload, sent)) break;
      count++;
    }
    this.#waiting.splice(0, count);
    return count > 0;
  }

  #deliver(): void {
    const receives = this.#receives;
    const words = receives.words;
    const source = words[FrameWord.source];
    const kind = words[FrameWord.kind];
    const bytes = receives.valueBytes;
    if (kind === ENDED || kind === SILENT) {
      receives.release();
      this.#leaving.push({ rank: source, kind });
      return this.#leave();
    }
    this.#delivering = true; // the header is in the frame's place
    const landing = this.#sink.begin(source, receives.header, bytes);
    this.#delivering = false;
    if (bytes > INLINE_BYTES) {
      receives.release();
      return this.#bulk.receive(source, landing);
    }
    if (bytes > 0) receives.copyTo(landing.memory);
    receives.release();
    landing.done();
  }
}

interface Outgoing {
  readonly dest: number;
  readonly header: Int32Array;
  readonly payload: Uint8Array;
  readonly sent: () => void;
}

/** Polls at full speed before a rank begins to give up its core between two polls. */
const SPINS = 256;
/** So long a sleeping rank polls at every turn of its event loop; then after an eighth of the time it has slept. */
const EAGER_MS = 4;
const MAX_PAUSE_MS = 5;

const NOTHING = new Uint8Array(0);
/** Kinds of frames that say how a rank ends; the engine's kinds are not negative. */
const ENDED = -1;
const SILENT = -2;
