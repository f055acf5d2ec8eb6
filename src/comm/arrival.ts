import { type Message, NOWHERE, type Signature, statusOf } from "./matching.js";
import type { Queued } from "./queue.js";
import type { Receive } from "./receive.js";
import type { Landing } from "./transports/transport.js";
import type { Status } from "./types.js";
import type { Unexpected } from "./unexpected.js";

/** A message that came before its receive, or one that is only announced. */
export class Arrival implements Queued<Arrival>, Landing, Message {
  previous: Arrival | undefined;
  next: Arrival | undefined;
  readonly code: number;
  readonly source: number;
  readonly tag: number;
  readonly bytes: number;
  readonly signature: Signature;
  /** Sender's rank in the world. */
  readonly origin: number;
  readonly memory: Uint8Array;
  readonly announcement: Announcement | undefined;
  readonly #unexpected: Unexpected;
  #whole = false;
  #receive: Receive | undefined;

  constructor(message: Message, origin: number, unexpected: Unexpected, announcement?: Announcement) {
    this.code = message.code;
    this.source = message.source;
    this.tag = message.tag;
    this.bytes = message.bytes;
    this.signature = message.signature;
    this.origin = origin;
    this.announcement = announcement;
    this.memory = announcement === undefined ? new Uint8Array(message.bytes) : NOWHERE;
    this.#unexpected = unexpected;
    unexpected.add(this);
  }

  get status(): Status {
    return statusOf(this.code, this.source, this.tag, this.bytes);
  }

  done(): void {
    this.#whole = true;
    if (this.#receive !== undefined) this.#deliver(this.#receive);
  }

  /** Hands the message to a receive, now or as soon as it is complete. */
  deliver(receive: Receive): void {
    if (this.announcement !== undefined) {
      this.#unexpected.remove(this);
      receive.accept(this);
      this.announcement.fetch(receive);
    } else if (this.#whole) this.#deliver(receive);
    else this.#receive = receive;
  }

  /** Nobody will ever receive it. */
  drop(): void {
    this.#unexpected.remove(this);
    this.announcement?.refuse();
  }

  /** Nobody needs it any more; its send completes. */
  discard(): void {
    this.#unexpected.remove(this);
    this.announcement?.discard();
  }

  #deliver(receive: Receive): void {
    this.#unexpected.remove(this);
    if (receive.accept(this)) receive.memory.set(this.memory);
    receive.done();
  }
}

/** A payload that waits at its sender. */
export interface Announcement {
  /** The sender's request. */
  readonly id: number;
  /** Gets the payload sent, if the receive has accepted it; the receive is done once it is there. */
  fetch(receive: Receive): void;
  /** Tells the sender that nobody will receive it. */
  refuse(): void;
  /** Lets the send complete, although the payload is not needed. */
  discard(): void;
}
