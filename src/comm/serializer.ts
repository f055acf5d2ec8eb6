import { checkOptions } from "../options.js";

/**
 * Turns values into bytes and back, instead of `v8.serialize`: for instances of classes, or a format of one's own. Typed
 * arrays and numbers never come to it, nor do small plain values (texts, arrays and objects of a few kilobytes).
 */
export interface Serializer {
  /** All ranks use serializers of one name. */
  readonly name: string;
  encode(value: unknown): Uint8Array;
  /** @param bytes - What `encode` has returned; they belong to the result. */
  decode(bytes: Uint8Array): unknown;
}

/** One for the process: values are packed far from any communicator. */
let current: { readonly serializer: Serializer; readonly mark: number } | undefined;

/** Serializes by `serializer` from now on; `undefined` for `v8.serialize`. Local; every rank does the same. */
export function useSerializer(serializer: Serializer | undefined): void {
  if (serializer !== undefined) check(serializer);
  current = serializer && { serializer, mark: markOf(serializer.name) };
}

function check(serializer: Serializer): void {
  checkOptions("init: serializer", serializer, ["name", "encode", "decode"]);
  const { name } = serializer;
  for (const method of ["encode", "decode"] as const)
    if (typeof serializer[method] !== "function")
      throw new TypeError(
        `init: serializer "${name}" has no function ${method}; pass { name, encode, decode }`,
      );
}

/** Before the bytes: which serializer they are of, and so many that what follows is aligned. */
const HEAD_BYTES = 8;

/** The bytes of a value, if there is a serializer. */
export function encodeForeign(value: unknown): Uint8Array | undefined {
  if (current === undefined) return undefined;
  const { serializer, mark } = current;
  const encoded = serializer.encode(value);
  if (!(encoded instanceof Uint8Array))
    throw new TypeError(
      `serializer "${serializer.name}": encode returned ${typeof encoded}; return a Uint8Array`,
    );
  const bytes = new Uint8Array(HEAD_BYTES + encoded.byteLength);
  new DataView(bytes.buffer).setUint32(0, mark, true);
  bytes.set(encoded, HEAD_BYTES);
  return bytes;
}

/** Inverse of {@link encodeForeign}. @throws {TypeError} If this rank has no such serializer. */
export function decodeForeign(bytes: Uint8Array): unknown {
  const mark = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  if (mark !== current?.mark) {
    const mine = current === undefined ? "this rank has none" : `this rank has "${current.serializer.name}"`;
    throw new TypeError(
      `recv: a message comes from another serializer, and ${mine}; pass the same to init({ serializer }) on all ranks`,
    );
  }
  return current.serializer.decode(bytes.subarray(HEAD_BYTES));
}

/** FNV-1a of a name. */
function markOf(name: string): number {
  let mark = 0x811c9dc5;
  for (const letter of name) mark = Math.imul(mark ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return mark >>> 0;
}
