import { bytesOf, pack } from "../envelope.js";
import type { OpName, TypedArray } from "../types.js";
import { ringAllgather } from "./allgather.js";
import { collectTokens, releaseTokens } from "./barrier.js";
import { bcastBytes, down } from "./bcast.js";
import { blockOf, type Blocks, collect, total } from "./blocks.js";
import type { Call } from "./call.js";
import { gatherBlocks } from "./gather.js";
import { EVERYBODY, type HostBoard, NOBODY } from "./host-board.js";
import { hostParty, hostPlan } from "./hosts.js";
import { isElsewhere, read, value } from "./in-memory/contribution.js";
import { reducePieces } from "./in-memory/reduce-pieces.js";
import { Subset } from "./party.js";
import { ringReduceScatter } from "./reduce-scatter.js";
import { binomialReduce } from "./reduce.js";
import { scatterBlocks } from "./scatter.js";

/** Longest message that {@link Team.tell} takes. */
export const TOLD_BYTES = 64 * 1024 + 64;

/**
 * The ranks of this host in one call of a collective between hosts, by ascending rank, and their leader: what they do
 * together, each in one step of the memory that they share, or by messages where they share none.
 *
 * Lengths are those that all ranks of the host know. A value that is too long for the shared memory stays where it is,
 * and others copy it from there; then one step more tells its owner that they have.
 */
export class Team {
  readonly party: Subset;
  /** Place of the rank that speaks for this host. */
  readonly leader: number;
  readonly #call: Call;
  readonly #leaderFirst: Subset;
  readonly #board: HostBoard | undefined;

  /** @param root - Leads its own host; other hosts are led by their lowest rank. */
  constructor(call: Call, root?: number) {
    const plan = hostPlan(call);
    const { hosts, host } = plan;
    this.party = new Subset(call, hosts[host]);
    this.leader = root === undefined ? 0 : Math.max(0, hosts[host].indexOf(root));
    this.#leaderFirst = hostParty(call, plan, root);
    this.#call = call;
    this.#board = call.hostBoard;
  }

  get leads(): boolean {
    return this.party.rank === this.leader;
  }

  /** The leader waits for all. */
  async meet(): Promise<void> {
    const board = this.#board;
    if (board === undefined) return collectTokens(this.#leaderFirst);
    await board.step(this.#call, { needs: this.leads ? EVERYBODY : NOBODY });
  }

  /** All wait for the leader. */
  async part(): Promise<void> {
    const board = this.#board;
    if (board === undefined) return releaseTokens(this.#leaderFirst);
    await board.step(this.#call, { needs: this.leads ? NOBODY : this.leader });
  }

  /** Reduces to the leader, in rank order. Other ranks' `x` may be overwritten. */
  async reduce(x: TypedArray, op: OpName): Promise<void> {
    const board = this.#sharing(x.byteLength);
    if (board === undefined) return binomialReduce(this.party, x, op, this.leader);
    const elsewhere = staysAway(board, x.byteLength);
    await board.step(this.#call, {
      needs: this.leads ? EVERYBODY : NOBODY,
      lay: this.leads ? undefined : (_, step) => lay(board, step, x, elsewhere),
      read: this.leads ? (_, step) => this.#reduce(board, step, x, op, 0) : undefined,
    });
    if (elsewhere) await this.part();
  }

  /** Gives all ranks what the leader has. */
  async bcast(x: TypedArray): Promise<void> {
    const board = this.#sharing(x.byteLength);
    if (board === undefined) return bcastBytes(this.party, bytesOf(x), this.leader);
    const elsewhere = staysAway(board, x.byteLength);
    await board.step(this.#call, {
      needs: this.leads ? NOBODY : this.leader,
      lay: this.leads ? (_, step) => lay(board, step, x, elsewhere) : undefined,
      read: this.leads ? undefined : (_, step) => read(board.board, step, this.leader, 0, bytesOf(x)),
    });
    if (elsewhere) await this.meet();
  }

  /** Gives all ranks a message whose length only the leader knows; at most {@link TOLD_BYTES}. */
  async tell(message?: Uint8Array): Promise<Uint8Array> {
    const board = this.#sharing(TOLD_BYTES);
    if (board === undefined) return down(this.#leaderFirst, 0, message);
    if (message !== undefined) {
      const elsewhere = message.byteLength > board.board.valueBytes;
      await board.step(this.#call, { needs: NOBODY, lay: (_, step) => lay(board, step, message, elsewhere) });
      if (elsewhere) await this.meet();
      return message;
    }
    const told: { bytes: Uint8Array; elsewhere: boolean } = { bytes: NOTHING, elsewhere: false };
    await board.step(this.#call, {
      needs: this.leader,
      read: (_, step) => {
        told.bytes = value(board.board, step, this.leader).bytes;
        told.elsewhere = isElsewhere(board.board, step, this.leader);
      },
    });
    if (told.elsewhere) await this.meet();
    return told.bytes;
  }

  /** Leaves each rank its block of the reduction over all, in rank order. Others may read `x` until the next step. */
  async reduceScatter(x: TypedArray, blocks: Blocks, op: OpName): Promise<void> {
    const board = this.#sharing(x.byteLength);
    if (board === undefined) return ringReduceScatter(this.party, x, blocks, op);
    const { rank } = this.party;
    const elsewhere = staysAway(board, x.byteLength);
    await board.step(this.#call, {
      needs: EVERYBODY,
      lay: (_, step) => lay(board, step, x, elsewhere),
      read: (_, step) => this.#reduce(board, step, blockOf(x, blocks, rank), op, blocks.displs[rank]),
    });
  }

  /** Gives all ranks the blocks of all. */
  async allgather(x: TypedArray, blocks: Blocks): Promise<void> {
    const bytes = Math.max(...blocks.counts) * x.BYTES_PER_ELEMENT;
    const board = this.#sharing(bytes);
    if (board === undefined) return ringAllgather(this.party, x, blocks);
    const { rank, size } = this.party;
    const elsewhere = staysAway(board, bytes);
    await board.step(this.#call, {
      needs: EVERYBODY,
      lay: (_, step) => lay(board, step, blockOf(x, blocks, rank), elsewhere),
      read: (_, step) => {
        for (let i = 1; i < size; i++) {
          const place = (rank + i) % size; // not all from the same one
          read(board.board, step, place, 0, bytesOf(blockOf(x, blocks, place)));
        }
      },
    });
    if (elsewhere) await this.settle();
  }

  /** Gives the leader the blocks of all. */
  async gather(x: TypedArray, blocks: Blocks): Promise<void> {
    const bytes = Math.max(...blocks.counts) * x.BYTES_PER_ELEMENT;
    const board = this.#sharing(bytes);
    if (board === undefined) return gatherBlocks(this.party, x, blocks, this.leader);
    const { rank, size } = this.party;
    const elsewhere = staysAway(board, bytes);
    await board.step(this.#call, {
      needs: this.leads ? EVERYBODY : NOBODY,
      lay: this.leads ? undefined : (_, step) => lay(board, step, blockOf(x, blocks, rank), elsewhere),
      read: (_, step) => {
        if (!this.leads) return;
        for (let place = 0; place < size; place++)
          if (place !== rank) read(board.board, step, place, 0, bytesOf(blockOf(x, blocks, place)));
      },
    });
    if (elsewhere) await this.part();
  }

