import { pack } from "../envelope.js";
import { combine } from "../operations.js";
import type { OpName, TypedArray } from "../types.js";
import { choose } from "./algorithms.js";
import { copyInto, like } from "./buffers.js";
import type { Call } from "./call.js";
import { exactScan } from "./exact.js";
import { nativeFor } from "./native.js";
import type { Party } from "./party.js";

/** From here on, a chain's size − 1 rounds of one vector cost less than ⌈log₂ size⌉ of one on all ranks at once. */
const CHAIN_BYTES = 4 * 1024 * 1024;

export const SCAN = { "recursive-doubling": recursiveDoubling, chain };

/** Inclusive prefix reduction in place: rank r gets x₀ ∘ … ∘ xᵣ. Collective. */
export async function scan(call: Call, x: TypedArray, op: OpName): Promise<void> {
  const native = nativeFor(call, { name: "scan", x, op });
  await (native?.() ?? prefixes(call, x, op));
}

/**
 * Exclusive prefix reduction. Collective.
 *
 * @param x - This rank's contribution; overwritten.
 * @returns x₀ ∘ … ∘ xᵣ₋₁, `undefined` on rank 0.
 */
export async function exscan<A extends TypedArray>(call: Call, x: A, op: OpName): Promise<A | undefined> {
  const native = nativeFor(call, { name: "exscan", x, op });
  if (native === undefined) return prefixes(call, x, op);
  await native();
  return call.rank === 0 ? undefined : x;
}

/** Leaves the inclusive prefix in `x` and returns the exclusive one. */
async function prefixes<A extends TypedArray>(call: Call, x: A, op: OpName): Promise<A | undefined> {
  if (call.reproducible) return exactScan(call, x);
  const rule = () => (x.byteLength < CHAIN_BYTES || call.size <= 2 ? "recursive-doubling" : "chain");
  const algorithm = choose(call, "scan", SCAN, rule, x.byteLength);
  return algorithm(call, x, op);
}

/**
 * ⌈log₂ size⌉ rounds of the whole vector.
 *
 * @see Hillis & Steele, Commun. ACM 29(12), 1986, doi:10.1145/7902.7903
 */
async function recursiveDoubling<A extends TypedArray>(
  party: Party,
  x: A,
  op: OpName,
): Promise<A | undefined> {
  const { rank, size } = party;
  // Invariant: x reduces ranks rank − distance + 1 … rank (those there are), `before` the same without this rank.
  let before: A | undefined;
  let out: A | undefined;
  for (let distance = 1; distance < size; distance *= 2) {
    let told;
    if (rank + distance < size) {
      out ??= like(x);
      copyInto(out, x);
      told = party.send(pack(out), rank + distance);
    }
    if (rank >= distance) {
      const incoming = like(x);
      await party.receive(rank - distance, incoming);
      combine(op, x, incoming);
      if (before === undefined) before = incoming;
      else combine(op, before, incoming);
    }
    await told;
  }
  return before;
}

/** From rank to rank: size − 1 rounds, but each rank sends and combines the vector once. */
async function chain<A extends TypedArray>(party: Party, x: A, op: OpName): Promise<A | undefined> {
  const { rank, size } = party;
  const before = rank > 0 ? like(x) : undefined;
  if (before !== undefined) {
    await party.receive(rank - 1, before);
    combine(op, x, before);
  }
  if (rank < size - 1) await party.send(pack(x), rank + 1);
  return before;
}
