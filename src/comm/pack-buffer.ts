import { checkOptions } from "../options.js";
import { codeOf, countOf, isTypedArray, nameOf, pack, unpack } from "./envelope.js";
import { MpiError, TypeMismatchError } from "./errors.js";
import { isStrided, type Strided } from "./layout.js";
import type { Into, TypedArray } from "./types.js";

/** Before each value: what it is, and its length in bytes. Values begin at multiples of eight bytes. */
const HEAD_BYTES = 16;

/**
 * Several values in one message: what one rank puts in, another takes out in the same order. Values are encoded as `send`
 * does, typed arrays as raw bytes. Local.
 *
 * ```ts
 * await comm.send(new PackBuffer().put(step).put(pressure).put({ data: field, layout: column }).bytes, 1);
 *
 * const received = new PackBuffer(await comm.recv<Uint8Array>());
 * const step = received.take<number>();
 * received.take({ into: pressure });
 * ```
 *
 * @see MPI: A Message-Passing Interface Standard 4.1, section 5.2
 */
export class PackBuffer {
  #memory: Uint8Array;
  /** Bytes that hold values. */
  #length: number;
  #position = 0;

  /** @param bytes - What another one has packed, to be taken out; default: an empty buffer, to be filled. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    if (!(bytes instanceof Uint8Array))
      throw new TypeError(`PackBuffer: bytes are ${typeof bytes}; pass the Uint8Array that was received`);
    this.#memory = bytes;
    this.#length = bytes.byteLength;
  }

  /** Everything that was put in, to be sent; without a copy, valid until more is put in. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  /** Whether there is anything to take. */
  get isEmpty(): boolean {
    return this.#position >= this.#length;
  }

  /** Copies a value behind those that are there. */
  put(value: unknown): this {
    const { code, bytes } = pack(
      isStrided(value) ? value.layout.pack(value.data, undefined, value.offset) : value,
    );
    const start = this.#length;
    const end = start + HEAD_BYTES + padded(bytes.byteLength);
    this.#reserve(end);
    const head = new DataView(this.#memory.buffer, this.#memory.byteOffset + start, HEAD_BYTES);
    head.setFloat64(0, bytes.byteLength, true);
    head.setInt32(8, code, true);
    this.#memory.set(bytes, start + HEAD_BYTES);
    this.#length = end;
    return this;
  }

  /**
   * Takes the next value out. With `into`, writes the elements of a typed array there.
   *
   * @returns The value; with `into`, the part of it that was filled, or the whole array of a layout.
   * @throws {MpiError} With code "UNPACK" if there is no further value, or the bytes are no packed ones.
   * @throws {TypeMismatchError | RangeError} If it is of another type than `into`, or longer; it can be taken again.
   */
  take<A extends TypedArray>(options: Into<A | Strided<A>>): A;
  take<T = unknown>(): T;
  take(options: Partial<Into<TypedArray | Strided>> = {}): unknown {
    checkOptions("PackBuffer.take", options, ["into"]);
    const { code, start, bytes } = this.#head();
    const { into } = options;
    const value = unpack(code, this.#memory.slice(start, start + bytes));
    const result = into === undefined ? value : store(value, code, countOf(code, bytes), into);
    this.#position = start + padded(bytes);
    return result;
  }

  #head(): { code: number; start: number; bytes: number } {
    const start = this.#position + HEAD_BYTES;
    if (this.isEmpty)
      throw new MpiError(
        "UNPACK",
        "PackBuffer.take: all values have been taken; put in as many as are taken out",
      );
    if (start <= this.#length) {
      const head = new DataView(this.#memory.buffer, this.#memory.byteOffset + this.#position, HEAD_BYTES);
      const bytes = head.getFloat64(0, true);
      if (Number.isSafeInteger(bytes) && bytes >= 0 && start + padded(bytes) <= this.#length)
        return { code: head.getInt32(8, true), start, bytes };
    }
    throw new MpiError(
      "UNPACK",
      `PackBuffer.take: there is no packed value at byte ${this.#position} of ${this.#length}; pass what PackBuffer.bytes was`,
    );
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#memory.byteLength) return;
    const memory = new Uint8Array(Math.max(bytes, 2 * this.#memory.byteLength, 256));
    memory.set(this.bytes);
    this.#memory = memory;
  }
}

function store(value: unknown, code: number, count: number, into: TypedArray | Strided): TypedArray {
  const target = isStrided(into) ? into.data : into;
  if (!isTypedArray(value) || codeOf(target) !== code)
    throw new TypeMismatchError(
      `PackBuffer.take: the next value is ${nameOf(code)}, into holds ${nameOf(codeOf(target))}; use the same type`,
    );
  const room = isStrided(into) ? into.layout.count : into.length;
  if (count > room)
    throw new RangeError(
      `PackBuffer.take: the next value has ${count} elements, into has room for ${room}; make it longer`,
    );
  if (isStrided(into)) {
    into.layout.unpack(value, into.data, into.offset);
    return into.data;
  }
  (into as Float64Array).set(value as Float64Array); // of one type
  return into.subarray(0, count);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
