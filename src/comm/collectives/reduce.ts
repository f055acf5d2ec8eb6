import { pack } from "../envelope.js";
import { combine } from "../operations.js";
import type { OpName, TypedArray } from "../types.js";
import type { Call } from "./call.js";
import { copyInto } from "./gather.js";

/**
 * Reduces elementwise over all ranks; the result is at the root. Collective.
 *
 * Binomial tree, ranks counted from the root: ⌈log₂ size⌉ rounds of the whole vector.
 *
 * @param x - This rank's contribution, overwritten by partial results.
 * @param into - Where the root wants the result; may be `x`.
 */
export async function reduce(
  call: Call,
  x: TypedArray,
  op: OpName,
  root: number,
  into?: TypedArray,
): Promise<void> {
  const { rank, size } = call;
  const virtual = (rank - root + size) % size;
  const incoming = size > 1 ? x.slice() : x;
  for (let distance = 1; distance < size; distance *= 2) {
    if (virtual % (2 * distance) !== 0) {
      await call.send(pack(x), (virtual - distance + root) % size);
      return;
    }
    if (virtual + distance >= size) continue;
    await call.receive((virtual + distance + root) % size, incoming);
    combine(op, x, incoming);
  }
  if (into !== undefined) copyInto(into, x);
}
