import { isTypedArray, pack } from "../envelope.js";
import type { TypedArray } from "../types.js";
import { blockOf, type Blocks } from "./blocks.js";
import type { Call } from "./call.js";
import { copyInto } from "./gather.js";

/**
 * Sends value i to rank i, and collects what every rank sent to this one. Collective.
 *
 * Direct: all receives are posted, then size − 1 messages sent, starting with the next rank so that no rank is
 * everybody's first.
 */
export async function alltoall(call: Call, values: readonly unknown[]): Promise<unknown[]> {
  const { rank, size } = call;
  const own = values[rank];
  const receives = Array.from({ length: size }, (_, source) =>
    source === rank ? (isTypedArray(own) ? own.slice() : own) : call.receive(source),
  );
  const sends = [];
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(call.send(pack(values[dest]), dest));
  }
  await Promise.all(sends);
  return Promise.all(receives);
}

/** The same between blocks of two buffers, which must not overlap. */
export async function alltoallInto(
  call: Call,
  values: TypedArray,
  blocks: Blocks,
  into: TypedArray,
  intoBlocks: Blocks,
): Promise<void> {
  const { rank, size } = call;
  const receives = [];
  for (let step = 1; step < size; step++) {
    const source = (rank - step + size) % size;
    const block = blockOf(into, intoBlocks, source);
    receives.push({ source, block, receive: call.receive(source, block) });
  }
  const sends = [];
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    sends.push(call.send(pack(blockOf(values, blocks, dest)), dest));
  }
  copyInto(blockOf(into, intoBlocks, rank), blockOf(values, blocks, rank));
  for (const send of sends) await send;
  for (const { source, block, receive } of receives) {
    await receive;
    const count = receive.status?.count ?? 0;
    if (count === block.length) continue;
    throw new RangeError(
      `alltoall: rank ${source} sends ${count} elements to rank ${rank}, which expects ${block.length}; make the counts agree`,
    );
  }
}
