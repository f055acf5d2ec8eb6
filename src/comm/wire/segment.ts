/**
 * Layout of the memory that the ranks of one host share. The agent makes it, zeroed and without a name; ranks and
 * agent map it. All counters are 32-bit words read and written through Atomics; one cache line has one writer,
 * except for bells.
 *
 * ```
 * lines    localSize × LINE_BYTES      one per rank: bell, whether it sleeps, its state
 * copies   localSize × TRANSFERS       large payloads that ranks copy from each other's memory
 * places   localSize × BOARDS          which board is whose: see transports/places.ts
 * boards   BOARDS                      contributions to collectives, and what was called
 * rings    localSize² × ring           from each rank to each other: a counter, then data
 * ```
 */
export interface SegmentLayout {
  readonly localSize: number;
  readonly copies: number;
  /** A lock, bits of communicators that found no board, and users of boards. */
  readonly places: { readonly lock: number; readonly turnedAway: number; readonly users: number };
  readonly boards: number;
  /**
   * Of one board: its size, and where in it the notes and the values of the first rank begin, after the heads. The heads
   * of all ranks are close together: what a small collective touches is on one page.
   */
  readonly boardBytes: number;
  readonly notes: number;
  readonly values: number;
  /** Largest value on a board, and room for those of one rank. */
  readonly valueBytes: number;
  readonly valuesBytes: number;
  readonly rings: number;
  /** Data bytes of one ring, a power of two. */
  readonly ringBytes: number;
  /** Size of the whole segment. */
  readonly bytes: number;
}

export const LINE_BYTES = 256;
/** Words of a rank's line; bell, sleep and journal are on cache lines of their own. */
export const Line = {
  /** Counts what others have done for this rank: it looks into its rings when the count has changed. */
  bell: 0,
  /** AWAKE, or what this rank sleeps for; whoever has that rings its doorbell. */
  asleep: 16,
} as const;
export const AWAKE = 0;
export const ASLEEP = 1;
/** Asleep in the kernel, on this very word, for a moment. */
export const DOZING = 3;
/** Asleep with messages that found no room: whoever makes room rings as well. */
export const ASLEEP_FOR_ROOM = 2;

/** Large payloads that a rank can offer at a time with its own help; see transports/direct-copy.ts. */
export const TRANSFERS = 8;
export const TRANSFER_BYTES = 64;
/** Words of a transfer; `next` and `done` count pieces. */
export const Transfer = { next: 0, done: 1, ready: 2, pid: 3, addressLow: 4, addressHigh: 5 } as const;

/** Communicators of a rank that can share memory at a time. */
export const BOARDS = 64;
export const TURNED_AWAY_BITS = 2 ** 16;
/** Contributions of a rank to a board that can be there at a time, of those that fit in heads; a power of two. */
export const HEADS = 16;
/** Of those that do not; a power of two. */
export const SLOTS = 4;
/**
 * Words of the head of a contribution to one step of a collective, a cache line. The stamp is written last: 1 + the
 * number of the step on this board. Then what is called, and the value: its element type and bytes, and where it is.
 */
export const Head = {
  stamp: 0,
  kind: 1,
  root: 2,
  count: 3,
  sequence: 4,
  code: 5,
  bytes: 6,
  form: 7,
  pid: 8,
  /** A short value, or the address and length of a long one. */
  value: 10,
} as const;
export const HEAD_WORDS = 16;
export const HEAD_VALUE_BYTES = 4 * (HEAD_WORDS - Head.value);
/** The signatures of a rank's latest collectives that go through messages: kind, root, count, stamp. */
export const JOURNAL_ENTRIES = 16;
export const JOURNAL_ENTRY_BYTES = 16;
/** A rank's notes: its journal, and which contributions it has read. */
export const NOTES_BYTES = JOURNAL_ENTRIES * JOURNAL_ENTRY_BYTES + 64;

/** Before the data of a ring: the counter of bytes that have been read, on a cache line pair of its own. */
export const RING_HEAD_BYTES = 128;

export function segmentLayout(localSize: number): SegmentLayout {
  const copies = localSize * LINE_BYTES;
  const lock = copies + localSize * TRANSFERS * TRANSFER_BYTES;
  const turnedAway = lock + 64;
  const users = turnedAway + TURNED_AWAY_BITS / 8;
  const boards = (users + localSize * BOARDS * 8 + 4095) & ~4095;
  const notes = HEADS * localSize * HEAD_WORDS * 4;
  const values = notes + localSize * NOTES_BYTES;
  const valueBytes = 2 ** Math.max(11, 22 - Math.ceil(Math.log2(localSize)));
  const valuesBytes = SLOTS * valueBytes + 64; // not a multiple of 4 KiB: ranks use different sets of a cache
  const boardBytes = (values + localSize * valuesBytes + 4095) & ~4095;
  const rings = boards + BOARDS * boardBytes;
  const ringBytes = localSize <= 8 ? 2 ** 18 : localSize <= 32 ? 2 ** 16 : 2 ** 14;
  return {
    localSize,
    copies,
    places: { lock, turnedAway, users },
    boards,
    boardBytes,
    notes,
    values,
    valueBytes,
    valuesBytes,
    rings,
    ringBytes,
    bytes: rings + localSize ** 2 * (RING_HEAD_BYTES + ringBytes),
  };
}

export function segmentBytes(localSize: number): number {
  return segmentLayout(localSize).bytes;
}
