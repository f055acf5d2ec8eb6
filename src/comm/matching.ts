import type { Arrival } from "./arrival.js";
import { countOf } from "./envelope.js";
import { Queue, type Queued } from "./queue.js";
import { Operation, type Waiter } from "./request.js";
import type { Landing } from "./transports/transport.js";
import { ANY_SOURCE, ANY_TAG, type Status } from "./types.js";
import type { Unexpected } from "./unexpected.js";

/** Memory of a payload that is not here. */
export const NOWHERE: Uint8Array = new Uint8Array(0);

/** What the envelope of a message says. */
export interface Message {
  readonly code: number;
  /** Sender's rank in the communicator. */
  readonly source: number;
  readonly tag: number;
  readonly bytes: number;
  readonly signature: Signature;
}

/** What a collective is called with, in each of its messages; `kind` 0 outside collectives. See collectives/call.ts. */
export interface Signature {
  readonly kind: number;
  readonly root: number;
  readonly count: number;
}

export const NO_SIGNATURE: Signature = { kind: 0, root: 0, count: 0 };

/** A call that waits for a message: a receive or a probe. */
export abstract class Posted<T = unknown> extends Operation<T> implements Queued<Posted> {
  previous: Posted | undefined;
  next: Posted | undefined;
  /** The queue it is in. */
  queue: Queue<Posted> | undefined;
  readonly source: number;
  readonly tag: number;

  constructor(waiter: Waiter, source: number, tag: number) {
    super(waiter);
    this.source = source;
    this.tag = tag;
  }

  matches(source: number, tag: number): boolean {
    return (
      (this.source === ANY_SOURCE || this.source === source) && (this.tag === ANY_TAG || this.tag === tag)
    );
  }

  /** A message that fits begins to arrive; says where its payload goes. */
  abstract land(message: Message, origin: number, unexpected: Unexpected): Landing;
  /** A message that fits is here already, or announced. */
  abstract take(arrival: Arrival): void;

  enqueue(queue: Queue<Posted>): void {
    this.queue = queue;
    queue.push(this);
  }

  dequeue(): void {
    this.queue?.remove(this);
    this.queue = undefined;
  }

  /** Ends it with an error, if no message has been matched to it yet. */
  withdraw(reason: unknown): boolean {
    if (this.queue === undefined) return false;
    this.dequeue();
    this.fail(reason);
    return true;
  }
}

/**
 * Matches messages to receives within one context: the first posted call that fits an arriving message takes it, the
 * first arrived message that fits a new receive is taken. Both queues are in order, so messages never overtake. Probes
 * that leave their message where it is wait apart: they see what no posted receive takes.
 */
export class Context {
  readonly posted = new Queue<Posted>();
  readonly arrived = new Queue<Arrival>();
  readonly probes = new Queue<Posted>();

  /** The first posted call for this message, taken from the queue. */
  match(source: number, tag: number): Posted | undefined {
    for (let posted = this.posted.first; posted !== undefined; posted = posted.next) {
      if (!posted.matches(source, tag)) continue;
      posted.dequeue();
      return posted;
    }
    return undefined;
  }

  /** The first message that is here for such a call; it stays. */
  find(posted: Pick<Posted, "matches">): Arrival | undefined {
    for (let arrival = this.arrived.first; arrival !== undefined; arrival = arrival.next) {
      if (posted.matches(arrival.source, arrival.tag)) return arrival;
    }
    return undefined;
  }

  /** Posts a call; a message that is already here is delivered at once. */
  post(posted: Posted): void {
    const arrival = this.arrived.first === undefined ? undefined : this.find(posted);
    if (arrival === undefined) return posted.enqueue(this.posted);
    this.arrived.remove(arrival);
    posted.take(arrival);
  }

  /** Keeps a message that no posted call takes, and lets probes see it. */
  keep(arrival: Arrival): void {
    this.arrived.push(arrival);
    for (let probe = this.probes.first; probe !== undefined;) {
      const next: Posted | undefined = probe.next;
      if (probe.matches(arrival.source, arrival.tag)) {
        probe.dequeue();
        probe.take(arrival);
      }
      probe = next;
    }
  }
}

/** What is told of a message that has been received, or can be. */
export function statusOf(code: number, source: number, tag: number, bytes: number): Status {
  return { source, tag, count: countOf(code, bytes), bytes, cancelled: false };
}
