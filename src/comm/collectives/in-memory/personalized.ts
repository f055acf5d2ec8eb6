import { isTypedArray } from "../../envelope.js";
import type { Board } from "../../transports/board.js";
import type { TypedArray } from "../../types.js";
import { alltoall, alltoallInto } from "../alltoall.js";
import { blockOf, type Blocks } from "../blocks.js";
import type { Call } from "../call.js";
import { copyInto, identical } from "../buffers.js";
import { scatter, scatterInto } from "../scatter.js";
import { BoardCall, EVERYBODY, NOBODY } from "./board-call.js";
import type { OnBoard } from "./on-board.js";
import { readEntry, Table } from "./table.js";

/** Every rank reads what all others have for it; a second step if any of it is not on the board. */
export class BoardAlltoall extends BoardCall {
  readonly #table: Table;
  readonly #values: readonly unknown[];
  readonly #source: { readonly values: TypedArray; readonly blocks: Blocks } | undefined;
  readonly #into: TypedArray | undefined;
  readonly #intoBlocks: Blocks | undefined;
  #result: unknown[] = [];

  constructor(
    onBoard: OnBoard,
    call: Call,
    values: readonly unknown[],
    table: Table,
    source?: { readonly values: TypedArray; readonly blocks: Blocks },
    into?: TypedArray,
    intoBlocks?: Blocks,
  ) {
    super(onBoard, call);
    this.#values = values;
    this.#source = source;
    this.#into = into;
    this.#intoBlocks = intoBlocks;
    this.#table = table;
  }

  override contribute(board: Board, step: number): void {
    if (this.done === 0) this.#table.lay(board, step);
  }

  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    const { rank } = this.call;
    const into = this.#into;
    const blocks = this.#intoBlocks;
    let elsewhere = false;
    for (let source = 0; source < board.size; source++) {
      if (Table.isElsewhere(board, step, source)) elsewhere = true;
      if (into !== undefined && blocks !== undefined) {
        const block = blockOf(into, blocks, source);
        readEntry("alltoall", board, step, source, rank, block);
      } else this.#result[source] = readEntry("alltoall", board, step, source, rank);
    }
    return !elsewhere;
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
  readonly #source: { readonly values: TypedArray; readonly blocks: Blocks } | undefined;
  readonly #into: TypedArray | undefined;
  #result: unknown;

  constructor(
    onBoard: OnBoard,
    call: Call,
    root: number,
    values: readonly unknown[] | undefined,
    table: Table | undefined,
    source?: { readonly values: TypedArray; readonly blocks: Blocks },
    into?: TypedArray,
  ) {
    super(onBoard, call);
    this.#root = root;
    this.#values = values;
    this.#source = source;
    this.#into = into;
    const isRoot = call.rank === root;
    this.#table = isRoot ? table : undefined;
    this.needs = isRoot ? NOBODY : root;
    this.wakes = isRoot;
  }

  override contribute(board: Board, step: number): void {
    if (this.done === 0) this.#table?.lay(board, step);
  }

  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    const { rank } = this.call;
    const isRoot = rank === this.#root;
    const own = this.#values?.[rank];
    if (!isRoot) this.#result = readEntry("scatter", board, step, this.#root, rank, this.#into);
    else if (this.#into !== undefined && isTypedArray(own)) copyInto(this.#place(own), own);
    else this.#result = isTypedArray(own) ? own.slice() : own;
    this.needs = isRoot ? EVERYBODY : NOBODY;
    this.wakes = false;
    return !Table.isElsewhere(board, step, this.#root);
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
