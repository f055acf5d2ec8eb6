import type { Signature } from "../matching.js";
import { Head, HEAD_WORDS, HEADS, type SegmentLayout, SLOTS } from "../wire/segment.js";
import { BoardNotes } from "./board-notes.js";
import { Contributions, Form } from "./contributions.js";
import type { PeerMemory } from "./posix.js";

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
export class Board extends Contributions {
  readonly peers: PeerMemory | undefined;
  readonly notes: BoardNotes;
  /** This rank is done with the board. */
  readonly free: () => void;
  /** A rank that {@link missing} has seen to call something else than this one; the size if there is none. */
  odd: number;
  readonly #host: BoardHost;
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
    super(host, index, places, rank);
    this.#host = host;
    this.free = free;
    this.odd = places.length;
    this.peers = host.peers;
    this.notes = new BoardNotes(this.words, this.start + host.layout.notes, places, rank);
    this.#others = places.filter((_, member) => member !== rank);
  }

  /** Whether this rank may lay out its contribution to a step, a short one or one of any length. */
  hasRoom(step: number, short: boolean): boolean {
    const needed = step - (short ? HEADS : SLOTS) + 1;
    if (needed <= this.#begun) return true;
    for (let rank = 0; rank < this.size; rank++) {
      const begun = Atomics.load(this.words, this.head(needed, rank)); // that step's stamp, or a later one
      if (begun === 0 || ((begun - (needed + 1)) | 0) < 0) return false;
    }
    this.#begun = needed;
    return true;
  }

  /** Says what is called. Then comes the contribution, if there is one, then {@link publish}. */
  open(step: number, { kind, root, count }: Signature, sequence: number): void {
    const words = this.words;
    const head = this.head(step, this.rank);
    Atomics.store(words, head + Head.sequence, NO_SEQUENCE); // noted() must not take the old signature for the new one
    words[head + Head.kind] = kind;
    words[head + Head.root] = root;
    words[head + Head.count] = count;
    Atomics.store(words, head + Head.sequence, sequence);
    words[head + Head.bytes] = 0;
    words[head + Head.form] = Form.head;
  }

  /**
   * Lets others see the contribution. Whoever is the last to begin a step wakes the rest, and so does who says so.
   *
   * @returns The first rank that has not begun the step; the size if all have.
   */
  publish(step: number, signature: Signature, wake: boolean): number {
    Atomics.store(this.words, this.head(step, this.rank), (step + 1) | 0);
    this.odd = this.size;
    const missing = this.missing(step, 0, signature);
    if (wake || missing === this.size) this.#host.ring(this.#others);
    return missing;
  }

  /**
   * First rank from `from` on that has not begun this step; the size if all have. Asked before the step is completed.
   * Of those that have, `odd` names one whose signature is another one.
   */
  missing(step: number, from: number, { kind, root, count }: Signature): number {
    const stamp = (step + 1) | 0;
    const offset = (step & (HEADS - 1)) * this.headDistance;
    const words = this.words;
    const heads = this.heads;
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
    return Atomics.load(this.words, this.head(step, rank)) === ((step + 1) | 0);
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
    Atomics.store(this.words, this.head(step, this.rank) + Head.kind, REVOKED);
  }

  isRevoked(step: number, rank: number): boolean {
    return Atomics.load(this.words, this.head(step, rank) + Head.kind) === REVOKED;
  }

  /** Whether a rank that has begun this step called the same. */
  agrees(step: number, rank: number, { kind, root, count }: Signature): boolean {
    const head = this.head(step, rank);
    const words = this.words;
    return (
      words[head + Head.kind] === kind &&
      words[head + Head.root] === root &&
      words[head + Head.count] === count
    );
  }

  signature(step: number, rank: number): Signature {
    return this.#signatureAt(this.head(step, rank) + Head.kind);
  }

  /** What a rank has called under this sequence number; `undefined` if nothing yet, or too long ago. */
  noted(sequence: number, rank: number): Signature | undefined {
    const noted = this.notes.find(sequence, rank);
    if (noted !== undefined) return noted;
    for (let step = 0; step < HEADS; step++) {
      const head = this.head(step, rank);
      if (Atomics.load(this.words, head) === 0) continue;
      // Its rank may be about to write the next one there: the signature counts if the number still stands after it.
      const before = Atomics.load(this.words, head + Head.sequence);
      const signature = this.#signatureAt(head + Head.kind);
      const after = Atomics.load(this.words, head + Head.sequence);
      if (before === sequence && after === sequence && signature.kind !== REVOKED) return signature;
    }
    return undefined;
  }

  /** Wakes the other ranks. */
  wakeAll(): void {
    this.#host.ring(this.#others);
  }

  /** Makes this rank's part as it was at first, but for what is left of values: for the next use of this place. */
  clear(): void {
    for (let step = 0; step < HEADS; step++) {
      const head = this.head(step, this.rank);
      this.words.fill(0, head, head + HEAD_WORDS);
    }
    this.notes.clear();
  }

  #signatureAt(word: number): Signature {
    return { kind: this.words[word], root: this.words[word + 1], count: this.words[word + 2] };
  }
}
