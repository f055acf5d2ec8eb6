import type { Signature } from "../../matching.js";
import type { Board } from "../../transports/board.js";
import type { OpName, TypedArray } from "../../types.js";
import { allreduce } from "../allreduce.js";
import type { Blocks } from "../blocks.js";
import { copyInto, like } from "../buffers.js";
import { reduceScatter } from "../reduce-scatter.js";
import { reduce } from "../reduce.js";
import { EVERYBODY, NOBODY } from "./board-call.js";
import { isElsewhere, lay, read } from "./contribution.js";
import type { OnBoard } from "./on-board.js";
import { BoardReduction, isReducedByAll, reducedBy } from "./reduction.js";

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
