import { encode } from "./control.js";
import type { ControlMessage } from "./messages.js";

/** Encodes a message for a byte stream: its length in 4 little-endian bytes, then the FlatBuffer. Local. */
export function encodeFrame(message: ControlMessage): Uint8Array {
  return frame(encode(message));
}

/** Puts the length in front of an encoded message. Local. */
export function frame(encoded: Uint8Array): Uint8Array {
  const framed = new Uint8Array(4 + encoded.length);
  new DataView(framed.buffer).setUint32(0, encoded.length, true);
  framed.set(encoded, 4);
  return framed;
}

/** Cuts a byte stream into control messages. Local. */
export class FrameReader {
  #pending: Uint8Array = new Uint8Array(0);

  /**
   * The encoded messages that these bytes complete.
   *
   * @throws {RangeError} If a frame claims more than 16 MiB.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const frames: Uint8Array[] = [];
    while (rest.length >= 4) {
      const length = frameLength(rest);
      if (rest.length < 4 + length) break;
      frames.push(rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
    }
    this.#pending = new Uint8Array(rest);
    return frames;
  }
}

/**
 * The length that the first four bytes announce. Local.
 *
 * @throws {RangeError} If it is more than 16 MiB.
 */
export function frameLength(bytes: Uint8Array): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length > MAX_FRAME)
    throw new RangeError(`control: a frame of ${length} bytes exceeds the limit of ${MAX_FRAME}`);
  return length;
}

const MAX_FRAME = 2 ** 24;
