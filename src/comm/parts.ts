import { DefaultDeserializer, DefaultSerializer } from "node:v8";
import type { TypedArray } from "./types.js";

/** A part of a payload, and where in the payload it is. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Smaller arrays are copied with the object around them. */
const PART_BYTES = 64 * 1024;
const ALIGNMENT = 8;
/** Words of 4 bytes: length of the skeleton, number of parts; for each part its offset, bytes and code. */
const HEAD_BYTES = 8;
const ENTRY_BYTES = 24;
/** How an array is written in a skeleton. */
const INSIDE = 0;
const APART = 1;

interface HostObjects {
  _writeHostObject(view: ArrayBufferView): void;
  _readHostObject(): unknown;
}
const standardWrite = DefaultSerializer.prototype as unknown as Pick<HostObjects, "_writeHostObject">;
const standardRead = DefaultDeserializer.prototype as unknown as Pick<HostObjects, "_readHostObject">;

/** Writes an object, leaving out its large typed arrays. */
class SkeletonWriter extends DefaultSerializer {
  readonly parts: { readonly array: TypedArray; readonly code: number }[] = [];
  /** Some typed array was written, so that the standard reader will not do. */
  special = false;
  readonly #codeOf: CodeOf;

  constructor(codeOf: CodeOf) {
    super();
    this.#codeOf = codeOf;
  }

  _writeHostObject(view: ArrayBufferView): void {
    this.special = true;
    const code = view.byteLength < PART_BYTES ? undefined : this.#codeOf(view);
    if (code === undefined) {
      this.writeUint32(INSIDE);
      return standardWrite._writeHostObject.call(this, view);
    }
    this.writeUint32(APART);
    this.writeUint32(this.parts.push({ array: view as TypedArray, code }) - 1);
  }
}

class SkeletonReader extends DefaultDeserializer {
  readonly #parts: readonly TypedArray[];

  constructor(skeleton: Uint8Array, parts: readonly TypedArray[]) {
    super(skeleton);
    this.#parts = parts;
  }

  _readHostObject(): unknown {
    return this.readUint32() === APART
      ? this.#parts[this.readUint32()]
      : standardRead._readHostObject.call(this);
  }
}

type CodeOf = (view: ArrayBufferView) => number | undefined;

/** An object as bytes: what the standard reader reads, or with `apart`, a table, a skeleton and the large arrays in it. */
export interface Serialized {
  readonly apart: boolean;
  readonly bytes: number;
  readonly pieces: readonly Piece[];
}

/**
 * Serializes anything that can be cloned. Typed arrays of 64 KiB and more are not copied: they follow the rest as pieces
 * of their own, as in the out-of-band buffers of Python's pickle protocol 5, so that no single buffer has to hold all.
 */
export function serializeApart(value: unknown, codeOf: CodeOf, pieceBytes: number): Serialized {
  const writer = new SkeletonWriter(codeOf);
  writer.writeHeader();
  writer.writeValue(value);
  const skeleton = writer.releaseBuffer();
  const { parts, special } = writer;
  if (!special) return { apart: false, bytes: skeleton.byteLength, pieces: [{ offset: 0, bytes: skeleton }] };
  const start = HEAD_BYTES + parts.length * ENTRY_BYTES;
  const head = new Uint8Array(start + skeleton.byteLength);
  const table = new DataView(head.buffer);
  table.setUint32(0, skeleton.byteLength, true);
  table.setUint32(4, parts.length, true);
  head.set(skeleton, start);
  const pieces: Piece[] = [{ offset: 0, bytes: head }];
  let end = head.byteLength;
  parts.forEach(({ array, code }, i) => {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const entry = HEAD_BYTES + i * ENTRY_BYTES;
    table.setFloat64(entry, offset, true);
    table.setFloat64(entry + 8, array.byteLength, true);
    table.setUint32(entry + 16, code, true);
    pieces.push(...piecesOf(array, offset, pieceBytes));
    end = offset + array.byteLength;
  });
  return { apart: true, bytes: end, pieces };
}

/** Inverse of {@link serializeApart} with `apart`; the large arrays view `buffer`. */
export function deserializeApart(
  buffer: ArrayBufferLike,
  start: number,
  view: (code: number, buffer: ArrayBufferLike, offset: number, bytes: number) => TypedArray,
): unknown {
  const skeletonBytes = new DataView(buffer, start, 4).getUint32(0, true);
  const count = new DataView(buffer, start + 4, 4).getUint32(0, true);
  const table = new DataView(buffer, start + HEAD_BYTES, count * ENTRY_BYTES);
  const parts = Array.from({ length: count }, (_, i) => {
    const entry = i * ENTRY_BYTES;
    const [offset, bytes] = [table.getFloat64(entry, true), table.getFloat64(entry + 8, true)];
    return view(table.getUint32(entry + 16, true), buffer, start + offset, bytes);
  });
  const skeleton = new Uint8Array(buffer, start + HEAD_BYTES + count * ENTRY_BYTES, skeletonBytes);
  const reader = new SkeletonReader(skeleton, parts);
  reader.readHeader();
  return reader.readValue();
}

/** The memory of an array in views of at most `pieceBytes`; one empty view for an empty array. */
export function piecesOf(array: TypedArray, offset: number, pieceBytes: number): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  do {
    const length = Math.min(pieceBytes, array.byteLength - at);
    const bytes = new Uint8Array(array.buffer, array.byteOffset + at, length);
    pieces.push({ offset: offset + at, bytes });
    at += pieceBytes;
  } while (at < array.byteLength);
  return pieces;
}
