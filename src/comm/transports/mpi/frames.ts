import { HEADER_WORDS } from "../../envelope.js";
import type { MpiJob } from "./job.js";
import type { Calls, Pinned } from "./library.js";

/** A frame: the envelope, who sends it, how long its payload is, and the payload unless that follows by itself. */
export const FRAME_BYTES = 8192;
export const FRAME_HEADER_WORDS = 16;
/** Words of a frame: the envelope's kind, then those after the envelope. */
export const FrameWord = {
  kind: 0,
  source: HEADER_WORDS,
  bytesLow: HEADER_WORDS + 1,
  bytesHigh: HEADER_WORDS + 2,
} as const;

const HEADER_BYTES = 4 * FRAME_HEADER_WORDS;
const FRAME_TAG = 1;
const SEND_PLACES = 64;
const RECEIVE_PLACES = 32;
/** Payloads up to this size are copied byte by byte: cheaper than making a view. */
const TINY_BYTES = 64;

/** Places for frames, with a request each, in memory that does not move. */
class Places {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly flag: Int32Array;
  readonly count: number;
  readonly #frames: Pinned;
  readonly #requests: Pinned;

  constructor(job: MpiJob, count: number) {
    this.count = count;
    this.#frames = job.mpi.allocate(count * FRAME_BYTES);
    this.#requests = job.mpi.allocate(8 * (count + 1));
    this.words = new Int32Array(this.#frames.memory);
    this.bytes = new Uint8Array(this.#frames.memory);
    this.flag = new Int32Array(this.#requests.memory, 8 * count, 1);
  }

  frame(place: number): number {
    return this.#frames.address + place * FRAME_BYTES;
  }

  request(place: number): number {
    return this.#requests.address + 8 * place;
  }

  get flagAddress(): number {
    return this.request(this.count);
  }
}

/** Outgoing frames. A place is free again when MPI has taken its frame; they are asked in order, and only when needed. */
export class Sends {
  readonly #job: MpiJob;
  readonly #places: Places;
  readonly #byte: number;
  #next = 0;
  /** Places from `#oldest` to `#next` may still be read by MPI. */
  #oldest = 0;
  #busy = 0;

  constructor(job: MpiJob) {
    this.#job = job;
    this.#places = new Places(job, SEND_PLACES);
    this.#byte = job.mpi.handle("BYTE");
  }

  /** Sends a frame, with its payload if that is `inline`; false if there is no place for it now. */
  post(dest: number, header: Int32Array, payload: Uint8Array, inline: boolean): boolean {
    if (this.#busy === SEND_PLACES && !this.#reclaim()) return false;
    const { mpi, comm, rank } = this.#job;
    const { words, bytes } = this.#places;
    const place = this.#next;
    const length = payload.byteLength;
    const at = (place * FRAME_BYTES) / 4;
    for (let i = 0; i < HEADER_WORDS; i++) words[at + i] = header[i];
    words[at + FrameWord.source] = rank;
    words[at + FrameWord.bytesLow] = length | 0;
    words[at + FrameWord.bytesHigh] = Math.floor(length / 2 ** 32);
    let total = HEADER_BYTES;
    if (inline) {
      total += length;
      const start = place * FRAME_BYTES + HEADER_BYTES;
      if (length > TINY_BYTES) bytes.set(payload, start);
      else for (let i = 0; i < length; i++) bytes[start + i] = payload[i];
    }
    const code = mpi.calls.isend(
      this.#places.frame(place),
      total,
      this.#byte,
      dest,
      FRAME_TAG,
      comm,
      this.#places.request(place),
    );
    if (code !== 0) mpi.check(code, "MPI_Isend");
    this.#next = place + 1 === SEND_PLACES ? 0 : place + 1;
    this.#busy++;
    return true;
  }

  /** Whether MPI has taken every frame. */
  idle(): boolean {
    while (this.#busy > 0) if (!this.#reclaimOne()) return false;
    return true;
  }

  /** Frees what can be freed of the older half of all places: the rest is likely still on its way. */
  #reclaim(): boolean {
    let freed = 0;
    while (freed < SEND_PLACES / 2 && this.#reclaimOne()) freed++;
    return freed > 0;
  }

  #reclaimOne(): boolean {
    const { mpi } = this.#job;
    const { flag, flagAddress } = this.#places;
    const code = mpi.calls.test(this.#places.request(this.#oldest), flagAddress, mpi.abi.STATUS_IGNORE);
    if (code !== 0) mpi.check(code, "MPI_Test");
    if (flag[0] === 0) return false;
    this.#oldest = this.#oldest + 1 === SEND_PLACES ? 0 : this.#oldest + 1;
    this.#busy--;
    return true;
  }
}

/**
 * Incoming frames. The standing receives are posted in the order of their places and match in that order, so that only
 * the oldest needs to be asked.
 */
export class Receives {
  readonly #job: MpiJob;
  readonly #places: Places;
  readonly #words: readonly Int32Array[];
  readonly #headers: readonly Int32Array[];
  readonly #calls: Calls;
  readonly #statusIgnore: number;
  readonly #flag: Int32Array;
  readonly #flagAddress: number;
  #place = 0;
  #request: number;

  constructor(job: MpiJob) {
    this.#job = job;
    this.#places = new Places(job, RECEIVE_PLACES);
    const { mpi, comm } = job;
    const places = Array.from({ length: RECEIVE_PLACES }, (_, place) => place);
    const view = (place: number, length: number): Int32Array =>
      new Int32Array(this.#places.words.buffer, this.#places.words.byteOffset + place * FRAME_BYTES, length);
    this.#words = places.map((place) => view(place, FRAME_HEADER_WORDS));
    this.#headers = places.map((place) => view(place, HEADER_WORDS));
    this.#calls = mpi.calls;
    this.#statusIgnore = mpi.abi.STATUS_IGNORE;
    this.#flag = this.#places.flag;
    this.#flagAddress = this.#places.flagAddress;
    for (const place of places) {
      const request = this.#places.request(place);
      const code = mpi.calls.recvInit(
        this.#places.frame(place),
        FRAME_BYTES,
        mpi.handle("BYTE"),
        mpi.abi.ANY_SOURCE,
        FRAME_TAG,
        comm,
        request,
      );
      mpi.check(code, "MPI_Recv_init");
      mpi.check(mpi.calls.start(request), "MPI_Start");
    }
    this.#request = this.#places.request(0);
  }

  /** Whether there is a frame; it stays until `release`. */
  arrived(): boolean {
    const code = this.#calls.test(this.#request, this.#flagAddress, this.#statusIgnore);
    if (code !== 0) this.#job.mpi.check(code, "MPI_Test");
    return this.#flag[0] !== 0;
  }

  get words(): Int32Array {
    return this.#words[this.#place];
  }

  get header(): Int32Array {
    return this.#headers[this.#place];
  }

  get valueBytes(): number {
    const { words } = this;
    return (words[FrameWord.bytesLow] >>> 0) + words[FrameWord.bytesHigh] * 2 ** 32;
  }

  copyTo(memory: Uint8Array): void {
    const { bytes } = this.#places;
    const start = this.#place * FRAME_BYTES + HEADER_BYTES;
    const { byteLength } = memory;
    if (byteLength > TINY_BYTES) memory.set(bytes.subarray(start, start + byteLength));
    else for (let i = 0; i < byteLength; i++) memory[i] = bytes[start + i];
  }

  /** The frame has been read: its place receives again. */
  release(): void {
    const code = this.#job.mpi.calls.start(this.#request);
    if (code !== 0) this.#job.mpi.check(code, "MPI_Start");
    this.#place = this.#place + 1 === RECEIVE_PLACES ? 0 : this.#place + 1;
    this.#request = this.#places.request(this.#place);
  }

  /** Ends all receives. */
  cancel(): void {
    const { mpi } = this.#job;
    for (let place = 0; place < RECEIVE_PLACES; place++) {
      const request = this.#places.request(place);
      mpi.calls.cancel(request);
      mpi.calls.wait(request, mpi.abi.STATUS_IGNORE);
      mpi.calls.requestFree(request);
    }
  }
}
