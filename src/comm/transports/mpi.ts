import { availableParallelism } from "node:os";
import { HEADER_WORDS } from "../envelope.js";
import { env } from "../../env.js";
import type { Board } from "./board.js";
import { Bulk } from "./mpi/bulk.js";
import { HostMemory } from "./mpi/host-memory.js";
import type { MpiJob } from "./mpi/job.js";
import { MpiCollectives } from "./mpi/collectives.js";
import { FRAME_BYTES, FRAME_HEADER_WORDS, FrameWord, Receives, Sends } from "./mpi/frames.js";
import type { Sink, Transport } from "./transport.js";

export { MpiEnding } from "./mpi/ending.js";
export { joinMpiJob } from "./mpi/job.js";

const POLL_US = 1000;
/** Frames that are taken in one go, so that a flood does not keep a rank from its own work. */
const BATCH = 64;
const INLINE_BYTES = FRAME_BYTES - 4 * FRAME_HEADER_WORDS;
const DATA_TAG = 2;

/**
 * Messages over a real MPI. Each is one frame, header and payload in pinned memory, received by one of a few standing
 * receives; a payload that does not fit follows in messages of its own, straight from and into the memory of the caller.
 * No call blocks: a rank that waits polls with MPI_Test, then gives up its core between polls, then polls from its event
 * loop, ever less often the longer it waits.
 */
export class MpiTransport implements Transport {
  readonly kind = "mpi";
  readonly rank: number;
  readonly size: number;
  readonly pollUs = POLL_US;
  readonly crowded: boolean;
  readonly hosts: readonly number[];
  readonly job: MpiJob;
  readonly native: MpiCollectives;
  readonly #hostMemory: HostMemory | undefined;
  readonly #sink: Sink;
  readonly #sends: Sends;
  readonly #receives: Receives;
  readonly #bulk: Bulk;
  readonly #yieldCore: () => void;
  /** Frames that found every place for sending taken, in order. */
  readonly #waiting: Outgoing[] = [];
  #delivering = false;
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
    this.#hostMemory = env.mpi.boards ? new HostMemory(job, this.crowded) : undefined;
    const isOneHost = job.localSize === job.size;
    const boardBytes = isOneHost ? this.#hostMemory?.valueBytes : undefined;
    this.native = new MpiCollectives(job, this.#bulk, boardBytes);
  }

  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    if (this.#waiting.length === 0 && this.#send(dest, header, payload, sent)) return;
    this.#waiting.push({ dest, header: header.slice(), payload, sent });
  }

  progress(): boolean {
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

  relax(round: number): void {
    if (this.crowded || round > SPINS) this.#yieldCore();
  }

  async sleep(ready: () => boolean): Promise<void> {
    const begun = performance.now();
    await new Promise<void>((wake) => {
      this.#wake = wake;
      const look = (): void => {
        if (this.#wake !== wake) return;
        if (this.progress() || ready()) return this.wake();
        if (this.#wake !== wake) return; // woken by what has arrived
        const sleptMs = performance.now() - begun;
        if (sleptMs < EAGER_MS) {
          this.#yieldCore();
          setImmediate(look);
        } else setTimeout(look, Math.min(sleptMs / 8, MAX_PAUSE_MS));
      };
      look();
    });
  }

  async linger(ready: () => boolean): Promise<void> {
    await new Promise<void>((wake) => {
      this.#wake = wake;
      const look = (): void => {
        if (this.#wake !== wake) return;
        if (this.progress() || ready()) this.wake();
        else if (this.#wake === wake) setTimeout(look, 1).unref();
      };
      look();
    });
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  board(index: number, ranks: readonly number[]): Board | undefined {
    return this.#hostMemory?.board(index, ranks);
  }

  async close(): Promise<void> {
    while (!this.idle) {
      if (!this.progress()) await new Promise((turn) => setImmediate(turn));
    }
  }

  /** Whether all that was posted has left. */
  get idle(): boolean {
    return this.#waiting.length === 0 && !this.#bulk.busy && this.#sends.idle();
  }

  /** Tells a rank that nothing more will come from this one, after all that was sent before. */
  sayFarewell(dest: number): void {
    this.post(dest, FAREWELL, NOTHING, () => undefined);
  }

  /** Takes back the standing receives; nothing may arrive any more. */
  stop(): void {
    this.#receives.cancel();
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
    const bytes = receives.valueBytes;
    if (words[FrameWord.kind] === FAREWELL_KIND) {
      receives.release();
      return this.#sink.lost(source, new Error("which has finished"));
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
/** Kind of the frame that says that a rank has finished; the engine's kinds are not negative. */
const FAREWELL_KIND = -1;
const FAREWELL = new Int32Array(HEADER_WORDS).fill(FAREWELL_KIND, 0, 1);
