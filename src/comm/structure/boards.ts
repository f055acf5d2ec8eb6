import type { Board } from "../transports/board.js";
import { BOARDS } from "../wire/segment.js";

/** Boards come in pairs: one for a communicator, one for its first `dup`, which can then know of it without a message. */
const PAIRS = Math.min(32, BOARDS >> 1);
const ALL_FREE = 2 ** PAIRS - 1;

/** The right to a place in shared memory, agreed by the members of a communicator. */
export interface Lease {
  readonly pair: number;
  /** Of the board for a first duplicate. */
  readonly twin: boolean;
  /** Place of the board; see transports/board.ts. */
  readonly index: number;
  /** Numbers the uses of boards: larger than every earlier use by any of the members. */
  readonly use: number;
}

/** What a rank tells the other members of a communicator that is being made. */
export interface Offer {
  /** A bit for each pair that is free on this rank. */
  readonly free: number;
  /** The largest use that it knows of. */
  readonly uses: number;
}

/**
 * The boards of this rank: which are free, and which are given back but perhaps still read.
 *
 * A rank may read what another has laid on a board even after that one has freed the communicator. So a rank that is
 * done with a board leaves the number of the use in its part of it, and only when all members have done so it offers
 * the place again. Numbers of uses grow, so a rank that looks late, when the place has been used again, is not misled.
 */
export class Boards {
  #free = ALL_FREE;
  #uses = 0;
  readonly #retired: { readonly lease: Lease; readonly board: Board }[] = [];
  /** Leases out on each pair: a communicator's own, and its first duplicate's. */
  readonly #leases = new Map<number, number>();

  /** What this rank offers now: half of what is free, so that another communicator can be made at the same time. */
  offer(): Offer {
    this.#sweep();
    const free = lowerHalf(this.#free);
    this.#free &= ~free;
    return { free, uses: this.#uses };
  }

  /** Nothing has come of an offer. */
  withdraw({ free }: Offer): void {
    this.#free |= free;
  }

  /**
   * The first pair that all offer; the same on every member, since all see the same offers.
   *
   * @param mine - This rank's offer, of which the rest is free again.
   */
  agree(offers: readonly Offer[], mine: Offer): Lease | undefined {
    this.withdraw(mine);
    const free = offers.reduce((mask, offer) => mask & offer.free, ALL_FREE);
    const use = Math.max(...offers.map((offer) => offer.uses)) + 1;
    this.#uses = Math.max(this.#uses, use);
    if (free === 0) return undefined;
    const pair = 31 - Math.clz32(free & -free);
    this.#free &= ~(1 << pair);
    this.#leases.set(pair, 1);
    return { pair, twin: false, index: 2 * pair, use };
  }

  /** The board beside that of a communicator, for its first duplicate; a duplicate's duplicate gets none. */
  twin({ pair, twin, index, use }: Lease): Lease | undefined {
    if (twin) return undefined;
    this.#leases.set(pair, (this.#leases.get(pair) ?? 0) + 1);
    return { pair, twin: true, index: index + 1, use };
  }

  /** The members share no memory: nobody has ever used the place. */
  decline(lease: Lease): void {
    this.#release(lease);
  }

  /** This rank is done with a board. */
  retire(lease: Lease, board: Board): void {
    board.retire(lease.use);
    this.#retired.push({ lease, board });
  }

  #sweep(): void {
    for (let i = this.#retired.length - 1; i >= 0; i--) {
      const { lease, board } = this.#retired[i];
      if (!board.retiredByAll(lease.use)) continue;
      board.clear();
      this.#retired.splice(i, 1);
      this.#release(lease);
    }
  }

  #release({ pair }: Lease): void {
    const left = (this.#leases.get(pair) ?? 1) - 1;
    this.#leases.set(pair, left);
    if (left === 0) this.#free |= 1 << pair;
  }
}

/** Of the set bits the lower half, and at least one. */
function lowerHalf(mask: number): number {
  const bits = Array.from({ length: PAIRS }, (_, i) => 1 << i).filter((bit) => (mask & bit) !== 0);
  return bits.slice(0, Math.ceil(bits.length / 2)).reduce((half, bit) => half | bit, 0);
}
