import { isTypedArray } from "../../envelope.js";
import type { Counts, TypedArray } from "../../types.js";
import { type Blocks, cut } from "../blocks.js";
import { identical, overlap } from "../buffers.js";
import type { BoardCall } from "./board-call.js";
import type { OnBoard } from "./on-board.js";
import { Recall } from "./recall.js";

/**
 * A collective of ranks that share memory, started from the arguments of its call on the board of the communicator. It is
 * `undefined`, and nothing has been done, if this one needs messages: because the communicator has no board, because some
 * rank cannot go on with it, or because the arguments are wrong, which is for others to say.
 *
 * Whether a call goes to the board must be the same on all ranks: it depends only on what they agree on.
 */
export type Started = BoardCall | undefined;

/** How a caller cuts a buffer; see {@link Counts}. */
export type Cuts = Counts & { readonly into?: TypedArray };

/** The blocks of a buffer, if it can be cut so. */
export function cutOrNothing({ board }: OnBoard, counts: Counts, length: number): Blocks | undefined {
  try {
    return cut("", counts, board.size, length);
  } catch {
    return undefined;
  }
}

export function isRank({ board }: OnBoard, root: number): boolean {
  return Number.isInteger(root) && root >= 0 && root < board.size;
}

/** Whether a value can go into an array, which may be itself. */
export function fits(known: Recall<true>, board: OnBoard, value: unknown, into: TypedArray): boolean {
  if (known.find(board, value, into) !== undefined) return true;
  if (!isTypedArray(value) || !alike(value, into)) return false;
  return known.keep({ board, value, into, counts: undefined, op: undefined }, true);
}

export function sameShape(x: TypedArray, y: TypedArray): boolean {
  return x.constructor === y.constructor && x.length === y.length;
}

/** Whether a value of one array can go into another: it is that one itself, or shares no memory with it. */
export function alike(x: TypedArray, into: TypedArray): boolean {
  if (!sameShape(x, into)) return false;
  return into.buffer !== x.buffer || identical(x, into) || !overlap(x, into);
}
