import { bytesOf, codeOf, countOf, nameOf, unpack, unpackLarge, VIEW_BYTES_MAX } from "./envelope.js";
import type { Arrival } from "./arrival.js";
import { TruncateError, TypeMismatchError } from "./errors.js";
import { type Message, NOWHERE, Posted, statusOf } from "./matching.js";
import type { Waiter } from "./request.js";
import type { Landing } from "./transports/transport.js";
import type { Status, TypedArray } from "./types.js";
import type { Unexpected } from "./unexpected.js";

const UINT8 = codeOf(NOWHERE);

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
