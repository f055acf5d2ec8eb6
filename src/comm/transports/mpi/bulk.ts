import type { Landing } from "../transport.js";
import type { MpiJob } from "./job.js";
import type { Address, Pinned } from "./library.js";

/** A message of MPI counts its bytes in an int; longer payloads are several. */
const PIECE_BYTES = 2 ** 30;
/** Requests that are allocated together. */
const BLOCK = 64;

interface Transfer {
  readonly peer: number;
  readonly memory: Uint8Array;
  readonly incoming: boolean;
  readonly done: () => void;
  /** Pieces that are not complete. */
  left: number;
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

  /** Sends a payload, which stays as it is until `done`. */
  send(peer: number, memory: Uint8Array, done: () => void): void {
    this.#begin({ peer, memory, incoming: false, done, left: 0 });
  }

  receive(peer: number, landing: Landing): void {
    const done = (): void => landing.done();
    this.#begin({ peer, memory: landing.memory, incoming: true, done, left: 0 });
  }

  /** Starts a request of another kind, which uses `memory` until `done`. */
  start(call: string, memory: Uint8Array, begin: (request: Address) => number, done: () => void): void {
    const request = this.#request();
    this.#job.mpi.check(begin(request), call);
    const transfer = { peer: -1, memory, incoming: true, done, left: 1 };
    this.#active.push({ request, transfer });
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

  #begin(transfer: Transfer): void {
    const { memory, peer, incoming } = transfer;
    const { mpi, comm } = this.#job;
    const { calls } = mpi;
    const byte = mpi.handle("BYTE");
    for (let start = 0; start < memory.byteLength; start += PIECE_BYTES) {
      const piece = memory.byteLength <= PIECE_BYTES ? memory : memory.subarray(start, start + PIECE_BYTES);
      const request = this.#request();
      const code = incoming
        ? calls.irecvArray(piece, piece.byteLength, byte, peer, this.#tag, comm, request)
        : calls.isendArray(piece, piece.byteLength, byte, peer, this.#tag, comm, request);
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
