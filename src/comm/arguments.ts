import { identical, overlap } from "./collectives/buffers.js";
import type { Call } from "./collectives/call.js";
import { isOperation, OPERATION_NAMES, unitOf, unsuited } from "./operations.js";
import { shown, suggest } from "../options.js";
import { type OpName, PROC_NULL, TAG_UB, type TypedArray } from "./types.js";

/** Where an argument is checked: errors name the rank and the communicator. */
interface Place {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
}

/** A rank of the communicator, or PROC_NULL. */
export function checkRank(comm: Place, where: string, argument: string, rank: number): void {
  if (rank === PROC_NULL || (Number.isInteger(rank) && rank >= 0 && rank < comm.size)) return;
  throw new RangeError(
    `${where}: ${argument} ${shown(rank)} on rank ${comm.rank} is not a rank of "${comm.name}", which has ${comm.size}`,
  );
}

export function checkRoot(call: Call, root: number): void {
  const comm = call.members;
  if (Number.isInteger(root) && root >= 0 && root < comm.size) return;
  const name = call.describe();
  throw new RangeError(
    `${name}: root ${shown(root)} on rank ${comm.rank} is not a rank of "${comm.name}", which has ${comm.size}`,
  );
}

export function checkTag(comm: Place, where: string, tag: number): void {
  if (Number.isInteger(tag) && tag >= 0 && tag <= TAG_UB) return;
  throw new RangeError(
    `${where}: tag ${shown(tag)} on rank ${comm.rank} is not an integer from 0 to ${TAG_UB}`,
  );
}

export function checkTimeout(comm: Place, where: string, timeoutMs: number): void {
  if (typeof timeoutMs === "number" && timeoutMs >= 0) return;
  throw new RangeError(
    `${where}: timeoutMs ${shown(timeoutMs)} on rank ${comm.rank} is no time; use milliseconds from 0, or Infinity`,
  );
}

export function checkBytes(comm: Place, where: string, argument: string, bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return;
  throw new RangeError(
    `${where}: ${argument} ${shown(bytes)} on rank ${comm.rank} is no number of bytes; use an integer from 0`,
  );
}

export function checkOp(comm: Place, where: string, op: OpName, array: TypedArray): void {
  const reason = unsuited(op, array);
  if (reason !== undefined) throw new TypeError(`${where}: ${reason} (rank ${comm.rank})`);
}

/** @throws {TypeError} Unless `op` names a reduction, or is one of the user's own. */
export function checkReduction(where: string, op: unknown): void {
  if (typeof op === "string" ? isOperation(op) : typeof op === "function" || isUserOp(op)) return;
  const known =
    typeof op === "string" ? suggest(op, OPERATION_NAMES) : `use one of ${OPERATION_NAMES.join(", ")}`;
  throw new TypeError(
    `${where}: op ${shown(op)} is no reduction; ${known}, or pass (earlier, later) => … or { name, commute, combine }`,
  );
}

function isUserOp(op: unknown): boolean {
  return (
    typeof op === "object" &&
    op !== null &&
    "combine" in op &&
    typeof op.combine === "function" &&
    "name" in op
  );
}

/** No block of a reduction ends within what belongs together. */
export function checkWhole(where: string, op: OpName, counts: readonly number[]): void {
  const odd = counts.findIndex((count) => count % unitOf(op) !== 0);
  if (odd < 0) return;
  throw new RangeError(
    `${where}: "${op}" reduces pairs, and block ${odd} has ${counts[odd]} elements; make it even`,
  );
}

/** The two buffers of a call are apart: what is received must not overwrite what is still to be sent. */
export function checkApart(comm: Place, where: string, value: TypedArray, into: TypedArray): void {
  if (!overlap(value, into)) return;
  throw new RangeError(
    `${where}: into (bytes ${bounds(into)}) overlaps the value (bytes ${bounds(value)} of the same memory) on rank ${comm.rank}; ` +
      "use the very same array, or another buffer",
  );
}

function bounds({ byteOffset, byteLength }: TypedArray): string {
  return `${byteOffset} to ${byteOffset + byteLength}`;
}

/** Equal types and lengths, and the very same memory or none in common. */
export function checkInto(comm: Place, where: string, value: TypedArray, into: TypedArray): void {
  if (into.constructor === value.constructor && into.length === value.length) {
    if (!identical(value, into)) checkApart(comm, where, value, into);
    return;
  }
  throw new RangeError(
    `${where}: value is ${value.constructor.name}(${value.length}) and into is ${into.constructor.name}(${into.length}) on rank ` +
      `${comm.rank}; use equal types and lengths`,
  );
}

export function perRank(comm: Place, where: string, values: unknown): readonly unknown[] {
  if (Array.isArray(values) && values.length === comm.size) return values;
  const cut = ArrayBuffer.isView(values)
    ? "; to cut a typed array into blocks, pass { into } on every rank"
    : "";
  throw new RangeError(
    `${where}: rank ${comm.rank} passes ${describe(values)}, not an array of ${comm.size} values, one per rank${cut}`,
  );
}

/** A value in an error message. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" || typeof value === "function" ? shown(value) : typeof value;
}
