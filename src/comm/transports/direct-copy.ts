import type { DirectCopy } from "./transport.js";
import type { PeerMemory } from "./posix.js";
import { type SegmentLayout, Transfer, TRANSFER_BYTES, TRANSFERS } from "../wire/segment.js";

/** A large payload is copied in pieces, about so many, by whoever of the two ranks has time for the next one. */
const PIECES = 8;
const PIECE_BYTES_MIN = 32 * 1024;
const PIECE_BYTES_MAX = 256 * 1024;
/** Pieces that are copied between two looks at messages. */
const BURST_PIECES = 32;
const NONE = -1;

/** Where the ranks of a host are, by local rank. */
interface Place {
  readonly memory: ArrayBuffer;
  readonly layout: SegmentLayout;
  readonly own: number;
  /** Local rank of a world rank, if it is on this host. */
  readonly of: (rank: number) => number | undefined;
}

/** A payload that this rank copies from another one. */
interface Taking {
  readonly pid: number;
  readonly address: number;
  readonly memory: Uint8Array;
  /** Words of the shared transfer; NONE if the sender has lent none: then this rank copies all. */
  readonly transfer: number;
  next: number;
  readonly done: () => void;
}

/**
 * Large payloads go from the memory of the sender to that of the receiver in one copy. The receiver copies piece after
 * piece; a sender that has nothing better to do than to wait writes pieces as well, so that two cores share the work.
 *
 * A ticket says where the payload is: address, bytes, process, and the transfer in shared memory in which both count
 * pieces: whoever adds 1 to `next` copies that piece, and adds 1 to `done` afterwards.
 *
 * @see Goglin & Moreaud, J. Parallel Distrib. Comput. 73(2), 2013, doi:10.1016/j.jpdc.2012.09.016 (KNEM)
 */
export class DirectCopies implements DirectCopy {
  readonly #peers: PeerMemory;
  readonly #place: Place;
  readonly #words: Int32Array;
  readonly #unsigned: Uint32Array;
  readonly #offers: (Uint8Array | undefined)[] = Array.from({ length: TRANSFERS });
  #offered = 0;
  #takings: Taking[] = [];

  constructor(peers: PeerMemory, place: Place) {
    this.#peers = peers;
    this.#place = place;
    this.#words = new Int32Array(place.memory);
    this.#unsigned = new Uint32Array(place.memory);
  }

  /** Whether there is something to copy. */
  get busy(): boolean {
    return this.#takings.length > 0 || this.#offered > 0;
  }

  /** Whether a payload is on its way in: this rank must not sleep. */
  get taking(): boolean {
    return this.#takings.length > 0;
  }

  offer(dest: number, payload: Uint8Array): Uint8Array | undefined {
    if (this.#place.of(dest) === undefined) return undefined;
    const index = this.#offers.indexOf(undefined);
    if (index >= 0) {
      const word = this.#transfer(this.#place.own, index);
      for (const field of [Transfer.next, Transfer.done, Transfer.ready])
        Atomics.store(this.#words, word + field, 0);
      this.#offers[index] = payload;
      this.#offered++;
    }
    const address = this.#peers.addressOf(payload);
    return new Uint8Array(Float64Array.of(address, payload.byteLength, process.pid, index).buffer);
  }

  take(source: number, ticket: Uint8Array, memory: Uint8Array, done: () => void): void {
    const [address, , pid, index] = new Float64Array(ticket.slice().buffer);
    const place = this.#place.of(source);
    const transfer = index < 0 || place === undefined ? NONE : this.#transfer(place, index);
    const taking: Taking = { pid, address, memory, transfer, next: 0, done };
    if (transfer !== NONE) {
      const here = this.#peers.addressOf(memory);
      this.#words[transfer + Transfer.pid] = process.pid;
      this.#unsigned[transfer + Transfer.addressLow] = here % 2 ** 32;
      this.#unsigned[transfer + Transfer.addressHigh] = Math.floor(here / 2 ** 32);
      Atomics.store(this.#words, transfer + Transfer.ready, 1);
    }
    if (!this.#advance(taking)) this.#takings.push(taking);
  }

  retract(ticket: Uint8Array): void {
    const index = new Float64Array(ticket.buffer, ticket.byteOffset, 4)[3];
    if (index < 0) return;
    this.#offers[index] = undefined;
    this.#offered--;
  }

  /** Copies some pieces; true if there were any. */
  progress(): boolean {
    let moved = false;
    if (this.#takings.length > 0) {
      const takings = this.#takings;
      this.#takings = [];
      for (const taking of takings) if (!this.#advance(taking)) this.#takings.push(taking);
      moved = true;
    }
    for (let index = 0; this.#offered > 0 && index < TRANSFERS; index++) {
      const payload = this.#offers[index];
      if (payload !== undefined && this.#help(this.#transfer(this.#place.own, index), payload)) moved = true;
    }
    return moved;
  }

  /** The receiver's part; true if the payload is complete. */
  #advance(taking: Taking): boolean {
    const { pid, address, memory, transfer } = taking;
    const bytes = pieceBytes(memory);
    const pieces = Math.ceil(memory.byteLength / bytes);
    for (let burst = 0; burst < BURST_PIECES; burst++) {
      const piece = transfer === NONE ? taking.next++ : Atomics.add(this.#words, transfer + Transfer.next, 1);
      if (piece >= pieces) break;
      const start = piece * bytes;
      this.#peers.read(pid, address + start, memory.subarray(start, start + bytes));
      if (transfer !== NONE) Atomics.add(this.#words, transfer + Transfer.done, 1);
    }
    const finished =
      transfer === NONE
        ? taking.next > pieces
        : Atomics.load(this.#words, transfer + Transfer.done) === pieces;
    if (finished) taking.done();
    return finished;
  }

  /** The sender's part; true if it has copied anything. */
  #help(transfer: number, payload: Uint8Array): boolean {
    if (Atomics.load(this.#words, transfer + Transfer.ready) === 0) return false;
    const bytes = pieceBytes(payload);
    const pieces = Math.ceil(payload.byteLength / bytes);
    const address =
      this.#unsigned[transfer + Transfer.addressLow] +
      this.#unsigned[transfer + Transfer.addressHigh] * 2 ** 32;
    for (let burst = 0; burst < BURST_PIECES; burst++) {
      if (Atomics.load(this.#words, transfer + Transfer.next) >= pieces) return burst > 0;
      const piece = Atomics.add(this.#words, transfer + Transfer.next, 1);
      if (piece >= pieces) return burst > 0;
      const start = piece * bytes;
      this.#peers.write(
        this.#words[transfer + Transfer.pid],
        address + start,
        payload.subarray(start, start + bytes),
      );
      Atomics.add(this.#words, transfer + Transfer.done, 1);
    }
    return true;
  }

  #transfer(place: number, index: number): number {
    return (this.#place.layout.copies + (place * TRANSFERS + index) * TRANSFER_BYTES) / 4;
  }
}

/** Both ranks cut a payload in the same way, by its length alone, at the pages of memory. */
function pieceBytes({ byteLength }: Uint8Array): number {
  const even = (Math.ceil(byteLength / PIECES) + 4095) & ~4095;
  return Math.min(Math.max(even, PIECE_BYTES_MIN), PIECE_BYTES_MAX);
}
