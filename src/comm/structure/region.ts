import { SharedLock } from "../transports/shared-lock.js";

/** Words between the locks of two segments: each has a cache line of its own. */
const LOCK_WORDS = 16;
/** Bytes behind the segments that a region needs for so many of them. */
export function lockBytes(segments: number): number {
  return 4 * LOCK_WORDS * segments;
}

/** Runs what must not be disturbed by other ranks. */
export type Guard = <T>(section: () => T) => T;

/** For memory that only this rank works on. */
export const alone: Guard = (section) => section();

/**
 * Memory that ranks of a host share, as one of them sees it: segments, and a lock for each.
 */
export class Region {
  /** The same on all ranks that share it. */
  readonly id: number;
  readonly #buffer: ArrayBufferLike;
  readonly #locks: Int32Array;
  /** Where each segment ends, in bytes. */
  readonly #ends: readonly number[];
  #freed = false;

  /** @param locksAt - Byte where the locks begin, all zero. */
  constructor(id: number, buffer: ArrayBufferLike, ends: readonly number[], locksAt: number) {
    this.id = id;
    this.#buffer = buffer;
    this.#ends = ends;
    this.#locks = new Int32Array(buffer, locksAt, LOCK_WORDS * ends.length);
  }

  holds(array: ArrayBufferView): boolean {
    return array.buffer === this.#buffer;
  }

  /** An array of another rank, by where it begins. */
  view<A>(type: new (buffer: ArrayBufferLike, offset: number, length: number) => A, at: Span): A {
    return new type(this.#buffer, at.offset, at.length);
  }

  /** Keeps all ranks but one out of what begins at a byte, as long as a section runs. */
  guardOf(offset: number): Guard {
    const segment = this.#ends.findIndex((end) => offset < end);
    const lock = new SharedLock(this.#locks, LOCK_WORDS * Math.max(0, segment));
    return (section) => {
      if (this.#freed)
        throw new Error("window: the shared memory that it is on has been freed; free it after the window");
      return lock.run(section);
    };
  }

  free(): void {
    this.#freed = true;
  }
}

interface Span {
  /** In bytes. */
  readonly offset: number;
  /** In elements. */
  readonly length: number;
}
