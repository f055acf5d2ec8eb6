import type { TypedArray } from "../../types.js";
import type { OnBoard } from "./on-board.js";

/** Larger memory is not kept alive for the sake of a call that may come again. */
const KEPT_BYTES = 64 * 1024;

/** The arguments on which it depends what is found out about a call. */
export interface Arguments {
  readonly board: OnBoard;
  readonly value: TypedArray;
  readonly into: TypedArray;
  readonly counts: ArrayLike<number> | undefined;
  readonly op: string | undefined;
}

/**
 * Programs make the same call with the same arrays again and again. To find out about it (that types, lengths and places
 * agree, and what its signature is) takes a good part of the time of a short one, and is not done twice in a row.
 */
export class Recall<Found> {
  private latest: Arguments | undefined;
  private length = 0;
  private intoLength = 0;
  private found: Found | undefined;

  /** What was found for the latest call, if this is the same. */
  find(
    board: OnBoard,
    value: unknown,
    into: TypedArray | undefined,
    counts?: ArrayLike<number>,
    op?: string,
  ): Found | undefined {
    const { latest } = this;
    if (latest === undefined || value !== latest.value || into !== latest.into) return undefined;
    if (board !== latest.board || op !== latest.op) return undefined;
    // A buffer that was transferred or resized gives its arrays another length.
    if (latest.value.length !== this.length || latest.into.length !== this.intoLength) return undefined;
    return isAlike(counts, latest.counts) ? this.found : undefined;
  }

  keep(call: Arguments, found: Found): Found {
    const { value, into, counts } = call;
    if (value.buffer.byteLength > KEPT_BYTES || into.buffer.byteLength > KEPT_BYTES) return found;
    this.latest = { ...call, counts: counts && Array.from(counts) }; // which the caller may change
    this.length = value.length;
    this.intoLength = into.length;
    this.found = found;
    return found;
  }
}

function isAlike(a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  for (let rank = 0; rank < a.length; rank++) if (a[rank] !== b[rank]) return false;
  return true;
}
