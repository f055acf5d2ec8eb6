import { bytesOf, codeOf, nameOf, type Packed, unpack } from "../../envelope.js";
import { TypeMismatchError } from "../../errors.js";
import type { Board } from "../../transports/board.js";
import type { TypedArray } from "../../types.js";
import { part } from "../buffers.js";
import { checkLength, isElsewhere, read } from "./contribution.js";

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
    const fits = board.takes(total);
    const contribution = new Uint8Array(fits ? total : head);
    const entries = new Float64Array(contribution.buffer, 0, this.#values.length * ENTRY_DOUBLES);
    let position = head;
    this.#values.forEach(({ code, bytes }, i) => {
      const where = fits || peers === undefined ? position : peers.addressOf(bytes);
      entries.set([where, bytes.byteLength, code], i * ENTRY_DOUBLES);
      if (fits) contribution.set(bytes, position);
      position += padded(bytes.byteLength);
    });
    board.put(step, fits ? WITH_VALUES : REFERRING, contribution);
    if (!fits) board.markReferring(step);
  }

  static isElsewhere(board: Board, step: number, rank: number): boolean {
    return board.code(step, rank) === REFERRING;
  }
}

/** Whether the values of a rank stay where they are until all have read them. */
export function valuesElsewhere(board: Board, step: number, source: number): boolean {
  return Table.isElsewhere(board, step, source) || isElsewhere(board, step, source);
}

/** What a rank has for this one in its table, as a new value. */
export function readEntry(board: Board, step: number, source: number): unknown {
  const { position, bytes, code } = entryOf(board, step, source);
  const memory = new Uint8Array(bytes);
  readValue(board, step, source, position, memory);
  return unpack(code, memory);
}

/**
 * Reads what a rank has for this one into `count` elements of an array, from `at` on: from its table, or from its array
 * of equal blocks.
 *
 * @throws {TypeMismatchError | RangeError} If it does not fit there; `where` names the call.
 */
export function readBlock(
  where: string,
  board: Board,
  step: number,
  source: number,
  into: TypedArray,
  at: number,
  count: number,
): void {
  const { rank } = board;
  const own = count * into.BYTES_PER_ELEMENT;
  if (board.holds(step, source, codeOf(into), own * board.size))
    return board.get(step, source, rank * own, into, at, count);
  const code = board.code(step, source);
  if (code !== WITH_VALUES && code !== REFERRING) {
    checkCode(where, source, rank, code, into);
    const bytes = board.bytes(step, source) / board.size;
    checkLength(where, source, rank, bytes, into, count);
    return read(board, step, source, rank * bytes, into, at, count);
  }
  const entry = entryOf(board, step, source);
  checkCode(where, source, rank, entry.code, into);
  checkLength(where, source, rank, entry.bytes, into, count);
  readValue(board, step, source, entry.position, bytesOf(part(into, at, at + count)));
}

function entryOf(
  board: Board,
  step: number,
  source: number,
): { position: number; bytes: number; code: number } {
  const { buffer, byteOffset } = board.view(step, source, board.rank * ENTRY_DOUBLES * 8, ENTRY_DOUBLES * 8);
  const [position, bytes, code] = new Float64Array(buffer, byteOffset, ENTRY_DOUBLES);
  return { position, bytes, code };
}

function readValue(board: Board, step: number, source: number, position: number, memory: Uint8Array): void {
  const bytes = memory.byteLength;
  if (bytes === 0) return;
  if (!Table.isElsewhere(board, step, source)) memory.set(board.view(step, source, position, bytes));
  else board.peers?.read(board.pid(step, source), position, memory);
}

function checkCode(where: string, source: number, rank: number, code: number, into: TypedArray): void {
  if (code === codeOf(into)) return;
  throw new TypeMismatchError(
    `${where}: rank ${source} sends ${nameOf(code)} to rank ${rank}, which expects ${nameOf(codeOf(into))}; use the ` +
      `same type`,
  );
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}
