import type { Signature } from "../matching.js";
import { JOURNAL_ENTRIES, JOURNAL_ENTRY_BYTES, NOTES_BYTES, SLOTS } from "../wire/segment.js";

/**
 * What ranks note on a board for each other, beside their contributions: what they have called without it, and which
 * contributions they have read.
 */
export class BoardNotes {
  readonly #words: Int32Array;
  /** Word at which the notes of each member begin. */
  readonly #starts: readonly number[];
  readonly #rank: number;

  /** @param start - Byte at which the notes of local rank 0 begin. */
  constructor(words: Int32Array, start: number, places: readonly number[], rank: number) {
    this.#words = words;
    this.#starts = places.map((place) => (start + place * NOTES_BYTES) / 4);
    this.#rank = rank;
  }

  /** Notes what this rank calls without the board, for others to compare with when they have waited for long. */
  note(sequence: number, { kind, root, count }: Signature): void {
    const entry = this.#entry(this.#rank, sequence);
    Atomics.store(this.#words, entry + 3, 0); // no number while it changes: see find()
    this.#words[entry] = kind;
    this.#words[entry + 1] = root;
    this.#words[entry + 2] = count;
    Atomics.store(this.#words, entry + 3, (sequence + 1) | 0);
  }

  /** What a rank has noted under this sequence number; `undefined` if nothing yet, or too long ago. */
  find(sequence: number, rank: number): Signature | undefined {
    const words = this.#words;
    const entry = this.#entry(rank, sequence);
    const number = (sequence + 1) | 0;
    if (Atomics.load(words, entry + 3) !== number) return undefined;
    const signature = { kind: words[entry], root: words[entry + 1], count: words[entry + 2] };
    return Atomics.load(words, entry + 3) === number ? signature : undefined; // the next one may be written meanwhile
  }

  /** This rank has read whatever calls before this one have in a slot. */
  markRead(slot: number, sequence: number): void {
    Atomics.store(this.#words, this.#unread(this.#rank, slot), sequence);
  }

  /** Whether all ranks but these have read what a call has in a slot. */
  readByAll(slot: number, sequence: number, except: { has(rank: number): boolean }): boolean {
    for (let rank = 0; rank < this.#starts.length; rank++)
      if (Atomics.load(this.#words, this.#unread(rank, slot)) <= sequence && !except.has(rank)) return false;
    return true;
  }

  /** Makes this rank's notes as they were at first. */
  clear(): void {
    this.#words.fill(0, this.#starts[this.#rank], this.#unread(this.#rank, SLOTS));
  }

  #entry(rank: number, sequence: number): number {
    return this.#starts[rank] + ((sequence % JOURNAL_ENTRIES) * JOURNAL_ENTRY_BYTES) / 4;
  }

  #unread(rank: number, slot: number): number {
    return this.#starts[rank] + (JOURNAL_ENTRIES * JOURNAL_ENTRY_BYTES) / 4 + slot;
  }
}
