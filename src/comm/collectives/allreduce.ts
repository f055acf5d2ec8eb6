import { pack } from "../envelope.js";
import { combine } from "../operations.js";
import type { OpName, TypedArray } from "../types.js";
import type { Call } from "./call.js";

/** Above this, the ring's 2 (size − 1) short messages cost less than log₂ size whole ones. */
const RING_BYTES = 256 * 1024;

/**
 * Reduces `x` elementwise over all ranks, in place. Collective; every rank gets the same bits.
 *
 * @param x - This rank's contribution, equal length and type on every rank; overwritten by the result.
 */
export async function allreduce(call: Call, x: TypedArray, op: OpName): Promise<void> {
  if (call.size === 1) return;
  if (x.byteLength > RING_BYTES && x.length >= call.size) return ring(call, x, op);
  return recursiveDoubling(call, x, op);
}

/**
 * ⌊log₂ size⌋ rounds, and two more when `size` is not a power of two, each moving the whole vector.
 *
 * @see Thakur, Rabenseifner & Gropp, IJHPCA 19(1), 2005, doi:10.1177/1094342005051521
 */
async function recursiveDoubling(call: Call, x: TypedArray, op: OpName): Promise<void> {
  const { rank, size } = call;
  const core = 2 ** (31 - Math.clz32(size)); // largest power of two ≤ size
  if (rank >= core) {
    await call.send(pack(x), rank - core); // a guest lends its data to a core rank …
    await call.receive(rank - core, x); // … and gets the result back
    return;
  }
  const incoming = x.slice();
  const guest = rank + core;
  if (guest < size) {
    await call.receive(guest, incoming);
    combine(op, x, incoming);
  }
  // Invariant: x is the reduction over this rank's block of `distance` core ranks and their guests. Partners combine
  // the same two values, and every operation commutes bit for bit: identical bits everywhere.
  for (let distance = 1; distance < core; distance *= 2) {
    const receive = call.receive(rank ^ distance, incoming);
    await call.send(pack(x), rank ^ distance);
    await receive;
    combine(op, x, incoming);
  }
  if (guest < size) await call.send(pack(x), guest);
}

/**
 * The vector in `size` blocks: `size` − 1 rounds pass partial sums around the ring until each rank holds one block
 * reduced over all, `size` − 1 more pass these on. Each rank sends 2 (size − 1) / size of the vector.
 *
 * @see Patarasuk & Yuan, J. Parallel Distrib. Comput. 69(2), 2009, doi:10.1016/j.jpdc.2008.09.002
 */
async function ring(call: Call, x: TypedArray, op: OpName): Promise<void> {
  const { rank, size } = call;
  const next = (rank + 1) % size;
  const previous = (rank - 1 + size) % size;
  const start = (i: number): number => Math.floor((x.length * i) / size);
  const block = (i: number): TypedArray =>
    x.subarray(start((i + size) % size), start(((i + size) % size) + 1));
  const incoming = x.slice(0, Math.ceil(x.length / size));
  for (let step = 0; step < size - 1; step++) {
    const into = block(rank - step - 1);
    const part = incoming.subarray(0, into.length);
    const receive = call.receive(previous, part);
    await call.send(pack(block(rank - step)), next);
    await receive;
    combine(op, into, part);
  }
  for (let step = 0; step < size - 1; step++) {
    const receive = call.receive(previous, block(rank - step));
    await call.send(pack(block(rank - step + 1)), next);
    await receive;
  }
}
