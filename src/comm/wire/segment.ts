/**
 * Layout of the memory that the ranks of one host share. The agent makes it, zeroed and without a name; ranks and
 * agent map it. All counters are 32-bit words read and written through Atomics; one cache line has one writer,
 * except for bells.
 *
 * ```
 * lines    localSize × LINE_BYTES      one per rank: bell, whether it sleeps, its state
 * boards   localSize × BOARDS          small contributions to collectives, and what was called
 * rings    localSize² × ring           from each rank to each other: counters, then data
 * ```
 */
export interface SegmentLayout {
  readonly localSize: number;
  readonly boards: number;
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

/** Communicators that can share memory at a time. */
export const BOARDS = 64;
/** A rank's contribution to one call: stamp, signature, payload. One for odd and one for even calls. */
export const SLOT_BYTES = 256;
/**
 * Words of a slot. The stamp is written last: 1 + the call's number on this board. The first slot also says which use of
 * the board its rank was last done with.
 */
export const Slot = { stamp: 0, kind: 1, root: 2, count: 3, retired: 4, payload: 8 } as const;
export const SLOT_PAYLOAD_BYTES = SLOT_BYTES - 4 * Slot.payload;
/** The signatures of a rank's latest collectives on a communicator, by sequence number: kind, root, count, stamp. */
export const JOURNAL_ENTRIES = 16;
export const JOURNAL_ENTRY_BYTES = 16;
/** A rank's part of a board: two slots, then its journal. */
export const BOARD_BYTES = 2 * SLOT_BYTES + JOURNAL_ENTRIES * JOURNAL_ENTRY_BYTES;

/** Head and tail of a ring, a cache line pair each, before its data. */
export const RING_HEAD_BYTES = 256;
export const RingWord = { head: 0, tail: 32 } as const;

export function segmentLayout(localSize: number): SegmentLayout {
  const boards = localSize * LINE_BYTES;
  const rings = boards + localSize * BOARDS * BOARD_BYTES;
  const ringBytes = localSize <= 8 ? 2 ** 18 : localSize <= 32 ? 2 ** 16 : 2 ** 14;
  return {
    localSize,
    boards,
    rings,
    ringBytes,
    bytes: rings + localSize ** 2 * (RING_HEAD_BYTES + ringBytes),
  };
}

export function segmentBytes(localSize: number): number {
  return segmentLayout(localSize).bytes;
}
