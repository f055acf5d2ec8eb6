import type { OpName, TypedArray } from "../types.js";
import { allreduce } from "./allreduce.js";
import { blockOf, type Blocks } from "./blocks.js";
import type { Call } from "./call.js";
import { copyInto } from "./gather.js";

/**
 * Reduces elementwise over all ranks and leaves block `rank` of the result here. Collective.
 *
 * An allreduce of the whole vector, then the block: the same bits as `allreduce`, at its cost.
 *
 * @param x - This rank's contribution to all blocks; overwritten.
 */
export async function reduceScatter(
  call: Call,
  x: TypedArray,
  op: OpName,
  blocks: Blocks,
  into: TypedArray,
): Promise<void> {
  await allreduce(call, x, op);
  copyInto(into, blockOf(x, blocks, call.rank));
}
