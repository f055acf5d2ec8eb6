import { bytesOf, codeOf, isTypedArray, nameOf, type Packed, unpack } from "../../envelope.js";
import { TypeMismatchError } from "../../errors.js";
import type { Board } from "../../transports/board.js";
import type { TypedArray } from "../../types.js";
import { allgather, allgatherInto } from "../allgather.js";
import { bcast } from "../bcast.js";
import { blockOf, type Blocks } from "../blocks.js";
import type { Call } from "../call.js";
import { copyInto } from "../buffers.js";
import { gather, gatherInto } from "../gather.js";
import { BoardCall, EVERYBODY, NOBODY } from "./board-call.js";
import { checkLength, isElsewhere, lay, read, value } from "./contribution.js";
import type { OnBoard } from "./on-board.js";

/**
 * The root's value for all. Nobody waits for anybody but the root, which runs ahead by some calls; if the value is not
 * on the board, the root waits until all have copied it.
 */
export class BoardBcast extends BoardCall {
  readonly #root: number;
  readonly #value: unknown;
  readonly #packed: Packed | undefined;
  readonly #into: TypedArray | undefined;
  #result: unknown;

  /** @param packed - The value, at the root. */
  constructor(
    onBoard: OnBoard,
    call: Call,
    root: number,
    value: unknown,
    packed: Packed | undefined,
    into: TypedArray | undefined,
  ) {
    super(onBoard, call);
    this.#root = root;
    this.#value = value;
    this.#into = into;
    this.#packed = packed;
    this.#result = into ?? value;
    this.needs = call.rank === root ? NOBODY : root;
    this.wakes = call.rank === root;
  }

  override contribute(board: Board, step: number): void {
    if (this.done === 0 && this.#packed !== undefined) lay(board, step, this.#packed, board.size - 1);
  }

  advance(board: Board, step: number): boolean {
    const isRoot = this.call.rank === this.#root;
    if (this.done === 1) return true;
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
    const { code, bytes } = board.value(step, this.#root);
    checkType("bcast", code, into, this.#root);
    if (bytes !== into.byteLength) {
      throw new RangeError(
        `bcast: root ${this.#root} sends ${bytes / into.BYTES_PER_ELEMENT} elements, into of rank ${this.call.rank} ` +
          `has ${into.length}; use equal lengths`,
      );
    }
    read(board, step, this.#root, 0, bytesOf(into));
  }
}

/** What gather and allgather have in common: one value of every rank. */
abstract class BoardCollection extends BoardCall {
  protected readonly value: unknown;
  readonly #packed: Packed;
  protected readonly into: TypedArray | undefined;
  protected readonly blocks: Blocks | undefined;
  protected values: unknown[] | undefined;
  /** Ranks that read this one's value. */
  protected abstract readonly readers: number;

  constructor(
    onBoard: OnBoard,
    call: Call,
    value: unknown,
    packed: Packed,
    into: TypedArray | undefined,
    blocks: Blocks | undefined,
  ) {
    super(onBoard, call);
    this.value = value;
    this.#packed = packed;
    this.into = into;
    this.blocks = blocks;
  }

  override contribute(board: Board, step: number): void {
    if (this.done === 0) lay(board, step, this.#packed, this.readers);
  }

  /** Reads everybody's value. */
  protected collect(board: Board, step: number, where: string): void {
    const { rank } = this.call;
    if (this.into === undefined || this.blocks === undefined) {
      this.values = Array.from({ length: board.size }, (_, source) => {
        if (source === rank) return isTypedArray(this.value) ? this.value.slice() : this.value;
        const { code, bytes } = value(board, step, source);
        return unpack(code, bytes);
      });
      return;
    }
    for (let source = 0; source < board.size; source++) {
      const block = blockOf(this.into, this.blocks, source);
      if (source === rank && isTypedArray(this.value)) copyInto(block, this.value);
      else readBlock(where, board, step, source, rank, block);
    }
  }
}

/** Every rank reads everybody's value; a second step if any is not on the board. */
export class BoardAllgather extends BoardCollection {
  protected readonly readers = this.call.size - 1;

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
  protected readonly readers = 1;
  readonly #root: number;

  constructor(
    onBoard: OnBoard,
    call: Call,
    root: number,
    value: unknown,
    packed: Packed,
    into: TypedArray | undefined,
    blocks: Blocks | undefined,
  ) {
    super(onBoard, call, value, packed, into, blocks);
    this.#root = root;
    if (call.rank !== root) this.needs = NOBODY;
  }

  advance(board: Board, step: number): boolean {
    if (this.done === 1) return true;
    const isRoot = this.call.rank === this.#root;
    if (isRoot) this.collect(board, step, "gather");
    this.wakes = isRoot;
    this.needs = !isRoot && isElsewhere(board, step, this.call.rank) ? this.#root : NOBODY;
    return false;
  }

  result(): unknown {
    return this.call.rank === this.#root ? (this.into ?? this.values) : undefined;
  }

  async withMessages(): Promise<unknown> {
    const { into, blocks, value } = this;
    if (!isTypedArray(value) || (this.call.rank === this.#root && into === undefined))
      return gather(this.call, value, this.#root);
    await gatherInto(this.call, value, this.#root, into, blocks);
    return this.result();
  }
}

/** Reads a rank's contribution into this rank's place for it. */
function readBlock(
  where: string,
  board: Board,
  step: number,
  source: number,
  rank: number,
  block: TypedArray,
): void {
  const { code, bytes } = board.value(step, source);
  checkType(where, code, block, source);
  checkLength(where, source, rank, bytes, block);
  read(board, step, source, 0, bytesOf(block));
}

function checkType(where: string, code: number, into: TypedArray, source: number): void {
  if (code === codeOf(into) || code === UINT8 || into instanceof Uint8Array) return;
  throw new TypeMismatchError(
    `${where}: rank ${source} sends ${nameOf(code)}, the receive buffer holds ${nameOf(codeOf(into))}; use the same type`,
  );
}

const UINT8 = codeOf(new Uint8Array(0));
