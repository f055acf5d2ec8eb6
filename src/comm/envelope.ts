import { deserialize } from "node:v8";
import { shown } from "../options.js";
import { deserializeApart, type Piece, piecesOf, serializeApart } from "./parts.js";
import { decodePlain, encodePlain } from "./plain.js";
import { decodeForeign, encodeForeign } from "./serializer.js";
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
  /** Payload bytes; in `request`, those of the payload to come; in `data`, where in it this piece is. */
  bytesLow: 6,
  bytesHigh: 7,
  /** Signature of a collective: operation, reduction and element type; then root and count. */
  signature: 8,
  root: 9,
  count: 10,
  /** The sender's request, in `request`, `clear` and `withdraw`. */
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
  /** So many messages (`count`) and bytes have been taken: see credit.ts. */
  credit: 5,
  /** The sender wants back what it has announced. */
  withdraw: 6,
} as const;

/** Payloads up to this size travel with their header; larger ones wait until the receiver has a place for them. */
export const EAGER_BYTES = 64 * 1024;
/** Longest payload that one view covers on every Node; longer ones are handled in pieces. */
export const VIEW_BYTES_MAX = 2 ** 31;

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
/** An object whose large arrays follow it as they are: see parts.ts. */
const PARTS = FIRST_ARRAY + CONSTRUCTORS.length;
/** A small value of texts, numbers, arrays and objects: see plain.ts. */
const PLAIN = PARTS + 1;
/** What a serializer of the program's own has made: see serializer.ts. */
const FOREIGN = PLAIN + 1;
const CODES = new Map<unknown, number>(CONSTRUCTORS.map((constructor, i) => [constructor, FIRST_ARRAY + i]));

/** A value on the wire: raw bytes and how to read them. */
export interface Packed {
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** Wire code of a typed array's element type. */
export function codeOf(array: TypedArray): number {
  return arrayCode(array) ?? FIRST_ARRAY;
}

/** Programs send the same type again and again. */
let latestConstructor: unknown;
let latestCode: number | undefined;

function arrayCode(array: { readonly constructor: unknown }): number | undefined {
  if (array.constructor === latestConstructor) return latestCode;
  latestConstructor = array.constructor;
  return (latestCode = CODES.get(latestConstructor));
}

/** Element type for messages: `float64`, `number`, `object`. */
export function nameOf(code: number): string {
  if (code === OBJECT || code === PARTS || code === PLAIN || code === FOREIGN) return "object";
  if (code === NUMBER) return "number";
  return CONSTRUCTORS[code - FIRST_ARRAY]?.name.replace("Array", "").toLowerCase() ?? `unknown type ${code}`;
}

/** Elements of a typed array; 1 for any other value. */
export function countOf(code: number, bytes: number): number {
  const constructor = CONSTRUCTORS[code - FIRST_ARRAY];
  return constructor === undefined ? 1 : bytes / constructor.BYTES_PER_ELEMENT;
}

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && arrayCode(value) !== undefined;
}

export function setContext(header: Int32Array, context: number): void {
  header[Word.contextLow] = context | 0;
  header[Word.contextHigh] = Math.floor(context / 2 ** 32);
}

export function contextIn(header: Int32Array): number {
  return (header[Word.contextLow] >>> 0) + header[Word.contextHigh] * 2 ** 32;
}

export function setBytes(header: Int32Array, bytes: number): void {
  header[Word.bytesLow] = bytes | 0;
  header[Word.bytesHigh] = bytes > 0xffffffff ? Math.floor(bytes / 2 ** 32) : 0;
}

export function bytesIn(header: Int32Array): number {
  return (header[Word.bytesLow] >>> 0) + header[Word.bytesHigh] * 2 ** 32;
}

/** The memory of a typed array as bytes, without a copy. */
export function bytesOf(array: TypedArray): Uint8Array {
  if (array.constructor === Uint8Array) return array;
  for (let i = 0; i < VIEWS; i++)
    if (viewed[i] === array && views[i].byteLength === array.byteLength) return views[i];
  const bytes = viewOf(array);
  if (bytes.byteLength > SMALL_BYTES) return bytes;
  viewed[nextView] = array;
  views[nextView] = bytes;
  nextView = (nextView + 1) % VIEWS;
  return bytes;
}

