import { isTypedArray, pack } from "../envelope.js";
import type { TypedArray } from "../types.js";
import { blockOf, type Blocks } from "./blocks.js";
import type { Call } from "./call.js";
import { copyInto } from "./gather.js";

/**
 * Gives rank i the root's value i. Collective.
 *
 * Linear: the root sends size − 1 messages, all at once.
 */
export async function scatter(
  call: Call,
  values: readonly unknown[] | undefined,
  root: number,
): Promise<unknown> {
  const { rank } = call;
  if (rank !== root || values === undefined) return call.receive(root);
  const others = values.map((value, dest) => ({ value, dest })).filter(({ dest }) => dest !== rank);
  const sends = others.map(({ value, dest }) => call.send(pack(value), dest));
  await Promise.all(sends);
  const own = values[rank];
  return isTypedArray(own) ? own.slice() : own;
}

/** The same from blocks of one buffer, into a buffer as long as this rank's block. */
export async function scatterInto(
  call: Call,
  root: number,
  into: TypedArray,
  values?: TypedArray,
  blocks?: Blocks,
): Promise<void> {
  const { rank, size } = call;
  if (rank !== root || values === undefined || blocks === undefined) {
    const receive = call.receive(root, into);
    await receive;
    if (receive.status?.count === into.length) return;
    throw new RangeError(
      `scatter: root ${root} sends ${receive.status?.count} elements to rank ${rank}, whose into has ${into.length}; use equal lengths`,
    );
  }
  const sends = [];
  for (let dest = 0; dest < size; dest++) {
    if (dest !== rank) sends.push(call.send(pack(blockOf(values, blocks, dest)), dest));
  }
  copyInto(into, blockOf(values, blocks, rank));
  for (const send of sends) await send;
}
