import { bytesOf, bytesPerElement, codeOf, nameOf, unpack } from "./envelope.js";
import { TruncateError, TypeMismatchError } from "./errors.js";
import { Queue, type Queued } from "./queue.js";
import { Operation, type Waiter } from "./request.js";
import type { Landing } from "./transports/transport.js";
import { ANY_SOURCE, ANY_TAG, type TypedArray } from "./types.js";

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

/** A posted receive: where its message lands, and the request that completes when it has. */
export class Receive extends Operation<unknown> implements Queued<Receive>, Landing {
  previous: Receive | undefined;
  next: Receive | undefined;
  memory = NOWHERE;
  readonly source: number;
  readonly tag: number;
  readonly #into: TypedArray | undefined;
  #message: Message | undefined;
  #refusal: Error | undefined;

  constructor(waiter: Waiter, source: number, tag: number, into: TypedArray | undefined) {
    super(waiter);
    this.source = source;
    this.tag = tag;
    this.#into = into;
  }

  matches(source: number, tag: number): boolean {
    return (
      (this.source === ANY_SOURCE || this.source === source) && (this.tag === ANY_TAG || this.tag === tag)
    );
  }

  /** Takes a message: sets `memory` to where its payload goes; false if it does not fit and none is needed. */
  accept(message: Message): boolean {
    this.#message = message;
    this.#refusal = this.#into && refusal(message, this.#into);
    if (this.#into === undefined || this.#refusal !== undefined) this.memory = new Uint8Array(message.bytes);
    else this.memory = head(bytesOf(this.#into), message.bytes);
    return this.#refusal === undefined;
  }

  done(): void {
    if (this.#message === undefined) return;
    const { code, source, tag, bytes } = this.#message;
    const count = bytes / bytesPerElement(code);
    this.status = { source, tag, count, bytes };
    if (this.#refusal !== undefined) this.fail(this.#refusal);
    else if (this.#into === undefined) this.complete(unpack(code, this.memory));
    else
      this.complete(
        bytes === this.#into.byteLength
          ? this.#into
          : this.#into.subarray(0, bytes / this.#into.BYTES_PER_ELEMENT),
      );
  }
}

/** A message that came before its receive. */
export class Arrival implements Queued<Arrival>, Landing, Message {
  previous: Arrival | undefined;
  next: Arrival | undefined;
  readonly code: number;
  readonly source: number;
  readonly tag: number;
  readonly bytes: number;
  readonly signature: Signature;
  readonly memory: Uint8Array;
  /** Gets a large payload sent, which so far was only announced; it lands in the given receive. */
  readonly fetch: ((receive: Receive) => void) | undefined;
  #whole = false;
  #receive: Receive | undefined;

  constructor(message: Message, fetch?: (receive: Receive) => void) {
    this.code = message.code;
    this.source = message.source;
    this.tag = message.tag;
    this.bytes = message.bytes;
    this.signature = message.signature;
    this.fetch = fetch;
    this.memory = fetch === undefined ? new Uint8Array(message.bytes) : NOWHERE;
  }

  done(): void {
    this.#whole = true;
    if (this.#receive !== undefined) this.#deliver(this.#receive);
  }

  /** Hands the message to a receive, now or as soon as it is complete. */
  deliver(receive: Receive): void {
    if (this.fetch !== undefined) this.fetch(receive);
    else if (this.#whole) this.#deliver(receive);
    else this.#receive = receive;
  }

  #deliver(receive: Receive): void {
    if (receive.accept(this)) receive.memory.set(this.memory);
    receive.done();
  }
}

/**
 * Matches messages to receives within one context: the first posted receive that fits an arriving message takes it,
 * the first arrived message that fits a new receive is taken. Both queues are in order, so messages never overtake.
 */
export class Context {
  readonly posted = new Queue<Receive>();
  readonly arrived = new Queue<Arrival>();

  /** The posted receive for this message, taken from the queue. */
  match(source: number, tag: number): Receive | undefined {
    for (let receive = this.posted.first; receive !== undefined; receive = receive.next) {
      if (!receive.matches(source, tag)) continue;
      this.posted.remove(receive);
      return receive;
    }
    return undefined;
  }

  /** Posts a receive; a message that is already here is delivered at once. */
  post(receive: Receive): void {
    for (let arrival = this.arrived.first; arrival !== undefined; arrival = arrival.next) {
      if (!receive.matches(arrival.source, arrival.tag)) continue;
      this.arrived.remove(arrival);
      arrival.deliver(receive);
      return;
    }
    this.posted.push(receive);
  }

  /** Takes a receive out of the queue if it is still in it. */
  withdraw(receive: Receive): void {
    for (let posted = this.posted.first; posted !== undefined; posted = posted.next) {
      if (posted === receive) return this.posted.remove(receive);
    }
  }
}

function refusal(message: Message, into: TypedArray): Error | undefined {
  const { code, source, tag, bytes } = message;
  const expected = codeOf(into);
  const from = `from rank ${source} with tag ${tag}`;
  if (code !== expected && code !== UINT8 && expected !== UINT8) {
    return new TypeMismatchError(
      `recv: a message ${from} holds ${nameOf(code)}, the receive buffer ${nameOf(expected)}; use the same type on both sides`,
    );
  }
  if (bytes <= into.byteLength && bytes % into.BYTES_PER_ELEMENT === 0) return undefined;
  const size = bytesPerElement(code);
  return new TruncateError(
    source,
    tag,
    `recv: a message ${from} has ${bytes / size} elements of ${nameOf(code)}, the receive buffer has room for ${into.length}; make it longer`,
  );
}

function head(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.byteLength === length ? bytes : bytes.subarray(0, length);
}
