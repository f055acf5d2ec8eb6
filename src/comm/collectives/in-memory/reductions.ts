import { bytesOf, codeOf } from "../../envelope.js";
import type { Signature } from "../../matching.js";
import { combine } from "../../operations.js";
import type { Board } from "../../transports/board.js";
import type { OpName, TypedArray } from "../../types.js";
import { allreduce } from "../allreduce.js";
import { barrier } from "../barrier.js";
import type { Blocks } from "../blocks.js";
import { type Call, isReproducible } from "../call.js";
import { exactSum } from "../exact.js";
import { copyInto, like, overlap } from "../buffers.js";
import { reduceScatter } from "../reduce-scatter.js";
import { reduce } from "../reduce.js";
import { scan } from "../scan.js";
import { BoardCall, EVERYBODY, NOBODY } from "./board-call.js";
import { isElsewhere, isShort, lay, read } from "./contribution.js";
import type { OnBoard } from "./on-board.js";
import { reducePieces, sumPieces } from "./reduce-pieces.js";

/** Up to so many bytes of all ranks together, every rank reduces everything by itself: a step less. */
const ONE_STEP_BYTES = 16 * 1024;

/** One step, nothing to read. */
export class BoardBarrier extends BoardCall {
  override isShort = true;

  contribute(): void {
    return;
  }

  advance(): boolean {
    return true;
  }

  result(): void {
    return;
  }

  withMessages(): PromiseLike<void> {
    return barrier(this.call);
  }
}

/** The sum of one number of every rank: one step, and no array anywhere. */
export class BoardNumber extends BoardCall {
  override isShort = true;
  #x: number;

  constructor(onBoard: OnBoard, signature: Signature, x: number) {
    super(onBoard, signature);
    this.#x = x;
  }

