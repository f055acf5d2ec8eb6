import { checkRank, checkTag } from "./arguments.js";
import { checkCall } from "./call-options.js";
import type { Calls } from "./calls.js";
import type { Members } from "./collectives/call.js";
import {
  bytesOf,
  codeOf,
  EAGER_BYTES,
  isTypedArray,
  type PackedPieces,
  packPieces,
  packPlain,
} from "./envelope.js";
import { isStrided, type Strided } from "./layout.js";
import { limitedCall } from "./receives.js";
import { completed, failed, type Operation } from "./request.js";
import { SendBuffer } from "./send-buffer.js";
import { PROC_NULL, type SendMode, type SendOptions, type TypedArray } from "./types.js";

const MODES: ReadonlySet<SendMode> = new Set(["standard", "synchronous", "buffered"]);

type Sending = "send" | "sendInit" | "sendrecv";

/** The sends of a communicator: short ones by a short way, buffered ones, those that may be called back. */
export class Sends {
  /** What buffered sends hold. */
  readonly buffer = new SendBuffer();
  readonly #members: Members;
  readonly #calls: Calls;
  /** Reused: the engine reads it only during a call. */
  readonly #address: { dest: number; context: number; source: number; tag: number };

  constructor(members: Members, calls: Calls) {
    this.#members = members;
    this.#calls = calls;
    this.#address = { dest: 0, context: members.id, source: members.rank, tag: 0 };
  }

  /** @throws {RangeError | TypeError} If an argument is wrong. */
  check(op: Sending, dest: number, tag: number, options: SendOptions): void {
    checkCall(this.#members, op, options);
    const { mode } = options;
    checkRank(this.#members, op, "dest", dest);
    checkTag(this.#members, op, tag);
    if (mode !== undefined && !MODES.has(mode))
      throw new RangeError(`${op}: mode "${String(mode)}" is unknown; use ${[...MODES].join(", ")}`);
  }

  /** Sends what is small and makes no special case; `undefined` if this is not. */
  small(value: unknown, dest: number, tag: number): Operation<void> | undefined {
    if (isTypedArray(value)) {
      if (value.byteLength > EAGER_BYTES) return undefined;
      return this.#members.engine.send(this.#to(dest, tag), codeOf(value), bytesOf(value));
    }
    const plain = packPlain(value);
    return plain && this.#members.engine.send(this.#to(dest, tag), plain.code, plain.bytes);
  }

  /** Sends anything; arguments have been checked. */
  post(op: string, value: unknown, dest: number, tag: number, options: SendOptions): Operation<void> {
    const { mode, signal, timeoutMs = this.#calls.timeoutMs } = options;
    if (signal?.aborted) return failed(this.#members.engine, signal.reason);
    if (dest === PROC_NULL) return completed(this.#members.engine, undefined);
    const message = isStrided(value) ? gathered(value) : value;
    const payload = this.#packed(op, message);
    if (mode === "buffered") return this.#copy(op, payload, dest, tag);
    const limit =
      signal === undefined && timeoutMs === Infinity
        ? undefined
        : { signal, timeoutMs, what: limitedCall(this.#members, op, dest, tag) };
    const synchronous = mode === "synchronous" || this.#members.engine.check;
    return this.#members.engine.sendPieces(this.#to(dest, tag), payload, { synchronous, limit });
  }

  #packed(op: string, message: unknown): PackedPieces {
    try {
      return packPieces(message);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TypeError(`${op}: on rank ${this.#members.rank} ${reason}`, { cause });
    }
  }

  /** Hands a copy over: complete at once. */
  #copy(op: string, message: PackedPieces, dest: number, tag: number): Operation<void> {
    const ended = this.buffer.send(
      `${op}: rank ${this.#members.rank} of "${this.#members.name}"`,
      message,
      (copy) => this.#members.engine.sendPieces(this.#to(dest, tag), copy),
    );
    return ended ?? completed(this.#members.engine, undefined);
  }

  #to(dest: number, tag: number): { dest: number; context: number; source: number; tag: number } {
    const address = this.#address;
    address.dest = this.#members.ranks[dest];
    address.tag = tag;
    return address;
  }
}

/** The elements of a layout, side by side. */
export function gathered({ data, layout, offset }: Strided): TypedArray {
  return layout.pack(data, undefined, offset);
}
