import type { Signature } from "../matching.js";
import type { PeerMemory } from "./posix.js";
import {
  BOARDS,
  JOURNAL_ENTRIES,
  JOURNAL_ENTRY_BYTES,
  type SegmentLayout,
  Slot,
  SLOTS,
} from "../wire/segment.js";

/** How a value lies on a board: in the slot itself, or where the slot says, in the memory of its rank. */
export const Form = { inline: 0, elsewhere: 1 } as const;

/** What a board needs of the transport whose memory it lies in. */
export interface BoardHost {
  readonly memory: ArrayBuffer;
  readonly layout: SegmentLayout;
  /** Reads what does not fit on a board; `undefined` where that is not possible, alike on all ranks. */
  readonly peers: PeerMemory | undefined;
  /** Wakes the given local ranks. */
  ring(places: readonly number[]): void;
  /** Gives up the core between two looks, for as long as that pays; false once it does not. */
  rest(round: number): boolean;
}

/**
 * Memory in which the ranks of a communicator lay out contributions for all to see: each writes its own slots and reads
 * everybody's. One step does a whole small collective, and every rank computes the result by itself, in rank order,
 * from the same bits.
 *
 * Steps are numbered from 0, alike on all ranks. A rank begins a step by publishing its contribution, and begins it
 * only after completing the one before. It reuses a slot for step n once all ranks have begun step n − SLOTS + 1:
 * then they have completed, and read, the one that was in it.
 */
export class Board {
  readonly size: number;
  readonly payloadBytes: number;
  readonly peers: PeerMemory | undefined;
  readonly #host: BoardHost;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  /** Where each member's part begins, in words, by rank in the communicator. */
  readonly #parts: readonly number[];
  readonly #rank: number;
  readonly #slotWords: number;
  readonly #others: readonly number[];
  /** All ranks are known to have begun this step. */
  #begun = -1;

  /** @param places - Local ranks of the members, by rank in the communicator, of which this one is `rank`. */
  constructor(host: BoardHost, index: number, places: readonly number[], rank: number) {
    const { memory, layout } = host;
    this.#host = host;
    this.size = places.length;
    this.payloadBytes = layout.payloadBytes;
    this.peers = host.peers;
    this.#words = new Int32Array(memory);
    this.#doubles = new Float64Array(memory);
    this.#parts = places.map((place) => (layout.boards + (place * BOARDS + index) * layout.partBytes) / 4);
    this.#rank = rank;
    this.#slotWords = layout.slotBytes / 4;
    this.#others = places.filter((_, member) => member !== rank);
  }

  // --- this rank's contribution ---------------------------------------------------------------

