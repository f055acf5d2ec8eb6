import { checkHeader, FRAME_BYTES, HEADER_WORDS_MAX, lengthOf } from "../frame.js";

/**
 * What the ZeroMQ transport puts on the wire. A frame is a row of records, so that many small messages travel as one:
 *
 *     kind | words « 8 , sequence , low , high      see ../frame.ts
 *     `words` 32-bit words of header                only in a message
 *     payload                                       in place, of a message of at most EAGER_BYTES; and the job id of a hello
 *
 * A longer payload follows in chunks. The bytes of a chunk are a ZeroMQ part of their own after the frame whose last
 * record announces them, so that they are sent from the memory they are in. `sequence` counts the records of a
 * connection: ZeroMQ loses messages silently when a connection breaks, and a gap shows it.
 */
export type Frame =
  /** First on every connection: who sends on it. */
  | {
      readonly kind: "hello";
      readonly sequence: number;
      readonly rank: number;
      readonly size: number;
      readonly jobId: string;
    }
  /** A message of `bytes`; `payload` is there if it is short, and follows in chunks if it is not. */
  | {
      readonly kind: "message";
      readonly sequence: number;
      readonly header: Int32Array;
      readonly bytes: number;
      readonly payload: Uint8Array | undefined;
    }
  /** The next `bytes` of the payload that is under way. */
  | { readonly kind: "chunk"; readonly sequence: number; readonly bytes: number }
  /** `bytes` of chunks have been taken: so many more may be sent. */
  | { readonly kind: "credit"; readonly sequence: number; readonly bytes: number }
  /** The sender will post no more. */
  | { readonly kind: "bye"; readonly sequence: number }
  /** Everything before your bye has arrived. */
  | { readonly kind: "done"; readonly sequence: number };

/** Longest payload that is copied and sent at once, and longest row of records that is joined to one frame. */
export const EAGER_BYTES = 64 << 10;
/** Longest chunk. */
export const CHUNK_BYTES = 256 << 10;
/** Nothing longer is taken from the network. */
export const PART_BYTES_MAX = 512 << 10;

const KINDS = ["", "hello", "message", "chunk", "credit", "bye", "done"] as const;
const kindCode = new Map(KINDS.map((kind, code) => [kind, code]));

/** A hello is the first record of its connection. Local. */
export function encodeHello(rank: number, size: number, jobId: string): Buffer {
  const id = Buffer.from(jobId);
  return Buffer.concat([record("hello", rank, size, id.length), id]);
}

/**
 * A message with its payload, or with the announcement of one that is longer than EAGER_BYTES. Copies both. Local.
 *
 * @throws {RangeError} If the header has more than HEADER_WORDS_MAX words.
 */
export function encodeMessage(header: Int32Array, payload: Uint8Array): Buffer {
  checkHeader("zmq", header.length);
  const bytes = payload.byteLength;
  const inline = bytes <= EAGER_BYTES ? bytes : 0;
  const buffer = Buffer.allocUnsafe(FRAME_BYTES + header.byteLength + inline);
  writeRecord(buffer, "message", bytes % 2 ** 32, Math.floor(bytes / 2 ** 32), header.length);
  buffer.set(new Uint8Array(header.buffer, header.byteOffset, header.byteLength), FRAME_BYTES);
  if (inline > 0) buffer.set(payload, FRAME_BYTES + header.byteLength);
  return buffer;
}

/** A record that carries at most a number of bytes. Local. */
export function encodeSignal(kind: "chunk" | "credit" | "bye" | "done", bytes = 0): Buffer {
  return record(kind, bytes, 0, 0);
}

/** Numbers a record, just before it is sent. */
export function stamp(frame: Buffer, sequence: number): void {
  frame.writeUInt32LE(sequence >>> 0, 4);
}

/**
 * The records of a frame. Payloads are views of it. Local.
 *
 * @throws {RangeError} If the frame is not a row of whole records of known kinds.
 */
export function decode(frame: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < frame.length;) {
    if (frame.length - at < FRAME_BYTES) throw malformed(frame, at, "ends inside a record");
    const word = frame.readUInt32LE(at);
    const kind = KINDS[word & 0xff];
    const extra = word >>> 8;
    const sequence = frame.readUInt32LE(at + 4);
    const low = frame.readUInt32LE(at + 8);
    const high = frame.readUInt32LE(at + 12);
    at += FRAME_BYTES;
    switch (kind) {
      case "hello": {
        if (extra > frame.length - at)
          throw malformed(frame, at, `has no room for a job id of ${extra} bytes`);
        frames.push({ kind, sequence, rank: low, size: high, jobId: frame.toString("utf8", at, at + extra) });
        at += extra;
        break;
      }
      case "message": {
        const bytes = lengthOf(low, high);
        const inline = bytes <= EAGER_BYTES ? bytes : 0;
        if (
          extra > HEADER_WORDS_MAX ||
          !Number.isSafeInteger(bytes) ||
          4 * extra + inline > frame.length - at
        ) {
          throw malformed(frame, at, `has no room for ${extra} words and ${bytes} bytes`);
        }
        const header = new Int32Array(extra);
        new Uint8Array(header.buffer).set(frame.subarray(at, at + 4 * extra));
        at += 4 * extra;
        const payload = inline === bytes ? frame.subarray(at, at + bytes) : undefined;
        at += inline;
        frames.push({ kind, sequence, header, bytes, payload });
        break;
      }
      case "chunk":
      case "credit":
        if (extra > 0 || high > 0) throw malformed(frame, at, `has a ${kind} with unknown fields`);
        frames.push({ kind, sequence, bytes: low });
        break;
      case "bye":
      case "done":
        if (extra > 0 || low > 0 || high > 0) throw malformed(frame, at, `has a ${kind} with unknown fields`);
        frames.push({ kind, sequence });
        break;
      default:
        throw malformed(frame, at, `has a record of unknown kind ${word & 0xff}`);
    }
  }
  return frames;
}

function record(kind: (typeof KINDS)[number], low: number, high: number, extra: number): Buffer {
  const buffer = Buffer.allocUnsafe(FRAME_BYTES);
  writeRecord(buffer, kind, low, high, extra);
  return buffer;
}

function writeRecord(
  buffer: Buffer,
  kind: (typeof KINDS)[number],
  low: number,
  high: number,
  extra: number,
): void {
  buffer.writeUInt32LE(((extra << 8) | (kindCode.get(kind) ?? 0)) >>> 0, 0);
  buffer.writeUInt32LE(0, 4);
  buffer.writeUInt32LE(low, 8);
  buffer.writeUInt32LE(high, 12);
}

function malformed(frame: Buffer, at: number, what: string): RangeError {
  return new RangeError(
    `zmq: a frame of ${frame.length} bytes ${what}, at byte ${at}; it did not come from tsmpi`,
  );
}
