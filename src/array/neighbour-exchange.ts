import type { Communicator } from "../comm/types.js";
import { allocate } from "./arithmetic.js";
import { type DType, numbersPerElement, type Storage } from "./dtype.js";
import { copyBox } from "./strided-copy.js";
import { byPeer, contiguous, elementsIn, type Locate, pack, type Transfer, unpack } from "./transfers.js";

/** All that goes to, or comes from, one rank: one message, through a buffer that is kept. */
interface Parcel {
  readonly peer: number;
  readonly transfers: readonly Transfer[];
  readonly buffers: Map<DType, Storage>;
}

/** One direction: what leaves, what arrives, and what stays on this rank. */
interface Way {
  readonly outgoing: readonly Parcel[];
  readonly incoming: readonly Parcel[];
  readonly read: Locate;
  readonly write: Locate;
  readonly accumulate: boolean;
}

/**
 * A movement of elements between few ranks, planned once: one message to every rank that gets some, none to others,
 * all posted at once. It runs forth, and back: then what was copied is added to where it came from, the adjoint.
 */
export class NeighbourExchange {
  readonly #channel: Communicator;
  readonly #own: readonly Transfer[];
  readonly #outgoing: readonly Parcel[];
  readonly #incoming: readonly Parcel[];

  /** @param channel - Carries no messages but these. Transfers between two ranks are listed in one order by both. */
  constructor(channel: Communicator, outgoing: readonly Transfer[], incoming: readonly Transfer[]) {
    const parcels = (transfers: readonly Transfer[]): Parcel[] =>
      [...byPeer(transfers.filter(({ peer }) => peer !== channel.rank))]
        .sort(([a], [b]) => a - b)
        .map(([peer, group]) => ({ peer, transfers: group, buffers: new Map() }));
    this.#channel = channel;
    this.#own = incoming.filter(({ peer }) => peer === channel.rank);
    this.#outgoing = parcels(outgoing);
    this.#incoming = parcels(incoming);
  }

  /** Copies elements of the blocks `x` to where `write` says. Collective; under way when the call returns. */
  forth(dtype: DType, x: Storage, write: Locate): Promise<void> {
    const [outgoing, incoming] = [this.#outgoing, this.#incoming];
    const read: Locate = ({ from }) => ({ storage: x, ...from });
    return this.#move(dtype, { outgoing, incoming, read, write, accumulate: false });
  }

  /** Adds the elements where `read` says to where they come from in the blocks `x`. Collective. */
  back(dtype: DType, x: Storage, read: Locate): Promise<void> {
    const [outgoing, incoming] = [this.#incoming, this.#outgoing];
    const write: Locate = ({ from }) => ({ storage: x, ...from });
    return this.#move(dtype, { outgoing, incoming, read, write, accumulate: true });
  }

  async #move(dtype: DType, { outgoing, incoming, read, write, accumulate }: Way): Promise<void> {
    const step = numbersPerElement(dtype);
    const arriving = incoming.map((parcel) => {
      const direct = accumulate ? undefined : inPlace(parcel, write, step);
      return { parcel, direct, into: direct ?? bufferOf(parcel, dtype) };
    });
    const arrivals = arriving.map(({ parcel, into }) => this.#channel.recv({ source: parcel.peer, into }));
    const departures = outgoing.map((parcel) => {
      const direct = inPlace(parcel, read, step);
      const sent = direct ?? bufferOf(parcel, dtype);
      if (!direct) pack(parcel.transfers, read, sent, step);
      return this.#channel.send(sent, parcel.peer);
    });
    for (const transfer of this.#own) {
      copyBox(transfer.shape, read(transfer), write(transfer), step, accumulate);
    }
    await Promise.all([...arrivals, ...departures]);
    // In the order of the ranks, whichever message came first: sums have the same bits every time.
    for (const { parcel, direct, into } of arriving) {
      if (!direct) unpack(parcel.transfers, into, write, step, accumulate);
    }
  }
}

/** The elements of a parcel where they lie, if that is in one piece: then no buffer is needed. */
function inPlace({ transfers }: Parcel, locate: Locate, numbers: 1 | 2): Storage | undefined {
  return transfers.length === 1 ? contiguous(transfers[0].shape, locate(transfers[0]), numbers) : undefined;
}

function bufferOf({ transfers, buffers }: Parcel, dtype: DType): Storage {
  let buffer = buffers.get(dtype);
  if (!buffer) {
    buffer = allocate(dtype, elementsIn(transfers));
    buffers.set(dtype, buffer);
  }
  return buffer;
}
