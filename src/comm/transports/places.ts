import { BOARDS, type SegmentLayout, TURNED_AWAY_BITS } from "../wire/segment.js";
import { SharedLock } from "./shared-lock.js";

/** In place of a context id. */
const NOBODY = 0;

/**
 * Which board of a host's memory is whose, the same for all ranks of the host: a table with a row for each rank, which
 * says of every board for which communicator the rank uses it. Whoever makes a communicator first takes a board for all
 * members, one that none of them uses; the others find it in their rows. So members need not agree by messages, and
 * communicators that have no rank in common may share a board: every rank writes in its own part of it.
 *
 * A rank may read what another has laid on a board even after that one has freed the communicator. So a rank that is done
 * marks its row, and the board is free when all members have. Where none was free the communicator is turned away, for all
 * members alike: a bit says so, and stays. Other communicators with the same bit then get none, either, if they come when
 * it is set, which costs them time and nothing else.
 */
export class Places {
  readonly #rank: number;
  readonly #lock: SharedLock;
  /** By rank of the host, then by board: id of the communicator; negative if the rank is done with it. */
  readonly #users: Float64Array;
  readonly #turnedAway: Int32Array;

  /** @param rank - Of this process, on its host. */
  constructor(memory: ArrayBufferLike, { places, localSize }: SegmentLayout, rank: number) {
    this.#rank = rank;
    this.#lock = new SharedLock(new Int32Array(memory, places.lock, 1), 0);
    this.#turnedAway = new Int32Array(memory, places.turnedAway, TURNED_AWAY_BITS / 32);
    this.#users = new Float64Array(memory, places.users, localSize * BOARDS);
  }

  /**
   * The board of a communicator.
   *
   * @param id - Of the communicator: the same for all members, and never used again.
   * @param members - Ranks on this host.
   * @param prepare - Makes the board as it was at first; nobody else sees it meanwhile.
   */
  take(id: number, members: readonly number[], prepare: (board: number) => void): number | undefined {
    return this.#lock.run(() => {
      const own = this.#users.subarray(this.#rank * BOARDS, (this.#rank + 1) * BOARDS).indexOf(id);
      if (own >= 0) return own;
      if (this.#isTurnedAway(id)) return undefined;
      for (let board = 0; board < BOARDS; board++) {
        if (!this.#all(members, board, NOBODY)) continue;
        prepare(board);
        this.#set(members, board, id);
        return board;
      }
      this.#turnAway(id);
      return undefined;
    });
  }

  /** This rank is done with the board of a communicator. */
  leave(id: number, members: readonly number[], board: number): void {
    this.#lock.run(() => {
      this.#set([this.#rank], board, -id);
      if (this.#all(members, board, -id)) this.#set(members, board, NOBODY);
    });
  }

  #all(members: readonly number[], board: number, user: number): boolean {
    return members.every((rank) => this.#users[rank * BOARDS + board] === user);
  }

  #set(members: readonly number[], board: number, user: number): void {
    for (const rank of members) this.#users[rank * BOARDS + board] = user;
  }

  #isTurnedAway(id: number): boolean {
    const bit = (id / 2) % TURNED_AWAY_BITS;
    return (this.#turnedAway[bit >> 5] & (1 << (bit & 31))) !== 0;
  }

  #turnAway(id: number): void {
    const bit = (id / 2) % TURNED_AWAY_BITS;
    this.#turnedAway[bit >> 5] |= 1 << (bit & 31);
  }
}
