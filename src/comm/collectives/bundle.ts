import { pack, type Packed, unpack } from "../envelope.js";

/** A rank's value on its way through other ranks. */
export interface Item {
  readonly rank: number;
  readonly packed: Packed;
}

/** A rank's value, arrived on its own. */
export interface Received {
  readonly rank: number;
  readonly value: unknown;
}

export function valueOf(item: Item | Received): unknown {
  return "value" in item ? item.value : unpack(item.packed.code, item.packed.bytes);
}

export function packedOf(item: Item | Received): Packed {
  return "value" in item ? pack(item.value) : item.packed;
}

const ENTRY_BYTES = 16;
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/**
 * Values of several ranks as one message: their number, then rank, element type and length of each, then their bytes,
 * each from a multiple of eight on.
 */
export function bundle(items: readonly Item[]): Uint8Array {
  const start = 8 + ENTRY_BYTES * items.length;
  const length = items.reduce((sum, { packed }) => sum + aligned(packed.bytes.byteLength), start);
  const message = new Uint8Array(length);
  const header = new DataView(message.buffer);
  header.setUint32(0, items.length, true);
  let at = start;
  items.forEach(({ rank, packed: { code, bytes } }, i) => {
    const entry = 8 + ENTRY_BYTES * i;
    header.setUint32(entry, rank, true);
    header.setUint32(entry + 4, code, true);
    header.setFloat64(entry + 8, bytes.byteLength, true);
    message.set(bytes, at);
    at += aligned(bytes.byteLength);
  });
  return message;
}

/** Inverse of {@link bundle}: views of the message. */
export function unbundle(message: Uint8Array): Item[] {
  const header = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const count = header.getUint32(0, true);
  let at = 8 + ENTRY_BYTES * count;
  return Array.from({ length: count }, (_, i) => {
    const entry = 8 + ENTRY_BYTES * i;
    const length = header.getFloat64(entry + 8, true);
    const bytes = message.subarray(at, at + length);
    at += aligned(length);
    return {
      rank: header.getUint32(entry, true),
      packed: { code: header.getUint32(entry + 4, true), bytes },
    };
  });
}