  /** Whether this rank may write its slot for a step. */
  hasRoom(step: number): boolean {
    const needed = step - SLOTS + 1;
    if (needed <= this.#begun) return true;
    for (let rank = 0; rank < this.size; rank++) {
      const begun = Atomics.load(this.#words, this.#slot(needed, rank)); // that step's stamp, or a later one
      if (((begun - (needed + 1)) | 0) < 0 || begun === 0) return false;
    }
    this.#begun = needed;
    return true;
  }

  /** Says what is called. Then comes the contribution, then {@link publish}. */
  open(step: number, { kind, root, count }: Signature, sequence: number): void {
    const words = this.#words;
    const slot = this.#slot(step, this.#rank);
    Atomics.store(words, slot + Slot.sequence, sequence); // first: see noted()
    words[slot + Slot.kind] = kind;
    words[slot + Slot.root] = root;
    words[slot + Slot.count] = count;
    words[slot + Slot.bytes] = 0;
    words[slot + Slot.form] = Form.inline;
  }

  putNumber(step: number, x: number): void {
    this.#doubles[(this.#slot(step, this.#rank) + Slot.payload) / 2] = x;
  }

  putDoubles(step: number, x: Float64Array): void {
    const start = (this.#slot(step, this.#rank) + Slot.payload) / 2;
    for (let i = 0; i < x.length; i++) this.#doubles[start + i] = x[i];
  }

  /** A value of any type, whose element type and length other ranks cannot know. */
  putBytes(step: number, code: number, bytes: Uint8Array): void {
    const slot = this.#slot(step, this.#rank);
    this.#words[slot + Slot.code] = code;
    this.#words[slot + Slot.bytes] = bytes.byteLength;
    this.#bytes(slot, 0, bytes.byteLength).set(bytes);
  }

  /** Says where the contribution is, instead. */
  putPlace(step: number, code: number, bytes: number, address: number): void {
    const slot = this.#slot(step, this.#rank);
    this.#words[slot + Slot.code] = code;
    const payload = (slot + Slot.payload) / 2;
    this.#doubles[payload] = address;
    this.#doubles[payload + 1] = bytes;
    this.markElsewhere(step);
  }

  /** Says that the contribution refers to memory of this rank. */
  markElsewhere(step: number): void {
    this.#words[this.#slot(step, this.#rank) + Slot.form] = Form.elsewhere;
    this.#words[this.#slot(step, this.#rank) + Slot.pid] = process.pid;
  }

  /** Lets others see the contribution. Whoever is the last to begin a step wakes the rest, and so does who says so. */
  publish(step: number, wake: boolean): void {
    Atomics.store(this.#words, this.#slot(step, this.#rank), (step + 1) | 0);
    if (wake || this.missing(step, 0) === this.size) this.#host.ring(this.#others);
  }

  // --- everybody's contributions --------------------------------------------------------------

  /** First rank from `from` on that has not begun this step; the size if all have. Asked before the step is completed. */
  missing(step: number, from: number): number {
    const stamp = (step + 1) | 0;
    const offset = (step & (SLOTS - 1)) * this.#slotWords;
    const words = this.#words;
    const parts = this.#parts;
    let rank = from;
    while (rank < parts.length && Atomics.load(words, parts[rank] + offset) === stamp) rank++;
    if (rank === parts.length) this.#begun = step;
    return rank;
  }

  hasBegun(step: number, rank: number): boolean {
    return Atomics.load(this.#words, this.#slot(step, rank)) === ((step + 1) | 0);
  }

  /** Between two looks at what is missing; false if waiting in this way does not pay any more. */
  rest(round: number): boolean {
    return this.#host.rest(round);
  }

  /** Whether a rank that has begun this step called the same. */
  agrees(step: number, rank: number, { kind, root, count }: Signature): boolean {
    const slot = this.#slot(step, rank);
    const words = this.#words;
    return (
      words[slot + Slot.kind] === kind &&
      words[slot + Slot.root] === root &&
      words[slot + Slot.count] === count
    );
  }

  signature(step: number, rank: number): Signature {
    return this.#signatureAt(this.#slot(step, rank) + Slot.kind);
  }

  number(step: number, rank: number): number {
    return this.#doubles[(this.#slot(step, rank) + Slot.payload) / 2];
  }

  /** into[i] ← Σ over ranks, in rank order. */
  sum(step: number, into: Float64Array): void {
    const doubles = this.#doubles;
    const parts = this.#parts;
    const offset = (step & (SLOTS - 1)) * this.#slotWords + Slot.payload;
    for (let i = 0; i < into.length; i++) {
      let sum = doubles[(parts[0] + offset) / 2 + i];
      for (let rank = 1; rank < parts.length; rank++) sum += doubles[(parts[rank] + offset) / 2 + i];
      into[i] = sum;
    }
  }

  form(step: number, rank: number): number {
    return this.#words[this.#slot(step, rank) + Slot.form];
  }

  /** Element type and length of what a rank has contributed. */
  value(step: number, rank: number): { code: number; bytes: number } {
    const slot = this.#slot(step, rank);
    const inline = this.#words[slot + Slot.form] === Form.inline;
    const bytes = inline ? this.#words[slot + Slot.bytes] : this.#doubles[(slot + Slot.payload) / 2 + 1];
    return { code: this.#words[slot + Slot.code], bytes };
  }

  /** Where a contribution is that is not in its slot. */
  address(step: number, rank: number): number {
    return this.#doubles[(this.#slot(step, rank) + Slot.payload) / 2];
  }

  pid(step: number, rank: number): number {
    return this.#words[this.#slot(step, rank) + Slot.pid];
  }

  /** Bytes of an inline contribution, in place. */
  bytes(step: number, rank: number, start: number, length: number): Uint8Array {
    return this.#bytes(this.#slot(step, rank), start, length);
  }

  // --- the journal ----------------------------------------------------------------------------

  /** Notes what this rank calls without the board, for others to compare with when they have waited for long. */
  note(sequence: number, { kind, root, count }: Signature): void {
    const entry = this.#entry(this.#rank, sequence);
    this.#words[entry] = kind;
    this.#words[entry + 1] = root;
    this.#words[entry + 2] = count;
    Atomics.store(this.#words, entry + 3, (sequence + 1) | 0);
  }

  /** What a rank has called under this sequence number; `undefined` if nothing yet, or too long ago. */
  noted(sequence: number, rank: number): Signature | undefined {
    const entry = this.#entry(rank, sequence);
    if (Atomics.load(this.#words, entry + 3) === ((sequence + 1) | 0)) return this.#signatureAt(entry);
    for (let step = 0; step < SLOTS; step++) {
      const slot = this.#slot(step, rank);
      if (Atomics.load(this.#words, slot) === 0) continue;
      // Its rank may be about to write the next one there: the signature counts if the number still stands after it.
      const [before, signature, after] = [
        Atomics.load(this.#words, slot + Slot.sequence),
        this.#signatureAt(slot + Slot.kind),
        Atomics.load(this.#words, slot + Slot.sequence),
      ];
      if (before === sequence && after === sequence) return signature;
    }
    return undefined;
  }

  // --- the next use of this place -------------------------------------------------------------

  /** This rank is done with the board; `use` numbers the uses of this place, and only grows. */
  retire(use: number): void {
    Atomics.store(this.#words, this.#retired(this.#rank), use);
  }

  /** Whether all members are done with this use, so that nobody reads this rank's part any more. */
  retiredByAll(use: number): boolean {
    return this.#parts.every((_, rank) => Atomics.load(this.#words, this.#retired(rank)) >= use);
  }

  /** Makes this rank's part as it was at first, but for what is left of values. */
  clear(): void {
    for (let step = 0; step < SLOTS; step++) {
      const slot = this.#slot(step, this.#rank);
      this.#words.fill(0, slot, slot + Slot.payload);
    }
    this.#words.fill(0, this.#entry(this.#rank, 0), this.#retired(this.#rank));
  }

  #signatureAt(word: number): Signature {
    return { kind: this.#words[word], root: this.#words[word + 1], count: this.#words[word + 2] };
  }

  #slot(step: number, rank: number): number {
    return this.#parts[rank] + (step & (SLOTS - 1)) * this.#slotWords;
  }

  #entry(rank: number, sequence: number): number {
    const journal = this.#parts[rank] + SLOTS * this.#slotWords;
    return journal + ((sequence % JOURNAL_ENTRIES) * JOURNAL_ENTRY_BYTES) / 4;
  }

  #retired(rank: number): number {
    return this.#entry(rank, 0) + (JOURNAL_ENTRIES * JOURNAL_ENTRY_BYTES) / 4;
  }

  #bytes(slot: number, start: number, length: number): Uint8Array {
    return new Uint8Array(this.#host.memory, (slot + Slot.payload) * 4 + start, length);
  }
}
