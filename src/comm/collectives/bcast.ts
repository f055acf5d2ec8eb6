import { pack } from "../envelope.js";
import type { TypedArray } from "../types.js";
import type { Call } from "./call.js";

/**
 * Gives every rank the root's value. Collective.
 *
 * Binomial tree: ⌈log₂ size⌉ rounds; ranks are counted from the root, and rank r gets the value from r without its
 * highest bit. It suits short messages; long ones go through it whole.
 *
 * @param value - The value at the root; ignored elsewhere.
 * @param into - Where other ranks want the value; exactly as long.
 */
export async function bcast(call: Call, value: unknown, root: number, into?: TypedArray): Promise<unknown> {
  const { rank, size } = call;
  const virtual = (rank - root + size) % size;
  let distance = 1;
  while (distance <= virtual) distance *= 2; // first power of two above this rank: it sends from there on
  if (virtual > 0) {
    const receive = call.receive((virtual - distance / 2 + root) % size, into);
    value = await receive;
    const count = receive.status?.count ?? 0;
    if (into !== undefined && count !== into.length) {
      throw new RangeError(
        `bcast: root ${root} sends ${count} elements, into of rank ${rank} has ${into.length}; use equal lengths`,
      );
    }
  }
  const packed = pack(value);
  const sends = [];
  for (; virtual + distance < size; distance *= 2)
    sends.push(call.send(packed, (virtual + distance + root) % size));
  for (const send of sends) await send;
  return value;
}
