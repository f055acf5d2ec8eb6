import type { Communicator } from "../comm/types.js";
import { allocate, release } from "./arithmetic.js";
import { type DType, numbersPerElement, type Storage } from "./dtype.js";
import { copyBox } from "./strided-copy.js";
import { elementsIn, flattened, type Locate, pack, type Transfer, unpack } from "./transfers.js";

/** What carries an exchange; the same on all ranks. `"none"` if no element changes its rank. */
export type Carrier = "none" | "alltoall" | "allgather";

interface Buffers {
  readonly sent: Storage;
  readonly received: Storage;
}

/** Which elements go from this rank's block of one array to blocks of another one, and which arrive in its own. */
export interface ExchangeParts {
  readonly comm: Communicator;
  readonly carrier: Carrier;
  /** Those to and from the rank itself included; to one peer in the order in which the peer lists them as incoming. */
  readonly outgoing: readonly Transfer[];
  readonly incoming: readonly Transfer[];
}

/**
 * A movement of elements between the blocks of all ranks, planned once and run again and again: one collective call
 * at most, through two buffers that are kept. What stays on its rank is copied at once, without buffers, while the
 * rest travels.
 */
export class Exchange {
  readonly #comm: Communicator;
  readonly #carrier: Carrier;
  readonly #outgoing: readonly Transfer[];
  readonly #incoming: readonly Transfer[];
  readonly #own: readonly Transfer[];
  readonly #counts: { readonly sent: readonly number[]; readonly received: readonly number[] };
  readonly #buffers = new Map<DType, Buffers>();

  constructor({ comm, carrier, ...parts }: ExchangeParts) {
    const home = ({ peer }: Transfer) => peer === comm.rank;
    const abroad = ({ peer }: Transfer) => peer !== comm.rank;
    const [outgoing, incoming] = [parts.outgoing, parts.incoming].map((transfers) =>
      transfers.map(flattened).sort((a, b) => a.peer - b.peer),
    );
    // What is gathered everywhere is one contribution, whole for every rank, the rank itself included.
    const gathers = carrier === "allgather";
    this.#comm = comm;
    this.#carrier = carrier;
    this.#own = gathers ? [] : incoming.filter(home);
    this.#incoming = gathers ? incoming : incoming.filter(abroad);
    this.#outgoing = outgoing.filter(gathers ? home : abroad);
    const countsBy = (transfers: readonly Transfer[]) => {
      const counts = new Array<number>(comm.size).fill(0);
      for (const transfer of transfers) counts[transfer.peer] += elementsIn([transfer]);
      return counts;
    };
    this.#counts = { sent: countsBy(this.#outgoing), received: countsBy(this.#incoming) };
  }

  /**
   * Fills `y`, this rank's block of the target, from the blocks `x` of all ranks, or adds to it. Collective; local if
   * no element changes its rank. `x` and `y` do not overlap.
   */
  async run(dtype: DType, x: Storage, y: Storage, accumulate = false): Promise<void> {
    const step = numbersPerElement(dtype);
    const arrived = this.#carrier === "none" ? undefined : this.#send(dtype, x, step);
    for (const { shape, from, to } of this.#own) {
      copyBox(shape, { storage: x, ...from }, { storage: y, ...to }, step, accumulate);
    }
    if (!arrived) return;
    const write: Locate = ({ to }) => ({ storage: y, ...to });
    unpack(this.#incoming, await arrived, write, step, accumulate);
  }

  /** Whether a run takes a collective call. */
  get communicates(): boolean {
    return this.#carrier !== "none";
  }

  /** Gives the buffers back; another run allocates them anew. Local. */
  [Symbol.dispose](): void {
    for (const { sent, received } of this.#buffers.values()) [sent, received].forEach(release);
    this.#buffers.clear();
  }

  async #send(dtype: DType, x: Storage, step: 1 | 2): Promise<Storage> {
    const { sent, received } = this.#buffersFor(dtype);
    pack(this.#outgoing, ({ from }) => ({ storage: x, ...from }), sent, step);
    const [counts, recvCounts] = [this.#counts.sent, this.#counts.received].map((elements) =>
      elements.map((count) => step * count),
    );
    if (this.#carrier === "allgather")
      await this.#comm.allgather(sent, { counts: recvCounts, into: received });
    else await this.#comm.alltoall(sent, { counts, recvCounts, into: received });
    return received;
  }

  #buffersFor(dtype: DType): Buffers {
    let buffers = this.#buffers.get(dtype);
    if (!buffers) {
      buffers = {
        sent: allocate(dtype, elementsIn(this.#outgoing)),
        received: allocate(dtype, elementsIn(this.#incoming)),
      };
      this.#buffers.set(dtype, buffers);
    }
    return buffers;
  }
}
