import { codeOf, isTypedArray, unpack } from "../../envelope.js";
import type { Signature } from "../../matching.js";
import type { Board } from "../../transports/board.js";
import type { TypedArray } from "../../types.js";
import { allgather, allgatherInto } from "../allgather.js";
import { bcast } from "../bcast.js";
import type { Blocks } from "../blocks.js";
import { copyInto, part } from "../buffers.js";
import { gather, gatherInto } from "../gather.js";
import { BoardCall, EVERYBODY, NOBODY } from "./board-call.js";
import {
  checkLength,
  checkType,
  type Contribution,
  isElsewhere,
  isShort,
  lay,
  read,
  value,
} from "./contribution.js";
import type { OnBoard } from "./on-board.js";

/**
 * The root's value for all. Nobody waits for anybody but the root, which runs ahead by some calls; if the value is not
 * on the board, the root waits until all have copied it.
 */
export class BoardBcast extends BoardCall {
  readonly #root: number;
  readonly #value: unknown;
  readonly #contribution: Contribution | undefined;
  readonly #into: TypedArray | undefined;
  #result: unknown;

  /** @param contribution - The value, at the root. */
  constructor(
    onBoard: OnBoard,
    signature: Signature,
    root: number,
    value: unknown,
    contribution: Contribution | undefined,
    into: TypedArray | undefined,
  ) {
    super(onBoard, signature);
    const isRoot = onBoard.board.rank === root;
    this.#root = root;
    this.#value = value;
    this.#into = into;
    this.#contribution = contribution;
    this.isShort = contribution === undefined || isShort(contribution);
    this.#result = into ?? value;
    this.needs = isRoot ? NOBODY : root;
    this.wakes = isRoot;
  }

  override contribute(board: Board, step: number): void {
    if (this.done > 0 || this.#contribution === undefined) return;
    lay(board, step, this.#contribution);
  }

  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    const isRoot = board.rank === this.#root;
    const elsewhere = isElsewhere(board, step, this.#root);
    if (!isRoot) this.#read(board, step);
    else if (this.#into !== undefined && isTypedArray(this.#value)) copyInto(this.#into, this.#value);
    this.needs = isRoot ? EVERYBODY : NOBODY;
    this.wakes = false;
    return !elsewhere;
  }

  result(): unknown {
    return this.#result;
  }

  withMessages(): PromiseLike<unknown> {
    return bcast(this.call, this.#value, this.#root, this.#into).then((value) => this.#into ?? value);
  }

  #read(board: Board, step: number): void {
    const into = this.#into;
    if (into === undefined) {
      const { code, bytes } = value(board, step, this.#root);
      this.#result = unpack(code, bytes);
      return;
    }
    if (board.holds(step, this.#root, codeOf(into), into.byteLength))
      return board.get(step, this.#root, 0, into, 0, into.length);
    checkType("bcast", board.code(step, this.#root), into, this.#root);
    const bytes = board.bytes(step, this.#root);
    if (bytes !== into.byteLength) {
      throw new RangeError(
        `bcast: root ${this.#root} sends ${bytes / into.BYTES_PER_ELEMENT} elements, into of rank ${board.rank} ` +
          `has ${into.length}; use equal lengths`,
      );
    }
    read(board, step, this.#root, 0, into);
  }
}

/** What gather and allgather have in common: one value of every rank. */
abstract class BoardCollection extends BoardCall {
  protected readonly value: unknown;
  readonly #contribution: Contribution;
  protected readonly into: TypedArray | undefined;
  protected readonly blocks: Blocks | undefined;
  protected values: unknown[] | undefined;

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    value: unknown,
    contribution: Contribution,
    into: TypedArray | undefined,
    blocks: Blocks | undefined,
  ) {
    super(onBoard, signature);
    this.value = value;
    this.#contribution = contribution;
    this.isShort = isShort(contribution);
    this.into = into;
    this.blocks = blocks;
  }

  override contribute(board: Board, step: number): void {
    if (this.done === 0) lay(board, step, this.#contribution);
  }

  /** Reads everybody's value. */
  protected collect(board: Board, step: number, where: string): void {
    const { rank, size } = board;
    const { into, blocks } = this;
    if (into === undefined || blocks === undefined) {
      this.values = Array.from({ length: size }, (_, source) => {
        if (source === rank) return isTypedArray(this.value) ? this.value.slice() : this.value;
        const { code, bytes } = value(board, step, source);
        return unpack(code, bytes);
      });
      return;
    }
    const code = codeOf(into);
    for (let source = 0; source < size; source++) {
      const start = blocks.displs[source];
      const count = blocks.counts[source];
      // The usual case in one look, before what is said of others.
      if (board.holds(step, source, code, count * into.BYTES_PER_ELEMENT))
        board.get(step, source, 0, into, start, count);
      else if (source === rank && isTypedArray(this.value) && isElsewhere(board, step, rank))
        copyInto(part(into, start, start + count), this.value);
      else {
        checkType(where, board.code(step, source), into, source);
        checkLength(where, source, rank, board.bytes(step, source), into, count);
        read(board, step, source, 0, into, start, count);
      }
    }
  }
}

/** Every rank reads everybody's value; a second step if any is not on the board. */
export class BoardAllgather extends BoardCollection {
  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    this.collect(board, step, "allgather");
    let anywhere = 0;
    while (anywhere < board.size && !isElsewhere(board, step, anywhere)) anywhere++;
    return anywhere === board.size;
  }

  result(): unknown {
    return this.into ?? this.values;
  }

  async withMessages(): Promise<unknown> {
    const { into, blocks, value } = this;
    if (into === undefined || blocks === undefined || !isTypedArray(value))
      return allgather(this.call, value);
    await allgatherInto(this.call, value, into, blocks);
    return into;
  }
}

/** The root reads everybody's value, and then lets those go whose value is not on the board. */
export class BoardGather extends BoardCollection {
  readonly #root: number;

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    root: number,
    value: unknown,
    contribution: Contribution,
    into: TypedArray | undefined,
    blocks: Blocks | undefined,
  ) {
    super(onBoard, signature, value, contribution, into, blocks);
    this.#root = root;
    if (onBoard.board.rank !== root) this.needs = NOBODY;
  }

  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    const isRoot = board.rank === this.#root;
    if (isRoot) this.collect(board, step, "gather");
    this.wakes = isRoot;
    this.needs = !isRoot && isElsewhere(board, step, board.rank) ? this.#root : NOBODY;
    return false;
  }

  result(): unknown {
    return this.into ?? this.values;
  }

  async withMessages(): Promise<unknown> {
    const { into, blocks, value } = this;
    if (!isTypedArray(value) || (this.call.rank === this.#root && into === undefined))
      return gather(this.call, value, this.#root);
    await gatherInto(this.call, value, this.#root, into, blocks);
    return this.result();
  }
}
