import { bytesOf, codeOf, isTypedArray, nameOf, type Packed } from "../../envelope.js";
import { TypeMismatchError } from "../../errors.js";
import type { Board } from "../../transports/board.js";
import { Form } from "../../transports/contributions.js";
import type { TypedArray } from "../../types.js";
import { HEAD_VALUE_BYTES } from "../../wire/segment.js";
import { part } from "../buffers.js";

/** What a rank lays out: an array as it is, or a value of another kind as bytes. */
export type Contribution = TypedArray | Packed;

/** Whether it fits in a head. */
export function isShort(contribution: Contribution): boolean {
  return (isTypedArray(contribution) ? contribution : contribution.bytes).byteLength <= HEAD_VALUE_BYTES;
}

/**
 * Lays a value on the board, or says where it is in the memory of this rank if it is too long for that: then it must
 * stay as it is until all that read it have said so.
 */
export function lay(board: Board, step: number, contribution: Contribution): void {
  const isArray = isTypedArray(contribution);
  const memory = isArray ? contribution : contribution.bytes;
  const code = isArray ? codeOf(contribution) : contribution.code;
  if (board.peers === undefined || board.takes(memory.byteLength)) board.put(step, code, memory);
  else board.putAddress(step, code, memory.byteLength, board.peers.addressOf(bytesOf(memory)));
}

/** Copies `count` elements of what a rank has laid out, from byte `start` on, to element `at` of an array. */
export function read(
  board: Board,
  step: number,
  rank: number,
  start: number,
  into: TypedArray,
  at = 0,
  count = into.length,
): void {
  if (count === 0) return;
  if (board.form(step, rank) !== Form.elsewhere) return board.get(step, rank, start, into, at, count);
  const address = board.address(step, rank) + start;
  board.peers?.read(board.pid(step, rank), address, bytesOf(part(into, at, at + count)));
}

/** What a rank has laid out, as a copy. */
export function value(board: Board, step: number, rank: number): Packed {
  const memory = new Uint8Array(board.bytes(step, rank));
  read(board, step, rank, 0, memory);
  return { code: board.code(step, rank), bytes: memory };
}

/** Whether what a rank has laid out is in its own memory, so that it waits until all have read it. */
export function isElsewhere(board: Board, step: number, rank: number): boolean {
  return board.form(step, rank) === Form.elsewhere;
}

/** @throws {TypeMismatchError} Unless a rank sends elements as in this buffer; bytes go with everything. */
export function checkType(where: string, code: number, into: TypedArray, source: number): void {
  if (code === codeOf(into) || code === UINT8 || into instanceof Uint8Array) return;
  throw new TypeMismatchError(
    `${where}: rank ${source} sends ${nameOf(code)}, the receive buffer holds ${nameOf(codeOf(into))}; use the same type`,
  );
}

/** @throws {RangeError} Unless what a rank has for this one is as long as its place of `count` elements. */
export function checkLength(
  where: string,
  source: number,
  rank: number,
  bytes: number,
  { BYTES_PER_ELEMENT }: TypedArray,
  count: number,
): void {
  if (bytes === count * BYTES_PER_ELEMENT) return;
  throw new RangeError(
    `${where}: rank ${source} sends ${bytes / BYTES_PER_ELEMENT} elements to rank ${rank}, which expects ${count}; ` +
      "make the counts agree",
  );
}

const UINT8 = codeOf(new Uint8Array(0));
