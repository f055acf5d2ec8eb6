import { bytesOf } from "../envelope.js";
import type { TypedArray } from "../types.js";

/** Up to so many elements, a loop costs less than a view of the memory. */
const FEW = 64;

/** Shared memory, into and out of which elements of any type are copied. Positions are bytes, multiples of 8. */
export class Cells {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly #bytes: Uint8Array;

  constructor(memory: ArrayBuffer) {
    this.words = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  put(at: number, x: TypedArray): void {
    const { length } = x;
    if (length > FEW) this.#bytes.set(bytesOf(x), at);
    else if (x instanceof Float64Array) loop(this.doubles, at / 8, x, 0, length);
    else if (x instanceof Uint8Array) loopBytes(this.#bytes, at, x, 0, length);
    else if (x instanceof Int32Array) loopWords(this.words, at / 4, x, 0, length);
    else this.#bytes.set(bytesOf(x), at);
  }

  /** Fills `count` elements of an array, from `start` on. */
  get(at: number, into: TypedArray, start: number, count: number): void {
    if (count <= FEW && (at & 7) === 0) {
      if (into instanceof Float64Array) return loop(into, start, this.doubles, at / 8, count);
      if (into instanceof Int32Array) return loopWords(into, start, this.words, at / 4, count);
    }
    if (count <= FEW && into instanceof Uint8Array) return loopBytes(into, start, this.#bytes, at, count);
    const size = into.BYTES_PER_ELEMENT;
    bytesOf(into).set(this.#bytes.subarray(at, at + count * size), start * size);
  }

  view(at: number, bytes: number): Uint8Array {
    return this.#bytes.subarray(at, at + bytes);
  }
}

// One loop for each type: V8 compiles it for that one.

function loop(to: Float64Array, at: number, from: Float64Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[start + i];
}

function loopWords(to: Int32Array, at: number, from: Int32Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[start + i];
}

function loopBytes(to: Uint8Array, at: number, from: Uint8Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[start + i];
}
