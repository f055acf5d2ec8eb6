import { hostClockMs } from "../src/host-clock.js";

/**
 * By how much the clocks of other hosts are ahead of the launcher's. Each agent is asked a few times; the answer that came
 * soonest is in the middle of its way within half of that.
 */
export class Clocks {
  readonly #send: (nodeRank: number, id: number) => void;
  readonly #asked: { readonly nodeRank: number; readonly ms: number; readonly left: number }[] = [];
  readonly #best = new Map<number, { readonly waitMs: number; readonly aheadMs: number }>();

  /** @param send - Asks the agent of a host for its clock; see {@link heard}. */
  constructor(send: (nodeRank: number, id: number) => void) {
    this.#send = send;
  }

  ask(nodes: Iterable<number>): void {
    for (const nodeRank of nodes) this.#next(nodeRank, QUESTIONS);
  }

  /** An agent has answered. */
  heard(id: number, ms: number): void {
    const asked = this.#asked[id];
    const now = hostClockMs();
    const waitMs = now - asked.ms;
    const best = this.#best.get(asked.nodeRank);
    if (best === undefined || waitMs < best.waitMs)
      this.#best.set(asked.nodeRank, { waitMs, aheadMs: ms - (asked.ms + now) / 2 });
    if (asked.left > 0) this.#next(asked.nodeRank, asked.left);
  }

  /** 0 for a host that was not asked. */
  aheadMs(nodeRank: number): number {
    return this.#best.get(nodeRank)?.aheadMs ?? 0;
  }

  #next(nodeRank: number, left: number): void {
    this.#asked.push({ nodeRank, ms: hostClockMs(), left: left - 1 });
    this.#send(nodeRank, this.#asked.length - 1);
  }
}

const QUESTIONS = 8;
