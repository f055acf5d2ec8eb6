import type { Signature } from "../matching.js";
import type { TypedArray } from "../types.js";
import {
  BOARD_BYTES,
  BOARDS,
  JOURNAL_ENTRIES,
  JOURNAL_ENTRY_BYTES,
  type SegmentLayout,
  Slot,
  SLOT_BYTES,
} from "../wire/segment.js";

/**
 * Memory in which the ranks of a communicator lay out small contributions for all to see: each writes its own slots
 * and reads everybody's. One phase does a whole small collective, and every rank computes the result by itself, in
 * rank order, from the same bits.
 *
 * A rank has two slots, for even and odd calls, and publishes a call only after completing the one before. So when
 * it reuses a slot, all ranks have published the call in between, hence completed, and read, the one in that slot.
 */
export class Board {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #memory: ArrayBuffer;
  /** Where each member's part begins, in bytes, by rank in the communicator. */
  readonly #parts: readonly number[];
  readonly #own: number;
  readonly #ring: () => void;

  constructor(
    memory: ArrayBuffer,
    layout: SegmentLayout,
    index: number,
    places: readonly number[],
    own: number,
    ring: () => void,
  ) {
    this.#memory = memory;
    this.#words = new Int32Array(memory);
    this.#doubles = new Float64Array(memory);
    this.#parts = places.map((place) => layout.boards + (place * BOARDS + index) * BOARD_BYTES);
    this.#own = layout.boards + (own * BOARDS + index) * BOARD_BYTES;
    this.#ring = ring;
  }

  /**
   * Lays out this rank's contribution to call number `call`, counted from 0.
   *
   * @returns The first rank that has not; the size if this was the last.
   */
  publish(call: number, { kind, root, count }: Signature, payload: TypedArray): number {
    const words = this.#words;
    const slot = (this.#own + (call & 1) * SLOT_BYTES) / 4;
    words[slot + Slot.kind] = kind;
    words[slot + Slot.root] = root;
    words[slot + Slot.count] = count;
    if (payload instanceof Float64Array) {
      const start = (slot + Slot.payload) / 2;
      for (let i = 0; i < payload.length; i++) this.#doubles[start + i] = payload[i];
    } else {
      new Uint8Array(this.#memory, (slot + Slot.payload) * 4, payload.byteLength).set(
        new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength),
      );
    }
    Atomics.store(words, slot + Slot.stamp, (call + 1) | 0);
    const missing = this.missing(call, 0);
    if (missing === this.#parts.length) this.#ring(); // the last one wakes the others
    return missing;
  }

  /** First rank from `from` on that has not published this call; the size if all have. */
  missing(call: number, from: number): number {
    const stamp = (call + 1) | 0;
    const offset = (call & 1) * SLOT_BYTES;
    let rank = from;
    while (rank < this.#parts.length && Atomics.load(this.#words, (this.#parts[rank] + offset) / 4) === stamp)
      rank++;
    return rank;
  }

  hasPublished(call: number, rank: number): boolean {
    const slot = (this.#parts[rank] + (call & 1) * SLOT_BYTES) / 4;
    return Atomics.load(this.#words, slot) === ((call + 1) | 0);
  }

  /** First rank that has published this call with another signature; the size if none has. */
  differing(call: number, { kind, root, count }: Signature): number {
    const words = this.#words;
    const offset = (call & 1) * SLOT_BYTES;
    for (let rank = 0; rank < this.#parts.length; rank++) {
      const slot = (this.#parts[rank] + offset) / 4;
      if (
        words[slot + Slot.kind] !== kind ||
        words[slot + Slot.root] !== root ||
        words[slot + Slot.count] !== count
      )
        return rank;
    }
    return this.#parts.length;
  }

  signature(call: number, rank: number): Signature {
    return this.#signatureAt((this.#parts[rank] + (call & 1) * SLOT_BYTES) / 4 + Slot.kind);
  }

  /** A rank's contribution, in place, as an array of the same type as `like`. */
  payload(call: number, rank: number, like: TypedArray): TypedArray {
    const offset = this.#parts[rank] + (call & 1) * SLOT_BYTES + Slot.payload * 4;
    const constructor = like.constructor as new (
      buffer: ArrayBuffer,
      offset: number,
      length: number,
    ) => TypedArray;
    return new constructor(this.#memory, offset, like.length);
  }

  /** into[i] ← Σ over ranks, in rank order. */
  sum(call: number, into: Float64Array): void {
    const doubles = this.#doubles;
    const offset = (call & 1) * SLOT_BYTES + Slot.payload * 4;
    for (let i = 0; i < into.length; i++) {
      let sum = doubles[(this.#parts[0] + offset) / 8 + i];
      for (let rank = 1; rank < this.#parts.length; rank++)
        sum += doubles[(this.#parts[rank] + offset) / 8 + i];
      into[i] = sum;
    }
  }

  /** Notes what this rank calls, for others to compare with when they have waited for long. */
  note(sequence: number, { kind, root, count }: Signature): void {
    const entry = this.#entry(this.#own, sequence);
    this.#words[entry] = kind;
    this.#words[entry + 1] = root;
    this.#words[entry + 2] = count;
    Atomics.store(this.#words, entry + 3, (sequence + 1) | 0);
  }

  /** What a rank has called under this sequence number; `undefined` if nothing yet, or too long ago. */
  noted(sequence: number, rank: number): Signature | undefined {
    const entry = this.#entry(this.#parts[rank], sequence);
    if (Atomics.load(this.#words, entry + 3) !== ((sequence + 1) | 0)) return undefined;
    return this.#signatureAt(entry);
  }

  /** This rank is done with the board; `use` numbers the uses of this place, and only grows. */
  retire(use: number): void {
    Atomics.store(this.#words, this.#own / 4 + Slot.retired, use);
  }

  /** Whether all members are done with this use, so that nobody reads this rank's part any more. */
  retiredByAll(use: number): boolean {
    return this.#parts.every((part) => Atomics.load(this.#words, part / 4 + Slot.retired) >= use);
  }

  /** Makes this rank's part as it was at first, for the next use. */
  clear(): void {
    const part = this.#words.subarray(this.#own / 4, (this.#own + BOARD_BYTES) / 4);
    const retired = part[Slot.retired];
    part.fill(0);
    Atomics.store(part, Slot.retired, retired);
  }

  #signatureAt(word: number): Signature {
    return { kind: this.#words[word], root: this.#words[word + 1], count: this.#words[word + 2] };
  }

  #entry(part: number, sequence: number): number {
    return (part + 2 * SLOT_BYTES + (sequence % JOURNAL_ENTRIES) * JOURNAL_ENTRY_BYTES) / 4;
  }
}
