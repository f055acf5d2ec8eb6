import type { TypedArray } from "../types.js";
import { HEAD_VALUE_BYTES, Head, HEAD_WORDS, HEADS, type SegmentLayout, SLOTS } from "../wire/segment.js";
import { Cells } from "./cells.js";
import type { BoardHost } from "./board.js";
import { sumInTurn } from "./sum-in-turn.js";

/** Where a contribution is: in its head, on the board, or in the memory of its rank. */
export const Form = { head: 0, board: 1, elsewhere: 2 } as const;
/** So many doubles fit in a head. */
const HEAD_DOUBLES = HEAD_VALUE_BYTES / 8;

/** What the ranks of a communicator have laid out on a board, and where: each writes its own, and reads everybody's. */
export abstract class Contributions {
  readonly rank: number;
  readonly size: number;
  readonly valueBytes: number;
  protected readonly words: Int32Array;
  /** Word of each member's first head, by rank in the communicator; the next ones follow at a distance. */
  protected readonly heads: readonly number[];
  protected readonly headDistance: number;
  protected readonly start: number;
  readonly #layout: SegmentLayout;
  readonly #cells: Cells;
  readonly #doubles: Float64Array;
  readonly #places: readonly number[];

  constructor({ memory, layout }: BoardHost, index: number, places: readonly number[], rank: number) {
    this.rank = rank;
    this.size = places.length;
    this.valueBytes = layout.valueBytes;
    this.#layout = layout;
    this.#cells = new Cells(memory);
    this.words = this.#cells.words;
    this.#doubles = this.#cells.doubles;
    this.start = layout.boards + index * layout.boardBytes;
    this.heads = places.map((place) => this.start / 4 + place * HEAD_WORDS);
    this.headDistance = layout.localSize * HEAD_WORDS;
    this.#places = places;
  }

  // --- this rank's contribution ---------------------------------------------------------------

  putNumber(step: number, x: number): void {
    this.#doubles[(this.head(step, this.rank) + Head.value) / 2] = x;
  }

  /** A few doubles, whose count all ranks know. */
  putDoubles(step: number, x: Float64Array): void {
    const head = this.head(step, this.rank);
    if (x.length > HEAD_DOUBLES) this.words[head + Head.form] = Form.board;
    const start = this.#doubleAt(step, this.rank, x.length);
    for (let i = 0; i < x.length; i++) this.#doubles[start + i] = x[i];
  }

  /** Memory of at most `valueBytes`, and the wire code of the value it stands for: others may know neither. */
  put(step: number, code: number, memory: TypedArray): void {
    const head = this.head(step, this.rank);
    const { byteLength } = memory;
    this.words[head + Head.code] = code;
    this.words[head + Head.bytes] = byteLength;
    const form = byteLength <= HEAD_VALUE_BYTES ? Form.head : Form.board;
    this.words[head + Head.form] = form;
    this.#cells.put(this.#valueAt(step, this.rank, form), memory);
  }

  /** The same of a long array, but for its elements from `start` to `end`, which nobody else reads. */
  putAround(step: number, code: number, x: TypedArray, start: number, end: number): void {
    const head = this.head(step, this.rank);
    this.words[head + Head.code] = code;
    this.words[head + Head.bytes] = x.byteLength;
    this.words[head + Head.form] = Form.board;
    const at = this.#valueAt(step, this.rank, Form.board);
    this.#cells.put(at, x.subarray(0, start));
    this.#cells.put(at + end * x.BYTES_PER_ELEMENT, x.subarray(end));
  }

  /** Says where the contribution is, instead. */
  putAddress(step: number, code: number, bytes: number, address: number): void {
    const head = this.head(step, this.rank);
    this.words[head + Head.code] = code;
    this.words[head + Head.form] = Form.elsewhere;
    this.words[head + Head.pid] = process.pid;
    this.#doubles[(head + Head.value) / 2] = address;
    this.#doubles[(head + Head.value) / 2 + 1] = bytes;
  }

  /** What lies on the board refers to memory of this rank. */
  markReferring(step: number): void {
    this.words[this.head(step, this.rank) + Head.pid] = process.pid;
  }

  // --- everybody's contributions --------------------------------------------------------------

  /** Σ over ranks of one number each, in rank order. */
  sumOfNumbers(step: number): number {
    const doubles = this.#doubles;
    const heads = this.heads;
    const offset = (step & (HEADS - 1)) * this.headDistance + Head.value;
    let sum = doubles[(heads[0] + offset) / 2];
    for (let rank = 1; rank < heads.length; rank++) sum += doubles[(heads[rank] + offset) / 2];
    return sum;
  }

  /** The number that a rank has laid out. */
  number(step: number, rank: number): number {
    const offset = (step & (HEADS - 1)) * this.headDistance + Head.value;
    return this.#doubles[(this.heads[rank] + offset) / 2];
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

  /** The same of long vectors, of which this rank's is `own` and need not be on the board, if it is given. */
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
    sumInTurn(
      into,
      Array.from({ length: ranks }, (_, rank) => termsOf(rank)),
    );
  }

  form(step: number, rank: number): number {
    return this.words[this.head(step, rank) + Head.form];
  }

  /** Wire code of what a rank has contributed. */
  code(step: number, rank: number): number {
    return this.words[this.head(step, rank) + Head.code];
  }

  /** Its length. */
  bytes(step: number, rank: number): number {
    const head = this.head(step, rank);
    const isHere = this.words[head + Head.form] !== Form.elsewhere;
    return isHere ? this.words[head + Head.bytes] : this.#doubles[(head + Head.value) / 2 + 1];
  }

  /** Whether what a rank has contributed is on the board, and of this type and length. */
  holds(step: number, rank: number, code: number, bytes: number): boolean {
    const words = this.words;
    const head = this.head(step, rank);
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
    return this.#doubles[(this.head(step, rank) + Head.value) / 2];
  }

  pid(step: number, rank: number): number {
    return this.words[this.head(step, rank) + Head.pid];
  }

  // --- where they are -------------------------------------------------------------------------

  protected head(step: number, rank: number): number {
    return this.heads[rank] + (step & (HEADS - 1)) * this.headDistance;
  }

  #doubleAt(step: number, rank: number, count: number): number {
    if (count <= HEAD_DOUBLES) return (this.head(step, rank) + Head.value) / 2;
    return this.#valueAt(step, rank, Form.board) / 8;
  }

  /** Byte at which a value on the board begins. */
  #valueAt(step: number, rank: number, form: number): number {
    if (form === Form.head) return (this.head(step, rank) + Head.value) * 4;
    const { values, valueBytes, valuesBytes } = this.#layout;
    return this.start + values + this.#places[rank] * valuesBytes + (step & (SLOTS - 1)) * valueBytes;
  }
}
