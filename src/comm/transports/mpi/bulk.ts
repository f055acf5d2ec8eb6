import type { Landing } from "../transport.js";
import type { MpiJob } from "./job.js";
import type { Address, Pinned } from "./library.js";

/** A message of MPI counts its bytes in an int; longer payloads are several. */
const PIECE_BYTES = 2 ** 30;
/** Requests that are allocated together. */
const BLOCK = 64;

interface Transfer {
  /** What MPI reads or writes: kept alive until it is complete. */
  readonly buffers: unknown;
  readonly done: () => void;
  /** Pieces that are not complete. */
  left: number;
  isAbandoned: boolean;
}

/**
 * Payloads that travel by themselves, straight from the memory of the sender into that of the receiver. Between two
 * ranks they are started in the same order on both sides, that of their frames, so that one tag is enough.
 */
export class Bulk {
  readonly #job: MpiJob;
  readonly #tag: number;
  readonly #flag: Pinned;
  readonly #flagWord: Int32Array;
  /** Addresses of requests that are not in use; as many are made as are needed at a time. */
  readonly #free: Address[] = [];
  isClosed = false;
  readonly #active: { readonly request: Address; readonly transfer: Transfer }[] = [];

  constructor(job: MpiJob, tag: number) {
    this.#job = job;
    this.#tag = tag;
    this.#flag = job.mpi.allocate(4);
    this.#flagWord = new Int32Array(this.#flag.memory, 0, 1);
  }

  get busy(): boolean {
    return this.#active.length > 0;
  }

  /** Whether somebody waits for what is under way. */
  get isAwaited(): boolean {
    return this.#active.some(({ transfer }) => !transfer.isAbandoned);
  }

  /** Sends a payload, which stays as it is until `done`. */
  send(peer: number, memory: Uint8Array, done: () => void): void {
    this.#begin(peer, memory, false, done);
  }

  receive(peer: number, landing: Landing): void {
    this.#begin(peer, landing.memory, true, () => landing.done());
  }

  /**
   * Starts a request of another kind.
   *
   * @returns What says that nobody waits for it any more.
   */
  start(call: string, buffers: unknown, begin: (request: Address) => number, done: () => void): () => void {
    if (this.isClosed) return () => undefined; // the program is over: nobody waits for it
    const request = this.#request();
    this.#job.mpi.check(begin(request), call);
    const transfer = { buffers, done, left: 1, isAbandoned: false };
    this.#active.push({ request, transfer });
    return () => (transfer.isAbandoned = true);
  }

  /** MPI is about to be finalized. */
  close(): void {
    this.isClosed = true;
  }

  /** Completes what has been transferred; true if anything has. */
  progress(): boolean {
    const { mpi } = this.#job;
    let moved = false;
    for (let i = 0; i < this.#active.length;) {
      const { request, transfer } = this.#active[i];
      const code = mpi.calls.test(request, this.#flag.address, mpi.abi.STATUS_IGNORE);
      if (code !== 0) mpi.check(code, "MPI_Test");
      if (this.#flagWord[0] === 0) {
        i++;
        continue;
      }
      this.#active.splice(i, 1);
      this.#free.push(request);
      moved = true;
      if (--transfer.left === 0) transfer.done();
    }
    return moved;
  }

  #begin(peer: number, memory: Uint8Array, incoming: boolean, done: () => void): void {
    const { mpi, comm } = this.#job;
    const { calls } = mpi;
    const byte = mpi.handle("BYTE");
    const address = mpi.addressOf(memory);
    const transfer: Transfer = { buffers: memory, done, left: 0, isAbandoned: false };
    for (let at = 0; at < memory.byteLength; at += PIECE_BYTES) {
      const bytes = Math.min(PIECE_BYTES, memory.byteLength - at);
      const request = this.#request();
      const code = incoming
        ? calls.irecv(address + at, bytes, byte, peer, this.#tag, comm, request)
        : calls.isend(address + at, bytes, byte, peer, this.#tag, comm, request);
      mpi.check(code, incoming ? "MPI_Irecv" : "MPI_Isend");
      transfer.left++;
      this.#active.push({ request, transfer });
    }
  }

  #request(): Address {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const { address } = this.#job.mpi.allocate(8 * BLOCK);
    for (let i = 1; i < BLOCK; i++) this.#free.push(address + 8 * i);
    return address;
  }
}
