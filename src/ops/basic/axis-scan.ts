import type { Communicator } from "../../comm/types.js";
import type { BlockSpace } from "../../array/blocks.js";
import { channelOf } from "../../array/channel.js";
import { distributionOf } from "./block-space.js";
import { peersAlong } from "./axis-exchange.js";

/**
 * Sums over the ranks before or behind this one along a split axis, for blocks in the same place along all others.
 * By recursive doubling: ⌈log₂ ranks⌉ rounds, each with one message of the numbers summed. Every rank makes it, though no
 * message is sent.
 */
export class AxisScan {
  readonly #channel: Communicator;
  readonly #peers: readonly number[];
  readonly #place: number;

  /** `undefined` if the axis is not split. */
  static along(space: BlockSpace<unknown>, axis: number): AxisScan | undefined {
    const distribution = distributionOf(space);
    if (!distribution || distribution.grid[axis] === 1) return undefined;
    const peers = peersAlong(distribution, { first: axis, count: 1 });
    return new AxisScan(channelOf(distribution.comm), peers);
  }

  private constructor(channel: Communicator, peers: readonly number[]) {
    this.#channel = channel;
    this.#peers = peers;
    this.#place = peers.indexOf(channel.rank);
  }

  /**
   * `before` ← the sum of the numbers of the ranks before this one (`direction` 1) or behind it (−1); zeros if there are
   * none. Collective. `own` is overwritten.
   */
  async exclusive(own: Float64Array, before: Float64Array, direction: 1 | -1): Promise<void> {
    const incoming = new Float64Array(own.length);
    before.fill(0);
    // Invariant: `own` is the sum over `distance` ranks, this one the last of them, and `before` that without this one.
    for (let distance = 1; distance < this.#peers.length; distance *= 2) {
      const [source, dest] = [this.#peer(-distance * direction), this.#peer(distance * direction)];
      const sent = dest === undefined ? undefined : this.#channel.send(own.slice(), dest);
      if (source !== undefined) {
        await this.#channel.recv({ source, into: incoming });
        add(incoming, own);
        add(incoming, before);
      }
      await sent;
    }
  }

  /** The rank so many places along the axis from this one. */
  #peer(distance: number): number | undefined {
    return this.#peers.find((_, place) => place === this.#place + distance);
  }
}

function add(x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) y[i] += x[i];
}