  contribute(board: Board, step: number): void {
    board.putNumber(step, this.#x);
  }

  advance(board: Board, step: number): boolean {
    this.#x = isReproducible(this.signature)
      ? exactSum(Float64Array.from({ length: board.size }, (_, rank) => board.number(step, rank)))
      : board.sumOfNumbers(step);
    return true;
  }

  result(): number {
    return this.#x;
  }

  async withMessages(): Promise<number> {
    const x = Float64Array.of(this.#x);
    await allreduce(this.call, x, "sum");
    return x[0];
  }
}

/** What the reductions of arrays have in common. */
abstract class BoardReduction extends BoardCall {
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

/** A few doubles, bit for bit what {@link BoardAllreduce} gives: one step, and loops instead of views. */
export class BoardSum extends BoardCall {
  readonly #x: Float64Array;
  readonly #out: Float64Array;

  constructor(onBoard: OnBoard, signature: Signature, x: Float64Array, out: Float64Array) {
    super(onBoard, signature);
    this.isShort = isShort(x);
    this.#x = x;
    this.#out = out;
  }

  contribute(board: Board, step: number): void {
    board.putDoubles(step, this.#x);
  }

  advance(board: Board, step: number): boolean {
    board.sum(step, this.#out);
    return true;
  }

  result(): Float64Array {
    return this.#out;
  }

  withMessages(): PromiseLike<TypedArray> {
    return reducedBy(allreduce, this.call, this.#x, "sum", this.#out);
  }
}

/**
 * Short vectors: every rank reduces all of them. Longer ones: every rank reduces one block of them, then collects the
 * other blocks. Vectors too long for the board are read from the memory of their ranks, and so are blocks, with a third
 * step after which they may change again.
 *
 * Each rank reads 2 (size − 1) / size of the vector, and nothing is copied on the way.
 */
export class BoardAllreduce extends BoardReduction {
  readonly #result: TypedArray;

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    x: TypedArray,
    op: OpName,
    out: TypedArray,
    finish: (out: TypedArray) => unknown,
  ) {
    super(onBoard, signature, x, op, out, finish);
    this.#result = out;
  }

  override contribute(board: Board, step: number): void {
    const { rank, size } = board;
    const block = this.#block(size, rank);
    if (this.done === 0) this.layAround(board, step, this.#start(size, rank), block.length);
    else if (this.done === 1) lay(board, step, block);
  }

  advance(board: Board, step: number): boolean {
    const { rank, size } = board;
    if (this.done === 0) {
      if (isReducedByAll(this.x, board)) {
        this.reduceInto(this.#result, board, step, 0);
        return true;
      }
      this.reduceInto(this.#block(size, rank), board, step, this.#start(size, rank));
      return false;
    }
    if (this.done === 1) {
      for (let i = 1; i < size; i++) {
        const peer = (rank + i) % size;
        read(board, step, peer, 0, this.#block(size, peer));
      }
      const longest = Math.ceil(this.x.length / size) * this.x.BYTES_PER_ELEMENT;
      return board.takes(longest);
    }
    return true;
  }

  withMessages(): PromiseLike<unknown> {
    return reducedBy(allreduce, this.call, this.x, this.op, this.#result).then(() => this.result());
  }

  #start(size: number, rank: number): number {
    return Math.floor((this.x.length * rank) / size);
  }

  #block(size: number, rank: number): TypedArray {
    return this.#result.subarray(this.#start(size, rank), this.#start(size, rank + 1));
  }
}

/** Every rank reduces its own block; a second step if the vectors are not on the board. */
export class BoardReduceScatter extends BoardReduction {
  readonly #blocks: Blocks;
  readonly #place: TypedArray;
  /** The result, apart from its place as long as others may read what is there. */
  readonly #block: TypedArray;

  /**
   * @param place - Where this rank's block goes.
   * @param isPlaced - That is the beginning of `x`.
   */
  constructor(
    onBoard: OnBoard,
    signature: Signature,
    x: TypedArray,
    op: OpName,
    blocks: Blocks,
    place: TypedArray,
    isPlaced: boolean,
  ) {
    super(onBoard, signature, x, op, place);
    this.#blocks = blocks;
    this.#place = place;
    this.#block = isPlaced ? like(place) : place;
    // Who gets nothing waits for nobody, unless others still have to read its vector.
    if (place.length === 0 && onBoard.board.takes(x.byteLength)) this.needs = NOBODY;
  }

  override contribute(board: Board, step: number): void {
    if (this.done > 0) return;
    this.layAround(board, step, this.#blocks.displs[board.rank], this.#block.length);
  }

  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    const { rank } = board;
    this.reduceInto(this.#block, board, step, this.#blocks.displs[rank]);
    return !isElsewhere(board, step, rank);
  }

  override result(): TypedArray {
    copyInto(this.#place, this.#block);
    return this.#place;
  }

  async withMessages(): Promise<TypedArray> {
    await reduceScatter(this.call, this.x.slice(), this.op, this.#blocks, this.#block);
    return this.result();
  }
}

/**
 * Short vectors: the root reduces all of them, and nobody waits for it. Longer ones: every rank reduces one block, the
 * root collects the blocks, and then lets the others go.
 */
export class BoardReduce extends BoardReduction {
  readonly #root: number;
  readonly #short: boolean;
  #block: TypedArray | undefined;

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    x: TypedArray,
    op: OpName,
    root: number,
    out: TypedArray | undefined,
    finish: (out: TypedArray) => unknown,
  ) {
    super(onBoard, signature, x, op, out, finish);
    this.#root = root;
    const { board } = onBoard;
    this.#short = isReducedByAll(x, board);
    if (this.#short && board.rank !== root) this.needs = NOBODY;
  }

  override contribute(board: Board, step: number): void {
    super.contribute(board, step);
    const block = this.#block;
    if (this.done !== 1 || block === undefined || block.length === 0) return;
    lay(board, step, block);
  }

  advance(board: Board, step: number): boolean {
    const { rank, size } = board;
    const isRoot = rank === this.#root;
    if (this.#short) {
      if (this.out !== undefined) this.reduceInto(this.out, board, step, 0);
      return true;
    }
    if (this.done === 0) {
      const block = this.x.slice(this.#start(rank, size), this.#start(rank + 1, size));
      this.reduceInto(block, board, step, this.#start(rank, size));
      this.#block = block;
      this.needs = isRoot ? EVERYBODY : NOBODY;
      return false;
    }
    if (this.done === 1) {
      if (this.out !== undefined) {
        for (let peer = 0; peer < size; peer++) {
          const block = this.out.subarray(this.#start(peer, size), this.#start(peer + 1, size));
          if (peer === rank && this.#block !== undefined) copyInto(block, this.#block);
          else read(board, step, peer, 0, block);
        }
      }
      this.wakes = isRoot;
      this.needs = isRoot ? NOBODY : this.#root;
      return false;
    }
    return true;
  }

  async withMessages(): Promise<unknown> {
    await reduce(this.call, this.x.slice(), this.op, this.#root, this.out);
    return this.result();
  }

  #start(rank: number, size: number): number {
    return Math.floor((this.x.length * rank) / size);
  }
}

/** One step: every rank reduces what those before it have laid out. Only for vectors that fit on the board. */
export class BoardScan extends BoardReduction {
  readonly #exclusive: boolean;
  readonly #isFirst: boolean;

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    x: TypedArray,
    op: OpName,
    exclusive: boolean,
    out: TypedArray | undefined,
    finish: (out: TypedArray) => unknown,
  ) {
    super(onBoard, signature, x, op, out, finish);
    this.#exclusive = exclusive;
    this.#isFirst = onBoard.board.rank === 0;
  }

  advance(board: Board, step: number): boolean {
    const ranks = board.rank + (this.#exclusive ? 0 : 1);
    if (ranks > 0 && this.out !== undefined) this.reduceInto(this.out, board, step, 0, ranks);
    return true;
  }

  override result(): unknown {
    return this.#exclusive && this.#isFirst ? undefined : super.result();
  }

  async withMessages(): Promise<unknown> {
    const work = this.x.slice();
    const before = await scan(this.call, work, this.op);
    const reduced = this.#exclusive ? before : work;
    if (reduced === undefined || this.out === undefined) return undefined;
    copyInto(this.out, reduced);
    return this.result();
  }
}

/** So short that every rank reduces all of it by itself. */
function isReducedByAll(x: TypedArray, { size }: Board): boolean {
  return x.byteLength * size <= ONE_STEP_BYTES;
}

const whole = (out: TypedArray): unknown => out;

/** A message algorithm that reduces in place, made to leave `x` alone. */
async function reducedBy(
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