/** Views of the small arrays used last: programs send the same few, and making a view costs more than a short message. */
const SMALL_BYTES = 1024;
const VIEWS = 4;
const views: Uint8Array[] = Array.from({ length: VIEWS }, () => new Uint8Array(0));
const viewed: TypedArray[] = [...views];
let nextView = 0;

function viewOf(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Typed arrays as they are (no copy), numbers as eight bytes, small plain values by {@link encodePlain}, anything else
 * through `v8.serialize`; large typed arrays inside are copied once.
 */
export function pack(value: unknown): Packed {
  if (isTypedArray(value)) return { code: codeOf(value), bytes: bytesOf(value) };
  const plain = packPlain(value);
  if (plain !== undefined) return plain;
  const { code, bytes, pieces } = serialize(value);
  if (pieces.length === 1) return { code, bytes: pieces[0].bytes };
  const joined = new Uint8Array(bytes);
  for (const piece of pieces) joined.set(piece.bytes, piece.offset);
  return { code, bytes: joined };
}

/** As {@link pack}, of what is plain and small: numbers, texts, and so on; `undefined` for anything else. */
export function packPlain(value: unknown): Packed | undefined {
  if (typeof value === "number")
    return { code: NUMBER, bytes: new Uint8Array(Float64Array.of(value).buffer) };
  const bytes = encodePlain(value);
  return bytes && { code: PLAIN, bytes };
}

/** A value in pieces of at most {@link VIEW_BYTES_MAX} bytes; of an object only the skeleton is copied. */
export interface PackedPieces {
  readonly code: number;
  readonly bytes: number;
  readonly pieces: readonly Piece[];
}

/** As {@link pack}, for values of any length. */
export function packPieces(value: unknown): PackedPieces {
  if (isTypedArray(value)) {
    const pieces = piecesOf(value, 0, VIEW_BYTES_MAX);
    return { code: codeOf(value), bytes: value.byteLength, pieces };
  }
  const plain = packPlain(value);
  if (plain !== undefined)
    return { code: plain.code, bytes: plain.bytes.byteLength, pieces: [{ offset: 0, bytes: plain.bytes }] };
  return serialize(value);
}

function serialize(value: unknown): PackedPieces {
  const foreign = encodeForeign(value);
  if (foreign !== undefined)
    return { code: FOREIGN, bytes: foreign.byteLength, pieces: [{ offset: 0, bytes: foreign }] };
  try {
    const { apart, bytes, pieces } = serializeApart(value, arrayCode, VIEW_BYTES_MAX);
    return { code: apart ? PARTS : OBJECT, bytes, pieces };
  } catch (cause) {
    const [reason] = String(cause).split("\n");
    throw new TypeError(
      `${shown(value)} cannot be sent (${reason}); send plain data and typed arrays, or pass a serializer to init`,
      { cause },
    );
  }
}

/** Inverse of {@link pack}. A typed array views `bytes` where its alignment allows, so `bytes` changes owner. */
export function unpack(code: number, bytes: Uint8Array): unknown {
  if (code === OBJECT) return deserialize(bytes);
  if (code === PLAIN) return decodePlain(bytes);
  if (code === FOREIGN) return decodeForeign(bytes);
  if (code === NUMBER) return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  const { buffer, byteOffset } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  if (code === PARTS) return deserializeApart(buffer, byteOffset, viewAs);
  return viewAs(code, buffer, byteOffset, bytes.byteLength);
}

/** The same for values of any length that start their buffer. */
export function unpackLarge(code: number, buffer: ArrayBufferLike, bytes: number): unknown {
  if (code === OBJECT) return deserialize(new Uint8Array(buffer, 0, bytes));
  if (code === PLAIN || code === NUMBER || code === FOREIGN)
    return unpack(code, new Uint8Array(buffer, 0, bytes));
  return code === PARTS ? deserializeApart(buffer, 0, viewAs) : viewAs(code, buffer, 0, bytes);
}

function viewAs(code: number, buffer: ArrayBufferLike, offset: number, bytes: number): TypedArray {
  const constructor = CONSTRUCTORS[code - FIRST_ARRAY];
  if (constructor === undefined)
    throw new TypeError(`unpack: unknown element type ${code}; are all ranks of one version?`);
  return new constructor(buffer, offset, bytes / constructor.BYTES_PER_ELEMENT);
}
