import type { Target, Unreached } from "../src/comm/wire/messages.js";
import { neighborsOf } from "./probe.js";

/** A host that does not reach another one, by their places, and why. */
export interface Gap extends Unreached {
  readonly from: number;
}

/** The launcher's side of a probe: tells agents, once all have come, whom to reach, and hears what came of it. */
export class Probing {
  readonly gaps: Gap[] = [];
  readonly #count: number;
  readonly #ask: (nodeRank: number, targets: readonly Target[]) => void;
  /** Where those that have come can be reached. */
  readonly #endpoints = new Map<number, string>();
  readonly #heard = new Set<number>();

  /**
   * @param count - Hosts of the job.
   * @param ask - Asks an agent to reach others.
   */
  constructor(count: number, ask: (nodeRank: number, targets: readonly Target[]) => void) {
    this.#count = count;
    this.#ask = ask;
  }

  /** Whether all hosts have tried. */
  get isOver(): boolean {
    return this.#heard.size === this.#count;
  }

  /** An agent has come, and can be reached there; "": it needs not be. */
  come(nodeRank: number, endpoint: string): void {
    this.#endpoints.set(nodeRank, endpoint);
    if (this.#endpoints.size < this.#count) return;
    for (const from of this.#endpoints.keys()) {
      const targets = neighborsOf(from, this.#count).flatMap((to) => {
        const endpoint = this.#endpoints.get(to) ?? "";
        return endpoint === "" ? [] : [{ nodeRank: to, endpoint }];
      });
      if (targets.length > 0 && !this.#heard.has(from)) this.#ask(from, targets);
      else this.#heard.add(from);
    }
  }

  heard(from: number, failures: readonly Unreached[]): void {
    this.#heard.add(from);
    for (const failure of failures) this.gaps.push({ from, ...failure });
  }

  /** An agent will not come, or answer: others are not asked to reach it. */
  without(nodeRank: number): void {
    this.#heard.add(nodeRank);
    if (!this.#endpoints.has(nodeRank)) this.come(nodeRank, "");
  }
}
