import { pack } from "../envelope.js";
import { combine } from "../operations.js";
import type { OpName, TypedArray } from "../types.js";
import type { Call } from "./call.js";

/**
 * Inclusive prefix reduction in place: rank r gets x₀ ∘ … ∘ xᵣ. Collective.
 *
 * Recursive doubling: ⌈log₂ size⌉ rounds of the whole vector.
 *
 * @returns The exclusive prefix x₀ ∘ … ∘ xᵣ₋₁, `undefined` on rank 0.
 * @see Hillis & Steele, Commun. ACM 29(12), 1986, doi:10.1145/7902.7903
 */
export async function scan<A extends TypedArray>(call: Call, x: A, op: OpName): Promise<A | undefined> {
  const { rank, size } = call;
  // Invariant: x reduces ranks rank − distance + 1 … rank (those there are), `before` the same without this rank.
  let before: A | undefined;
  for (let distance = 1; distance < size; distance *= 2) {
    const told = rank + distance < size ? call.send(pack(x.slice()), rank + distance) : undefined;
    if (rank >= distance) {
      // A received copy of A is an A; the envelope's element type has been compared.
      const incoming = (await call.receive(rank - distance)) as A;
      combine(op, x, incoming);
      if (before === undefined) before = incoming;
      else combine(op, before, incoming);
    }
    await told;
  }
  return before;
}
