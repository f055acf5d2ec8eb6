import type { Signature } from "../matching.js";
import {
  HEAD_VALUE_BYTES,
  Head,
  HEAD_WORDS,
  HEADS,
  JOURNAL_ENTRIES,
  JOURNAL_ENTRY_BYTES,
  NOTES_BYTES,
  type SegmentLayout,
  SLOTS,
} from "../wire/segment.js";
import type { TypedArray } from "../types.js";
import { Cells } from "./cells.js";
import type { PeerMemory } from "./posix.js";

/** Where a contribution is: in its head, on the board, or in the memory of its rank. */
export const Form = { head: 0, board: 1, elsewhere: 2 } as const;
/** So many doubles fit in a head. */
const HEAD_DOUBLES = HEAD_VALUE_BYTES / 8;

/** Doubles that are summed over all ranks before the next ones. */
const STRETCH = 2048;

/** While a signature is being written. */
const NO_SEQUENCE = -1;
/** In place of what was called, when its rank has given up the communicator. */
const REVOKED = -1;

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
 * Memory in which the ranks of a communicator lay out contributions for all to see: each writes its own and reads
 * everybody's. One step does a whole small collective, and every rank computes the result by itself, in rank order,
 * from the same bits.
 *
 * Steps are numbered from 0, alike on all ranks. A rank begins a step by publishing its contribution, and begins it
 * only after completing the one before. It has {@link HEADS} places for short contributions, and reuses one for step n
 * once all ranks have begun step n − HEADS + 1: then they have completed, and read, the one that was in it. Of places for
 * long contributions it has {@link SLOTS}.
 */
export class Board {
  readonly rank: number;
  readonly size: number;
  readonly valueBytes: number;
  readonly peers: PeerMemory | undefined;
  /** This rank is done with the board. */
  readonly free: () => void;
  /** A rank that {@link missing} has seen to call something else than this one; the size if there is none. */
  odd: number;
  readonly #host: BoardHost;
  readonly #cells: Cells;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  /** Word of each member's first head, by rank in the communicator; the next ones follow at a distance. */
  readonly #heads: readonly number[];
  readonly #headDistance: number;
  readonly #start: number;
  readonly #places: readonly number[];
  readonly #others: readonly number[];
  /** All ranks are known to have begun this step. */
  #begun = -1;

  /**
   * @param places - Local ranks of the members, by rank in the communicator, of which this one is `rank`.
   * @param free - Gives the board back; see places.ts.
   */
  constructor(
    host: BoardHost,
    index: number,
    places: readonly number[],
    rank: number,
    free: () => void = () => undefined,
  ) {
    const { memory, layout } = host;
    this.#host = host;
    this.free = free;
    this.size = this.odd = places.length;
    this.valueBytes = layout.valueBytes;
    this.peers = host.peers;
    this.#cells = new Cells(memory);
    this.#words = this.#cells.words;
    this.#doubles = this.#cells.doubles;
    this.#start = layout.boards + index * layout.boardBytes;
    this.#heads = places.map((place) => this.#start / 4 + place * HEAD_WORDS);
    this.#headDistance = layout.localSize * HEAD_WORDS;
    this.#places = places;
    this.rank = rank;
    this.#others = places.filter((_, member) => member !== rank);
  }

  // --- this rank's contribution ---------------------------------------------------------------

