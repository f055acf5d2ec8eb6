import { deserialize, serialize } from "node:v8";
import type { TypedArray } from "./types.js";

/**
 * The envelope before every message between ranks: 12 little-endian 32-bit words, the struct `Envelope` of
 * wire/envelope.fbs. FlatBuffers lays structs out at fixed offsets, so the words are read and written in place.
 */
export const HEADER_WORDS = 12;
export const HEADER_BYTES = 4 * HEADER_WORDS;

/** Offsets in words. */
export const Word = {
  /** What this is: see {@link Kind}. */
  kind: 0,
  /** Element type of the payload: see {@link codeOf}. */
  code: 1,
  contextLow: 2,
  contextHigh: 3,
  /** Sender's rank in the communicator. */
  source: 4,
  /** The user's tag, or the sequence number of a collective; the receiver's request in `clear` and `data`. */
  tag: 5,
  /** Payload bytes; in `request`, those of the payload to come. */
  bytesLow: 6,
  bytesHigh: 7,
  /** Signature of a collective: operation, reduction and element type; then root and count. */
  signature: 8,
  root: 9,
  count: 10,
  /** The sender's request, in `request` and `clear`. */
  request: 11,
} as const;

export const Kind = {
  /** Header and payload at once. */
  eager: 0,
  /** Asks to send a large payload. */
  request: 1,
  /** The receiver has a place for it. */
  clear: 2,
  /** The large payload. */
  data: 3,
  /** A collective failed on the sender; the payload is its message. */
  failure: 4,
  /** For the owner of the context, at once: see structure/service.ts. */
  active: 16,
  /** The sender's program has ended; it still answers active messages. */
  ended: 17,
} as const;

const OBJECT = 0;
const NUMBER = 1;

interface ArrayConstructor {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
}

const CONSTRUCTORS: readonly ArrayConstructor[] = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
const FIRST_ARRAY = 2;
const CODES = new Map<unknown, number>(CONSTRUCTORS.map((constructor, i) => [constructor, FIRST_ARRAY + i]));

/** A value on the wire: raw bytes and how to read them. */
export interface Packed {
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** Wire code of a typed array's element type. */
export function codeOf(array: TypedArray): number {
  return CODES.get(array.constructor) ?? FIRST_ARRAY;
}

/** Element type for messages: `float64`, `number`, `object`. */
export function nameOf(code: number): string {
  if (code === OBJECT) return "object";
  if (code === NUMBER) return "number";
  return CONSTRUCTORS[code - FIRST_ARRAY]?.name.replace("Array", "").toLowerCase() ?? `unknown type ${code}`;
}

export function bytesPerElement(code: number): number {
  if (code === OBJECT) return 1;
  if (code === NUMBER) return 8;
  return CONSTRUCTORS[code - FIRST_ARRAY].BYTES_PER_ELEMENT;
}

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && CODES.has(value.constructor);
}

/** The memory of a typed array as bytes, without a copy. */
export function bytesOf(array: TypedArray): Uint8Array {
  if (array.constructor === Uint8Array) return array;
  if (array.byteLength > SMALL_BYTES) return viewOf(array);
  for (const { of, bytes } of views) if (of === array && bytes.byteLength === array.byteLength) return bytes;
  const bytes = viewOf(array);
  views[nextView++ % views.length] = { of: array, bytes };
  return bytes;
}

interface View {
  readonly of: TypedArray;
  readonly bytes: Uint8Array;
}

/** Views of the small arrays used last: programs send the same few, and making a view costs more than a short message. */
const SMALL_BYTES = 1024;
const views: View[] = Array.from({ length: 4 }, () => ({ of: new Uint8Array(0), bytes: new Uint8Array(0) }));
let nextView = 0;

function viewOf(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Typed arrays as they are (no copy), numbers as eight bytes, anything else through `v8.serialize`. */
export function pack(value: unknown): Packed {
  if (isTypedArray(value)) return { code: codeOf(value), bytes: bytesOf(value) };
  if (typeof value === "number")
    return { code: NUMBER, bytes: new Uint8Array(Float64Array.of(value).buffer) };
  return { code: OBJECT, bytes: serialize(value) };
}

/** Inverse of {@link pack}. A typed array views `bytes` where its alignment allows, so `bytes` changes owner. */
export function unpack(code: number, bytes: Uint8Array): unknown {
  if (code === OBJECT) return deserialize(bytes);
  if (code === NUMBER) return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  const constructor = CONSTRUCTORS[code - FIRST_ARRAY];
  if (constructor === undefined)
    throw new TypeError(`unpack: unknown element type ${code}; are all ranks of one version?`);
  const size = constructor.BYTES_PER_ELEMENT;
  return bytes.byteOffset % size === 0
    ? new constructor(bytes.buffer, bytes.byteOffset, bytes.byteLength / size)
    : new constructor(aligned(bytes), 0, bytes.byteLength / size);
}

function aligned(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
}
