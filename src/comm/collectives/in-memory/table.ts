import { bytesOf, codeOf, nameOf, type Packed, unpack } from "../../envelope.js";
import { TypeMismatchError } from "../../errors.js";
import type { Board } from "../../transports/board.js";
import type { TypedArray } from "../../types.js";
import { checkLength } from "./contribution.js";

/** An entry: where the value begins, in the contribution or in the rank's memory; its bytes; its element type. */
const ENTRY_DOUBLES = 3;
/** In place of an element type: whether the values lie on the board as well. */
const WITH_VALUES = 0;
const REFERRING = 1;

/** Bytes on a board that a table for so many ranks takes, without the values. */
export function tableBytes(size: number): number {
  return size * ENTRY_DOUBLES * 8;
}

/** One value for each rank, as a contribution to a board: a table that says where each is, and the values if they fit. */
export class Table {
  readonly #values: readonly Packed[];

  constructor(values: readonly Packed[]) {
    this.#values = values;
  }

  /** The values must stay as they are until all have read them, unless they lie on the board. */
  lay(board: Board, step: number): void {
    const { peers } = board;
    const head = tableBytes(this.#values.length);
    const total = this.#values.reduce((sum, { bytes }) => sum + padded(bytes.byteLength), head);
    const fits = board.takes(total, 1);
    const contribution = new Uint8Array(fits ? total : head);
    const entries = new Float64Array(contribution.buffer, 0, this.#values.length * ENTRY_DOUBLES);
    let position = head;
    this.#values.forEach(({ code, bytes }, i) => {
      const where = fits || peers === undefined ? position : peers.addressOf(bytes);
      entries.set([where, bytes.byteLength, code], i * ENTRY_DOUBLES);
      if (fits) contribution.set(bytes, position);
      position += padded(bytes.byteLength);
    });
    board.putBytes(step, fits ? WITH_VALUES : REFERRING, contribution);
    if (!fits) board.markReferring(step);
  }

  static isElsewhere(board: Board, step: number, rank: number): boolean {
    return board.value(step, rank).code === REFERRING;
  }
}

/**
 * What a rank has for this one: into `block`, or as a new value.
 *
 * @throws {TypeMismatchError | RangeError} If it does not fit the block; `where` names the call.
 */
export function readEntry(
  where: string,
  board: Board,
  step: number,
  source: number,
  rank: number,
  block?: TypedArray,
): unknown {
  const table = board.bytes(step, source, 0, tableBytes(board.size));
  const entry = new Float64Array(table.buffer, table.byteOffset + rank * ENTRY_DOUBLES * 8, ENTRY_DOUBLES);
  const [position, length, code] = entry;
  if (block !== undefined) checkFits(where, source, rank, code, length, block);
  const memory = block === undefined ? new Uint8Array(length) : bytesOf(block);
  if (length > 0) {
    if (!Table.isElsewhere(board, step, source)) memory.set(board.bytes(step, source, position, length));
    else board.peers?.read(board.pid(step, source), position, memory);
  }
  return block ?? unpack(code, memory);
}

function checkFits(
  where: string,
  source: number,
  rank: number,
  code: number,
  bytes: number,
  block: TypedArray,
): void {
  if (code !== codeOf(block)) {
    throw new TypeMismatchError(
      `${where}: rank ${source} sends ${nameOf(code)} to rank ${rank}, which expects ${nameOf(codeOf(block))}; use the ` +
        `same type`,
    );
  }
  checkLength(where, source, rank, bytes, block);
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}
