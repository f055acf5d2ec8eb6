import { bytesOf, codeOf } from "../../envelope.js";
import type { Signature } from "../../matching.js";
import { combine } from "../../operations.js";
import type { Board } from "../../transports/board.js";
import type { OpName, TypedArray } from "../../types.js";
import { copyInto, like, overlap } from "../buffers.js";
import type { Call } from "../call.js";
import { isReproducible } from "../signature.js";
import { BoardCall } from "./board-call.js";
import { isElsewhere, isShort, lay, read } from "./contribution.js";
import type { OnBoard } from "./on-board.js";
import { reducePieces, sumPieces } from "./reduce-pieces.js";

/** Up to so many bytes of all ranks together, every rank reduces everything by itself: a step less. */
const ONE_STEP_BYTES = 16 * 1024;

/** What the reductions of arrays have in common. */
export abstract class BoardReduction extends BoardCall {
  protected readonly x: TypedArray;
  protected readonly op: OpName;
  protected readonly out: TypedArray | undefined;
  /** Makes a value of the caller's kind of the result. */
  readonly #finish: (out: TypedArray) => unknown;

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    x: TypedArray,
    op: OpName,
    out: TypedArray | undefined,
    finish = whole,
  ) {
    super(onBoard, signature);
    this.isShort = isShort(x);
    this.x = x;
    this.op = op;
    this.out = out;
    this.#finish = finish;
  }

  override contribute(board: Board, step: number): void {
    if (this.done === 0) lay(board, step, this.x);
  }

  /** Lays a long vector out, but for the part that only this rank reads, of `count` elements from `start` on. */
  protected layAround(board: Board, step: number, start: number, count: number): void {
    const { x, out } = this;
    const isWhole = isReducedByAll(x, board) || !board.takes(x.byteLength);
    if (isWhole || (out !== undefined && overlap(x, out))) lay(board, step, x);
    else board.putAround(step, codeOf(x), x, start, start + count);
  }

  result(): unknown {
    return this.out && this.#finish(this.out);
  }

  /** out ← elements from `start` on of the reduction over the first ranks, in rank order. */
  protected reduceInto(out: TypedArray, board: Board, step: number, start: number, ranks = board.size): void {
    const isExact = isReproducible(this.signature);
    if (!isExact && !isElsewhere(board, step, board.rank)) {
      if (isReducedByAll(this.x, board)) return this.#reduceShort(out, board, step, start, ranks);
      if (this.op === "sum" && out instanceof Float64Array && this.x instanceof Float64Array)
        return board.sumLong(step, out, overlap(out, this.x) ? undefined : this.x, start, ranks);
    }
    const size = out.BYTES_PER_ELEMENT;
    const own = bytesOf(this.x);
    const readPart = (rank: number, offset: number, into: TypedArray): void => {
      const from = (start + offset) * size;
      if (rank === board.rank) bytesOf(into).set(own.subarray(from, from + into.byteLength));
      else read(board, step, rank, from, into);
    };
    if (isExact) sumPieces(ranks, out, readPart);
    else reducePieces(this.op, ranks, out, readPart);
  }

  /** The same of vectors on the board that are so short that looking after pieces of them would cost most. */
  #reduceShort(out: TypedArray, board: Board, step: number, start: number, ranks: number): void {
    if (out.length === 0) return;
    if (this.op === "sum" && out instanceof Float64Array)
      return board.sum(step, out, this.x.length, start, ranks);
    const from = start * out.BYTES_PER_ELEMENT;
    const term = like(out);
    read(board, step, 0, from, out);
    for (let rank = 1; rank < ranks; rank++) {
      read(board, step, rank, from, term);
      combine(this.op, out, term);
    }
  }
}

/** So short that every rank reduces all of it by itself. */
export function isReducedByAll(x: TypedArray, { size }: Board): boolean {
  return x.byteLength * size <= ONE_STEP_BYTES;
}

const whole = (out: TypedArray): unknown => out;

/** A message algorithm that reduces in place, made to leave `x` alone. */
export async function reducedBy(
  algorithm: (call: Call, x: TypedArray, op: OpName) => Promise<unknown>,
  call: Call,
  x: TypedArray,
  op: OpName,
  out: TypedArray,
): Promise<TypedArray> {
  copyInto(out, x);
  await algorithm(call, out, op);
  return out;
}
