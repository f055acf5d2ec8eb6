import { isTypedArray, pack } from "../envelope.js";
import type { TypedArray } from "../types.js";
import { blockOf, type Blocks } from "./blocks.js";
import type { Call } from "./call.js";

/**
 * Collects one value per rank at the root, in rank order. Collective.
 *
 * Linear: every rank sends once, the root receives size − 1 messages, all posted at once.
 *
 * @returns The values at the root, `undefined` elsewhere.
 */
export async function gather(call: Call, value: unknown, root: number): Promise<unknown[] | undefined> {
  const { rank, size } = call;
  if (rank !== root) {
    await call.send(pack(value), root);
    return undefined;
  }
  const own = isTypedArray(value) ? value.slice() : value;
  const receives = Array.from({ length: size }, (_, source) =>
    source === rank ? own : call.receive(source),
  );
  return Promise.all(receives);
}

/** The same into blocks of one buffer; block `rank` may already hold this rank's value. */
export async function gatherInto(
  call: Call,
  value: TypedArray,
  root: number,
  into?: TypedArray,
  blocks?: Blocks,
): Promise<void> {
  const { rank, size } = call;
  if (rank !== root || into === undefined || blocks === undefined) {
    await call.send(pack(value), root);
    return;
  }
  const receives = [];
  for (let source = 0; source < size; source++) {
    if (source !== rank) receives.push(call.receive(source, blockOf(into, blocks, source)));
  }
  copyInto(blockOf(into, blocks, rank), value);
  for (const receive of receives) await receive;
}

/** Copies a block between arrays of one type; nothing to do if it is already in place. */
export function copyInto(target: TypedArray, source: TypedArray): void {
  if (target.buffer === source.buffer && target.byteOffset === source.byteOffset) return;
  if (target instanceof BigInt64Array || target instanceof BigUint64Array) {
    if (source instanceof BigInt64Array || source instanceof BigUint64Array) target.set(source);
  } else if (!(source instanceof BigInt64Array || source instanceof BigUint64Array)) target.set(source);
}
