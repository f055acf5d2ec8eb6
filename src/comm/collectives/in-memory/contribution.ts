import type { Packed } from "../../envelope.js";
import { type Board, Form } from "../../transports/board.js";
import type { TypedArray } from "../../types.js";

/**
 * Lays a value on the board, or says where it is in the memory of this rank if it is too long for that.
 *
 * @param readers - How many ranks will read each of its bytes.
 * @returns Whether it lies on the board. If not, it must stay as it is until all that read it have said so.
 */
export function lay(board: Board, step: number, { code, bytes }: Packed, readers: number): boolean {
  if (board.peers === undefined || board.takes(bytes.byteLength, readers)) {
    board.putBytes(step, code, bytes);
    return true;
  }
  board.putAddress(step, code, bytes.byteLength, board.peers.addressOf(bytes));
  return false;
}

/** Copies what a rank has laid out, or a part of it from byte `start` on. */
export function read(board: Board, step: number, rank: number, start: number, into: Uint8Array): void {
  if (into.byteLength === 0) return;
  if (board.form(step, rank) !== Form.elsewhere) into.set(board.bytes(step, rank, start, into.byteLength));
  else board.peers?.read(board.pid(step, rank), board.address(step, rank) + start, into);
}

/** What a rank has laid out, as a copy. */
export function value(board: Board, step: number, rank: number): Packed {
  const { code, bytes } = board.value(step, rank);
  const memory = new Uint8Array(bytes);
  read(board, step, rank, 0, memory);
  return { code, bytes: memory };
}

/** Whether what a rank has laid out is in its own memory, so that it waits until all have read it. */
export function isElsewhere(board: Board, step: number, rank: number): boolean {
  return board.form(step, rank) === Form.elsewhere;
}

/** @throws {RangeError} Unless what a rank has for this one is as long as its place. */
export function checkLength(
  where: string,
  source: number,
  rank: number,
  bytes: number,
  block: TypedArray,
): void {
  if (bytes === block.byteLength) return;
  throw new RangeError(
    `${where}: rank ${source} sends ${bytes / block.BYTES_PER_ELEMENT} elements to rank ${rank}, which expects ` +
      `${block.length}; make the counts agree`,
  );
}