  /** Whether this rank may lay out its contribution to a step, a short one or one of any length. */
  hasRoom(step: number, short: boolean): boolean {
    const needed = step - (short ? HEADS : SLOTS) + 1;
    if (needed <= this.#begun) return true;
    for (let rank = 0; rank < this.size; rank++) {
      const begun = Atomics.load(this.#words, this.#head(needed, rank)); // that step's stamp, or a later one
      if (begun === 0 || ((begun - (needed + 1)) | 0) < 0) return false;
    }
    this.#begun = needed;
    return true;
  }

  /** Says what is called. Then comes the contribution, if there is one, then {@link publish}. */
  open(step: number, { kind, root, count }: Signature, sequence: number): void {
    const words = this.#words;
    const head = this.#head(step, this.rank);
    Atomics.store(words, head + Head.sequence, NO_SEQUENCE); // noted() must not take the old signature for the new one
    words[head + Head.kind] = kind;
    words[head + Head.root] = root;
    words[head + Head.count] = count;
    Atomics.store(words, head + Head.sequence, sequence);
    words[head + Head.bytes] = 0;
    words[head + Head.form] = Form.head;
  }

  putNumber(step: number, x: number): void {
    this.#doubles[(this.#head(step, this.rank) + Head.value) / 2] = x;
  }

  /** A few doubles, whose count all ranks know. */
  putDoubles(step: number, x: Float64Array): void {
    const head = this.#head(step, this.rank);
    if (x.length > HEAD_DOUBLES) this.#words[head + Head.form] = Form.board;
    const start = this.#doubleAt(step, this.rank, x.length);
    for (let i = 0; i < x.length; i++) this.#doubles[start + i] = x[i];
  }

  /** Memory of at most `valueBytes`, and the wire code of the value it stands for: others may know neither. */
  put(step: number, code: number, memory: TypedArray): void {
    const head = this.#head(step, this.rank);
    const { byteLength } = memory;
    this.#words[head + Head.code] = code;
    this.#words[head + Head.bytes] = byteLength;
    const form = byteLength <= HEAD_VALUE_BYTES ? Form.head : Form.board;
    this.#words[head + Head.form] = form;
    this.#cells.put(this.#valueAt(step, this.rank, form), memory);
  }

  /** The same of a long array, but for its elements from `start` to `end`, which nobody else reads. */
  putAround(step: number, code: number, x: TypedArray, start: number, end: number): void {
    const head = this.#head(step, this.rank);
    this.#words[head + Head.code] = code;
    this.#words[head + Head.bytes] = x.byteLength;
    this.#words[head + Head.form] = Form.board;
    const at = this.#valueAt(step, this.rank, Form.board);
    this.#cells.put(at, x.subarray(0, start));
    this.#cells.put(at + end * x.BYTES_PER_ELEMENT, x.subarray(end));
  }

  /** Says where the contribution is, instead. */
  putAddress(step: number, code: number, bytes: number, address: number): void {
    const head = this.#head(step, this.rank);
    this.#words[head + Head.code] = code;
    this.#words[head + Head.form] = Form.elsewhere;
    this.#words[head + Head.pid] = process.pid;
    this.#doubles[(head + Head.value) / 2] = address;
    this.#doubles[(head + Head.value) / 2 + 1] = bytes;
  }

  /** What lies on the board refers to memory of this rank. */
  markReferring(step: number): void {
    this.#words[this.#head(step, this.rank) + Head.pid] = process.pid;
  }

  /**
   * Lets others see the contribution. Whoever is the last to begin a step wakes the rest, and so does who says so.
   *
   * @returns The first rank that has not begun the step; the size if all have.
   */
  publish(step: number, signature: Signature, wake: boolean): number {
    Atomics.store(this.#words, this.#head(step, this.rank), (step + 1) | 0);
    this.odd = this.size;
    const missing = this.missing(step, 0, signature);
    if (wake || missing === this.size) this.#host.ring(this.#others);
    return missing;
  }

  // --- everybody's contributions --------------------------------------------------------------

  /**
   * First rank from `from` on that has not begun this step; the size if all have. Asked before the step is completed.
   * Of those that have, `odd` names one whose signature is another one.
   */
  missing(step: number, from: number, { kind, root, count }: Signature): number {
    const stamp = (step + 1) | 0;
    const offset = (step & (HEADS - 1)) * this.#headDistance;
    const words = this.#words;
    const heads = this.#heads;
    for (let rank = from; rank < heads.length; rank++) {
      const head = heads[rank] + offset;
      if (Atomics.load(words, head) !== stamp) return rank;
      if (
        words[head + Head.kind] !== kind ||
        words[head + Head.root] !== root ||
        words[head + Head.count] !== count
      )
        this.odd = rank;
    }
    this.#begun = step;
    return heads.length;
  }

  hasBegun(step: number, rank: number): boolean {
    return Atomics.load(this.#words, this.#head(step, rank)) === ((step + 1) | 0);
  }

  /**
   * Whether to lay a value on the board, rather than to say where it is: two copies cost less than one by the kernel,
   * which must find the pages first.
   */
  takes(bytes: number): boolean {
    return this.peers === undefined || bytes <= this.valueBytes;
  }

  /** Between two looks at what is missing; false if waiting in this way does not pay any more. */
  rest(round: number): boolean {
    return this.#host.rest(round);
  }

  /** Nobody shall complete a step that this rank has begun. */
  revoke(step: number): void {
    Atomics.store(this.#words, this.#head(step, this.rank) + Head.kind, REVOKED);
  }

  isRevoked(step: number, rank: number): boolean {
    return Atomics.load(this.#words, this.#head(step, rank) + Head.kind) === REVOKED;
  }

  /** Whether a rank that has begun this step called the same. */
  agrees(step: number, rank: number, { kind, root, count }: Signature): boolean {
    const head = this.#head(step, rank);
    const words = this.#words;
    return (
      words[head + Head.kind] === kind &&
      words[head + Head.root] === root &&
      words[head + Head.count] === count
    );
  }

  signature(step: number, rank: number): Signature {
    return this.#signatureAt(this.#head(step, rank) + Head.kind);
  }

  /** Σ over ranks of one number each, in rank order. */
  sumOfNumbers(step: number): number {
    const doubles = this.#doubles;
    const heads = this.#heads;
    const offset = (step & (HEADS - 1)) * this.#headDistance + Head.value;
    let sum = doubles[(heads[0] + offset) / 2];
    for (let rank = 1; rank < heads.length; rank++) sum += doubles[(heads[rank] + offset) / 2];
    return sum;
  }

  /** The number that a rank has laid out. */
  number(step: number, rank: number): number {
    const offset = (step & (HEADS - 1)) * this.#headDistance + Head.value;
    return this.#doubles[(this.#heads[rank] + offset) / 2];
  }

  /** into[i] ← Σ over the first ranks of element `from` + i of their `count` doubles, in rank order. */
  sum(step: number, into: Float64Array, count = into.length, from = 0, ranks = this.size): void {
    const doubles = this.#doubles;
    const { length } = into;
    const first = this.#doubleAt(step, 0, count) + from;
    for (let i = 0; i < length; i++) into[i] = doubles[first + i];
    for (let rank = 1; rank < ranks; rank++) {
      const start = this.#doubleAt(step, rank, count) + from;
      for (let i = 0; i < length; i++) into[i] += doubles[start + i];
    }
  }

  /**
   * The same of long vectors, of which this rank's is `own` and need not be on the board, if it is given. A stretch at a
   * time, so that sums stay in the nearest cache.
   */
  sumLong(
    step: number,
    into: Float64Array,
    own: Float64Array | undefined,
    from: number,
    ranks: number,
  ): void {
    const termsOf = (rank: number): Float64Array => {
      if (own !== undefined && rank === this.rank) return own.subarray(from, from + into.length);
      const at = this.#valueAt(step, rank, Form.board) / 8 + from;
      return this.#doubles.subarray(at, at + into.length);
    };
    const [first, second, ...others] = Array.from({ length: ranks }, (_, rank) => termsOf(rank));
    if (ranks === 1) return into.set(first);
    for (let start = 0; start < into.length; start += STRETCH) {
      const end = Math.min(start + STRETCH, into.length);
      sumStretch(into, first, second, start, end);
      for (const term of others) sumStretch(into, into, term, start, end);
    }
  }

  form(step: number, rank: number): number {
    return this.#words[this.#head(step, rank) + Head.form];
  }

  /** Wire code of what a rank has contributed. */
  code(step: number, rank: number): number {
    return this.#words[this.#head(step, rank) + Head.code];
  }

  /** Its length. */
  bytes(step: number, rank: number): number {
    const head = this.#head(step, rank);
    const isHere = this.#words[head + Head.form] !== Form.elsewhere;
    return isHere ? this.#words[head + Head.bytes] : this.#doubles[(head + Head.value) / 2 + 1];
  }

  /** Whether what a rank has contributed is on the board, and of this type and length. */
  holds(step: number, rank: number, code: number, bytes: number): boolean {
    const words = this.#words;
    const head = this.#head(step, rank);
    return (
      words[head + Head.code] === code &&
      words[head + Head.bytes] === bytes &&
      words[head + Head.form] !== Form.elsewhere
    );
  }

  /** Copies `count` elements of a contribution that is on the board, from byte `start` on, to element `at` of an array. */
  get(step: number, rank: number, start: number, into: TypedArray, at: number, count: number): void {
    this.#cells.get(this.#valueAt(step, rank, this.form(step, rank)) + start, into, at, count);
  }

  /** Bytes of a contribution that is on the board, in place. */
  view(step: number, rank: number, start: number, bytes: number): Uint8Array {
    return this.#cells.view(this.#valueAt(step, rank, this.form(step, rank)) + start, bytes);
  }

  /** Where a contribution is that is not, in the memory of the process {@link pid}. */
  address(step: number, rank: number): number {
    return this.#doubles[(this.#head(step, rank) + Head.value) / 2];
  }

  pid(step: number, rank: number): number {
    return this.#words[this.#head(step, rank) + Head.pid];
  }

  // --- the journal ----------------------------------------------------------------------------

  /** Notes what this rank calls without the board, for others to compare with when they have waited for long. */
  note(sequence: number, { kind, root, count }: Signature): void {
    const entry = this.#entry(this.rank, sequence);
    Atomics.store(this.#words, entry + 3, 0); // no number while it changes: see noted()
    this.#words[entry] = kind;
    this.#words[entry + 1] = root;
    this.#words[entry + 2] = count;
    Atomics.store(this.#words, entry + 3, (sequence + 1) | 0);
  }

  /** What a rank has called under this sequence number; `undefined` if nothing yet, or too long ago. */
  noted(sequence: number, rank: number): Signature | undefined {
    const entry = this.#entry(rank, sequence);
    const number = (sequence + 1) | 0;
    if (Atomics.load(this.#words, entry + 3) === number) {
      const signature = this.#signatureAt(entry);
      if (Atomics.load(this.#words, entry + 3) === number) return signature; // as below
    }
    for (let step = 0; step < HEADS; step++) {
      const head = this.#head(step, rank);
      if (Atomics.load(this.#words, head) === 0) continue;
      // Its rank may be about to write the next one there: the signature counts if the number still stands after it.
      const before = Atomics.load(this.#words, head + Head.sequence);
      const signature = this.#signatureAt(head + Head.kind);
      const after = Atomics.load(this.#words, head + Head.sequence);
      if (before === sequence && after === sequence && signature.kind !== REVOKED) return signature;
    }
    return undefined;
  }

  // --- contributions that are written again independently of each other: see collectives/host-board.ts ---

  /** This rank has read whatever calls before this one have in a slot. */
  markRead(slot: number, sequence: number): void {
    Atomics.store(this.#words, this.#unread(this.rank, slot), sequence);
  }

  /** Whether all ranks but these have read what a call has in a slot. */
  readByAll(slot: number, sequence: number, except: { has(rank: number): boolean }): boolean {
    for (let rank = 0; rank < this.size; rank++)
      if (Atomics.load(this.#words, this.#unread(rank, slot)) <= sequence && !except.has(rank)) return false;
    return true;
  }

  /** Wakes the other ranks. */
  wakeAll(): void {
    this.#host.ring(this.#others);
  }

  // --- the next use of this place -------------------------------------------------------------

  /** Makes this rank's part as it was at first, but for what is left of values. */
  clear(): void {
    for (let step = 0; step < HEADS; step++) {
      const head = this.#head(step, this.rank);
      this.#words.fill(0, head, head + HEAD_WORDS);
    }
    this.#words.fill(0, this.#entry(this.rank, 0), this.#unread(this.rank, SLOTS));
  }

  #signatureAt(word: number): Signature {
    return { kind: this.#words[word], root: this.#words[word + 1], count: this.#words[word + 2] };
  }

  #head(step: number, rank: number): number {
    return this.#heads[rank] + (step & (HEADS - 1)) * this.#headDistance;
  }

  #doubleAt(step: number, rank: number, count: number): number {
    if (count <= HEAD_DOUBLES) return (this.#head(step, rank) + Head.value) / 2;
    return this.#valueAt(step, rank, Form.board) / 8;
  }

  /** Byte at which a value on the board begins. */
  #valueAt(step: number, rank: number, form: number): number {
    if (form === Form.head) return (this.#head(step, rank) + Head.value) * 4;
    const { values, valueBytes, valuesBytes } = this.#host.layout;
    return this.#start + values + this.#places[rank] * valuesBytes + (step & (SLOTS - 1)) * valueBytes;
  }

  #entry(rank: number, sequence: number): number {
    const notes = this.#start + this.#host.layout.notes + this.#places[rank] * NOTES_BYTES;
    return (notes + (sequence % JOURNAL_ENTRIES) * JOURNAL_ENTRY_BYTES) / 4;
  }

  #unread(rank: number, slot: number): number {
    return this.#entry(rank, 0) + (JOURNAL_ENTRIES * JOURNAL_ENTRY_BYTES) / 4 + slot;
  }
}

/** Eight elements a turn: V8 looks for interrupts in every turn, and takes half the time. */
function sumStretch(into: Float64Array, a: Float64Array, b: Float64Array, start: number, end: number): void {
  let i = start;
  for (; i + 8 <= end; i += 8) {
    into[i] = a[i] + b[i];
    into[i + 1] = a[i + 1] + b[i + 1];
    into[i + 2] = a[i + 2] + b[i + 2];
    into[i + 3] = a[i + 3] + b[i + 3];
    into[i + 4] = a[i + 4] + b[i + 4];
    into[i + 5] = a[i + 5] + b[i + 5];
    into[i + 6] = a[i + 6] + b[i + 6];
    into[i + 7] = a[i + 7] + b[i + 7];
  }
  for (; i < end; i++) into[i] = a[i] + b[i];
}
