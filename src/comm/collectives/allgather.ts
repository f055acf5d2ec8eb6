import { isTypedArray, pack } from "../envelope.js";
import type { TypedArray } from "../types.js";
import { blockOf, type Blocks } from "./blocks.js";
import type { Call } from "./call.js";
import { copyInto } from "./gather.js";

/**
 * Collects one value per rank on every rank, in rank order. Collective.
 *
 * Ring: in each of size − 1 rounds every rank passes on what it got in the round before.
 */
export async function allgather(call: Call, value: unknown): Promise<unknown[]> {
  const { rank, size } = call;
  const values: unknown[] = Array.from({ length: size });
  values[rank] = isTypedArray(value) ? value.slice() : value;
  for (let step = 0; step < size - 1; step++) {
    const receive = call.receive((rank - 1 + size) % size);
    await call.send(pack(values[(rank - step + size) % size]), (rank + 1) % size);
    values[(rank - step - 1 + size) % size] = await receive;
  }
  return values;
}

/** The same into blocks of one buffer; block `rank` may already hold this rank's value. */
export async function allgatherInto(
  call: Call,
  value: TypedArray,
  into: TypedArray,
  blocks: Blocks,
): Promise<void> {
  const { rank, size } = call;
  copyInto(blockOf(into, blocks, rank), value);
  for (let step = 0; step < size - 1; step++) {
    const receive = call.receive(
      (rank - 1 + size) % size,
      blockOf(into, blocks, (rank - step - 1 + size) % size),
    );
    await call.send(pack(blockOf(into, blocks, (rank - step + size) % size)), (rank + 1) % size);
    await receive;
  }
}