  /** Gives each rank its block of what the leader has. */
  async scatter(x: TypedArray, blocks: Blocks): Promise<void> {
    const length = total(blocks.counts);
    const board = this.#sharing(length * x.BYTES_PER_ELEMENT);
    if (board === undefined) return scatterBlocks(this.party, x, blocks, this.leader);
    const { rank } = this.party;
    const places = blocks.counts.map((_, place) => place);
    const elsewhere = staysAway(board, length * x.BYTES_PER_ELEMENT);
    const packed = this.leads ? collect(x, blocks, places) : undefined;
    const before = total(blocks.counts.slice(0, rank)) * x.BYTES_PER_ELEMENT;
    await board.step(this.#call, {
      needs: this.leads ? NOBODY : this.leader,
      lay: packed && ((_, step) => lay(board, step, packed, elsewhere)),
      read: this.leads
        ? undefined
        : (_, step) => read(board.board, step, this.leader, before, bytesOf(blockOf(x, blocks, rank))),
    });
    if (elsewhere) await this.meet();
  }

  /** All wait for all: whoever reads what others have has done so. */
  async settle(): Promise<void> {
    await this.#board?.step(this.#call, { needs: EVERYBODY });
  }

  /** The memory, if values of this length can go through it. */
  #sharing(bytes: number): HostBoard | undefined {
    const board = this.#board;
    return board !== undefined && (bytes <= board.board.valueBytes || board.board.peers !== undefined)
      ? board
      : undefined;
  }

  /** out ← elements from `start` on of the reduction over all. */
  #reduce({ board }: HostBoard, step: number, x: TypedArray, op: OpName, start: number): void {
    const { rank, size } = this.party;
    const own = bytesOf(x);
    const width = x.BYTES_PER_ELEMENT;
    reducePieces(op, size, x, (place, offset, into) => {
      if (place === rank) bytesOf(into).set(own.subarray(offset * width, offset * width + into.byteLength));
      else read(board, step, place, (start + offset) * width, bytesOf(into));
    });
  }
}

function staysAway({ board }: HostBoard, bytes: number): boolean {
  return bytes > board.valueBytes || !board.takes(bytes);
}

function lay({ board }: HostBoard, step: number, x: TypedArray, elsewhere: boolean): void {
  const { code, bytes } = pack(x);
  if (!elsewhere || board.peers === undefined) board.put(step, code, bytes);
  else board.putAddress(step, code, bytes.byteLength, board.peers.addressOf(bytes));
}

const NOTHING = new Uint8Array(0);
