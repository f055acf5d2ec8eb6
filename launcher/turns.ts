import type { RemoteAgent } from "./remote-agent.js";

/** Lets so many agents be on their way at the same time; the others wait until one has come, or has failed. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /**
   * Starts an agent when its turn comes. One that is let go before is not started. Local.
   *
   * @param begin - Starts it.
   */
  start(begin: () => RemoteAgent): RemoteAgent {
    let agent: RemoteAgent | undefined;
    let dropped: string | undefined;
    const begun = this.#turn().then(() => {
      if (dropped !== undefined) {
        this.#next();
        throw new Error(dropped);
      }
      agent = begin();
      const next = (): void => this.#next();
      void agent.greeting.then(next, next);
      return agent;
    });
    const greeting = begun.then((agent) => agent.greeting);
    greeting.catch(() => undefined); // `gone` tells
    const drop = (reason: string): void => void (dropped ??= reason);
    return {
      local: false,
      greeting,
      gone: begun.then(
        (agent) => agent.gone,
        () => dropped ?? NOT_STARTED,
      ),
      configure: (config) => void begun.then((agent) => agent.configure(config)).catch(() => undefined),
      fail: (reason) => (agent ? agent.fail(reason) : drop(reason)),
      release: () => (agent ? agent.release() : drop(NOT_STARTED)),
      kill: () => (agent ? agent.kill() : drop(NOT_STARTED)),
    };
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

const NOT_STARTED = "it was not started";
