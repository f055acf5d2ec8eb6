import { isTypedArray } from "../../envelope.js";
import type { Signature } from "../../matching.js";
import type { Board } from "../../transports/board.js";
import type { TypedArray } from "../../types.js";
import { alltoall, alltoallInto } from "../alltoall.js";
import { blockOf, type Blocks } from "../blocks.js";
import { copyInto, identical } from "../buffers.js";
import { scatter, scatterInto } from "../scatter.js";
import { BoardCall, EVERYBODY, NOBODY } from "./board-call.js";
import { checkLength, isShort, lay } from "./contribution.js";
import type { OnBoard } from "./on-board.js";
import { readBlock, readEntry, Table, valuesElsewhere } from "./table.js";

/** An array that is cut into a block for each rank. */
export interface Source {
  readonly values: TypedArray;
  readonly blocks: Blocks;
}

/**
 * Every rank reads what all others have for it, from the tables or, where all blocks are equal, from the arrays as they
 * are; a second step if any of it is not on the board.
 */
export class BoardAlltoall extends BoardCall {
  /** Without one, the array of the source is laid out. */
  readonly #table: Table | undefined;
  readonly #values: readonly unknown[];
  readonly #source: Source | undefined;
  readonly #into: TypedArray | undefined;
  readonly #intoBlocks: Blocks | undefined;
  #result: unknown[] = [];

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    values: readonly unknown[],
    table: Table | undefined,
    source?: Source,
    into?: TypedArray,
    intoBlocks?: Blocks,
  ) {
    super(onBoard, signature);
    this.#values = values;
    this.#source = source;
    this.#into = into;
    this.#intoBlocks = intoBlocks;
    this.#table = table;
    this.isShort = table === undefined && source !== undefined && isShort(source.values);
  }

  override contribute(board: Board, step: number): void {
    if (this.done > 0) return;
    if (this.#table !== undefined) this.#table.lay(board, step);
    else if (this.#source !== undefined) lay(board, step, this.#source.values);
  }

  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    const into = this.#into;
    const blocks = this.#intoBlocks;
    let elsewhere = false;
    for (let source = 0; source < board.size; source++) {
      if (valuesElsewhere(board, step, source)) elsewhere = true;
      if (into === undefined || blocks === undefined) this.#result[source] = readEntry(board, step, source);
      else if (source === board.rank && valuesElsewhere(board, step, source))
        this.#keep(into, blocks, source);
      else readBlock("alltoall", board, step, source, into, blocks.displs[source], blocks.counts[source]);
    }
    return !elsewhere;
  }

  /** This rank's block for itself. */
  #keep(into: TypedArray, blocks: Blocks, rank: number): void {
    if (this.#source === undefined) return;
    const from = blockOf(this.#source.values, this.#source.blocks, rank);
    checkLength("alltoall", rank, rank, from.byteLength, into, blocks.counts[rank]);
    copyInto(blockOf(into, blocks, rank), from);
  }

  result(): unknown {
    return this.#into ?? this.#result;
  }

  async withMessages(): Promise<unknown> {
    const [source, into, blocks] = [this.#source, this.#into, this.#intoBlocks];
    if (source === undefined || into === undefined || blocks === undefined)
      return alltoall(this.call, this.#values);
    await alltoallInto(this.call, source.values, source.blocks, into, blocks);
    return into;
  }
}

/** Every rank reads what the root has for it; the root waits for that only if it is not on the board. */
export class BoardScatter extends BoardCall {
  readonly #root: number;
  readonly #table: Table | undefined;
  readonly #values: readonly unknown[] | undefined;
  readonly #source: Source | undefined;
  readonly #into: TypedArray | undefined;
  #result: unknown;

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    root: number,
    values: readonly unknown[] | undefined,
    table: Table | undefined,
    source?: Source,
    into?: TypedArray,
  ) {
    super(onBoard, signature);
    this.#root = root;
    this.#values = values;
    this.#source = source;
    this.#into = into;
    const isRoot = onBoard.board.rank === root;
    this.#table = isRoot ? table : undefined;
    this.isShort = !isRoot || (table === undefined && source !== undefined && isShort(source.values));
    this.needs = isRoot ? NOBODY : root;
    this.wakes = isRoot;
  }

  override contribute(board: Board, step: number): void {
    if (this.done > 0) return;
    if (this.#table !== undefined) this.#table.lay(board, step);
    else if (this.#source !== undefined) lay(board, step, this.#source.values);
  }

  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    const { rank } = board;
    const isRoot = rank === this.#root;
    const own = this.#values?.[rank];
    if (!isRoot) {
      if (this.#into === undefined) this.#result = readEntry(board, step, this.#root);
      else readBlock("scatter", board, step, this.#root, this.#into, 0, this.#into.length);
    } else if (this.#into !== undefined && isTypedArray(own)) copyInto(this.#place(own), own);
    else this.#result = isTypedArray(own) ? own.slice() : own;
    this.needs = isRoot ? EVERYBODY : NOBODY;
    this.wakes = false;
    return !valuesElsewhere(board, step, this.#root);
  }

  result(): unknown {
    return this.#into ?? this.#result;
  }

  async withMessages(): Promise<unknown> {
    if (this.#into === undefined) return scatter(this.call, this.#values, this.#root);
    const [source, own] = [this.#source, this.#values?.[this.call.rank]];
    const target = isTypedArray(own) ? this.#place(own) : this.#into;
    if (target !== undefined)
      await scatterInto(this.call, this.#root, target, source?.values, source?.blocks);
    return this.#into;
  }

  /** Where the root's own block goes: in place, it stays where it is. */
  #place(own: TypedArray): TypedArray {
    const into = this.#into ?? own;
    return this.#source !== undefined && identical(this.#source.values, into) ? own : into;
  }
}
