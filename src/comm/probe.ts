import { type Message, Posted } from "./matching.js";
import { Arrival } from "./arrival.js";
import type { Receive } from "./receive.js";
import type { Landing } from "./transports/transport.js";
import type { Status } from "./types.js";
import type { Unexpected } from "./unexpected.js";

/** Waits until there is a message, and leaves it where it is. */
export class Probe extends Posted<Status> {
  #status: Status | undefined;

  override get status(): Status | undefined {
    return this.#status;
  }

  override take(arrival: Arrival): void {
    this.#status = arrival.status;
    this.complete(this.#status);
  }

  /** Probes wait apart from receives, and only for messages that are there. */
  override land(): never {
    throw new Error("probe: was given a message");
  }
}

/** Waits for a message and takes it out of the queue, so that only this caller can receive it. */
export class MatchedProbe<M> extends Posted<M> {
  readonly #wrap: (arrival: Arrival) => M;
  #status: Status | undefined;

  constructor(
    waiter: ConstructorParameters<typeof Receive>[0],
    source: number,
    tag: number,
    wrap: (arrival: Arrival) => M,
  ) {
    super(waiter, source, tag);
    this.#wrap = wrap;
  }

  override get status(): Status | undefined {
    return this.#status;
  }

  override land(message: Message, origin: number, unexpected: Unexpected): Landing {
    const arrival = new Arrival(message, origin, unexpected);
    this.take(arrival);
    return arrival;
  }

  override take(arrival: Arrival): void {
    this.#status = arrival.status;
    this.complete(this.#wrap(arrival));
  }
}
