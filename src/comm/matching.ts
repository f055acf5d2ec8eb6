import { bytesOf, codeOf, countOf, nameOf, unpack, unpackLarge, VIEW_BYTES_MAX } from "./envelope.js";
import { TruncateError, TypeMismatchError } from "./errors.js";
import { Queue, type Queued } from "./queue.js";
import { Operation, type Waiter } from "./request.js";
import type { Landing } from "./transports/transport.js";
import type { Unexpected } from "./unexpected.js";
import { ANY_SOURCE, ANY_TAG, type Status, type TypedArray } from "./types.js";

const NOWHERE: Uint8Array = new Uint8Array(0);
const UINT8 = codeOf(NOWHERE);

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

/** A posted receive: where its message lands, and the request that completes when it has. */
export class Receive extends Posted implements Landing {
  memory = NOWHERE;
  readonly #into: TypedArray | undefined;
  /** Gets the array that was filled; what it returns is the value of the request. */
  #finish: ((filled: TypedArray) => unknown) | undefined;
  #code = 0;
  #from = 0;
  #tag = 0;
  #bytes = 0;
  #state: "posted" | "matched" | "withdrawn" = "posted";
  #refusal: Error | undefined;
  /** Memory of a value that is longer than a view. */
  #buffer: ArrayBufferLike | undefined;

  constructor(
    waiter: Waiter,
    source: number,
    tag: number,
    into: TypedArray | undefined,
    finish?: (filled: TypedArray) => unknown,
  ) {
    super(waiter, source, tag);
    this.#into = into;
    this.#finish = finish;
  }

  override get status(): Status | undefined {
    if (!this.settled || this.#state === "posted") return undefined;
    if (this.#state === "withdrawn")
      return { source: this.source, tag: this.tag, count: 0, bytes: 0, cancelled: true };
    return statusOf(this.#code, this.#from, this.#tag, this.#bytes);
  }

  override land(message: Message, origin: number, unexpected: Unexpected): Landing {
    unexpected.pass(origin, message.bytes);
    this.accept(message);
    return this;
  }

  override take(arrival: Arrival): void {
    arrival.deliver(this);
  }

  override withdraw(reason: unknown): boolean {
    if (this.queue === undefined) return false;
    this.#state = "withdrawn";
    return super.withdraw(reason);
  }

  /** False if it has refused its message, and needs no payload. */
  get accepted(): boolean {
    return this.#refusal === undefined;
  }

  /** Takes a message: sets `memory` to where its payload goes; false if it does not fit. */
  accept({ code, source, tag, bytes }: Message): boolean {
    this.#state = "matched";
    this.#code = code;
    this.#from = source;
    this.#tag = tag;
    this.#bytes = bytes;
    const into = this.#into;
    if (into !== undefined) this.#refusal = refusal(code, source, tag, bytes, into);
    if (bytes > VIEW_BYTES_MAX) this.#buffer = into?.buffer ?? new ArrayBuffer(bytes);
    else if (into === undefined || this.#refusal !== undefined) this.memory = new Uint8Array(bytes);
    else this.memory = bytes === into.byteLength ? bytesOf(into) : bytesOf(into).subarray(0, bytes);
    return this.#refusal === undefined;
  }

  /** A part of the memory, once a message has been accepted. */
  piece(offset: number, length: number): Uint8Array {
    if (this.#buffer === undefined) return this.memory.subarray(offset, offset + length);
    return new Uint8Array(this.#buffer, (this.#into?.byteOffset ?? 0) + offset, length);
  }

  done(): void {
    if (this.#refusal !== undefined) return this.fail(this.#refusal);
    const into = this.#into;
    try {
      if (into === undefined)
        return this.complete(
          this.#buffer === undefined
            ? unpack(this.#code, this.memory)
            : unpackLarge(this.#code, this.#buffer, this.#bytes),
        );
      const whole = this.#bytes === into.byteLength;
      const filled = whole ? into : into.subarray(0, this.#bytes / into.BYTES_PER_ELEMENT);
      this.complete(this.#finish === undefined ? filled : this.#finish(filled));
    } catch (error) {
      this.fail(error);
    }
  }
}

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

function statusOf(code: number, source: number, tag: number, bytes: number): Status {
  return { source, tag, count: countOf(code, bytes), bytes, cancelled: false };
}

function refusal(
  code: number,
  source: number,
  tag: number,
  bytes: number,
  into: TypedArray,
): Error | undefined {
  const expected = codeOf(into);
  const fits = bytes <= into.byteLength && (code === expected || bytes % into.BYTES_PER_ELEMENT === 0);
  if (fits && (code === expected || code === UINT8 || expected === UINT8)) return undefined;
  const from = `from rank ${source} with tag ${tag}`;
  if (code !== expected && code !== UINT8 && expected !== UINT8) {
    const types = { expected: nameOf(expected), actual: nameOf(code) };
    return new TypeMismatchError(
      `recv: a message ${from} holds ${types.actual}, the receive buffer ${types.expected}; use the same type on both sides`,
      { source, tag, ...types },
    );
  }
  const actual = countOf(code, bytes);
  return new TruncateError(
    source,
    tag,
    { expected: into.length, actual },
    `recv: a message ${from} has ${actual} elements of ${nameOf(code)}, the receive buffer has room for ${into.length} of ` +
      `${nameOf(expected)}; ${bytes > into.byteLength ? "make it longer" : "these are no whole elements"}`,
  );
}
