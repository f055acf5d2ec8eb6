import { laterAgent, NOT_STARTED } from "./later-agent.js";
import type { RemoteAgent } from "./remote-agent.js";

/** Lets so many agents be on their way at the same time; the others wait until one has come, or has failed. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /**
   * Starts agents, to which one command leads, when its turn comes. If all are let go before, none is started. Local.
   *
   * @param begin - Starts them.
   */
  startAll(count: number, begin: () => readonly RemoteAgent[]): RemoteAgent[] {
    let dropped = 0;
    const begun = this.#turn().then(() => {
      if (dropped === count) {
        this.#next();
        throw new Error(NOT_STARTED);
      }
      const agents = begin();
      const next = (): void => this.#next();
      void agents[0].greeting.then(next, next);
      return agents;
    });
    return Array.from({ length: count }, (_, i) =>
      laterAgent(
        begun.then((agents) => agents[i]),
        () => dropped++,
      ),
    );
  }

  #turn(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free--;
    return Promise.resolve();
  }

  #next(): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting();
    else this.#free++;
  }
}
