import { ReproducibleSum } from "../reproducible-sum.js";
import type { TypedArray } from "../types.js";
import { bruckInto, ringAllgather } from "./allgather.js";
import { linear } from "./alltoall.js";
import { blockOf, type Blocks, inOrder, stripes } from "./blocks.js";
import { copyInto, like } from "./buffers.js";
import { gatherBlocks } from "./gather.js";
import type { Party } from "./party.js";

/** Up to so many bytes of all ranks together, every rank adds up everything by itself. */
const GATHER_BYTES = 64 * 1024;

type Floats = Float64Array | Float32Array;

export function isFloats(x: TypedArray): x is Floats {
  return x instanceof Float64Array || x instanceof Float32Array;
}

/**
 * Reproducible sums: every element is the exact sum over all ranks, rounded once, so that neither the number of ranks
 * nor any order shows in the bits. That takes all terms of an element in one place, and no more bytes than a plain
 * allreduce: short vectors are collected on every rank; of long ones each rank collects a block, adds it up, and hands
 * it on. Instead of one addition per term there are three that keep their errors.
 *
 * @see Ahrens, Demmel & Nguyen, ACM Trans. Math. Softw. 46(3), 2020, doi:10.1145/3389360
 */
export async function exactAllreduce(party: Party, x: TypedArray): Promise<void> {
  const { size } = party;
  if (x.byteLength * size <= GATHER_BYTES) return exactSums(await collectAll(party, x), x);
  const blocks = stripes(x.length, size);
  await exactReduceScatter(party, x, blocks);
  await ringAllgather(party, x, blocks);
}

/** Leaves the sums of block `rank` in block `rank` of `x`. */
export async function exactReduceScatter(party: Party, x: TypedArray, blocks: Blocks): Promise<void> {
  const { rank, size } = party;
  const count = blocks.counts[rank];
  const terms = like(x, size * count);
  const places = inOrder(Array.from({ length: size }, () => count));
  await linear(party, x, blocks, terms, places);
  exactSums(
    places.counts.map((_, source) => blockOf(terms, places, source)),
    blockOf(x, blocks, rank),
  );
}

/** The sums at the root; overwrites `x` everywhere. */
export async function exactReduce(party: Party, x: TypedArray, root: number): Promise<void> {
  const blocks = stripes(x.length, party.size);
  await exactReduceScatter(party, x, blocks);
  await gatherBlocks(party, x, blocks, root);
}

/** Inclusive prefix sums in place, and the exclusive ones; every rank collects the vectors of all. */
export async function exactScan<A extends TypedArray>(party: Party, x: A): Promise<A | undefined> {
  const { rank } = party;
  const terms = await collectAll(party, x);
  exactSums(terms.slice(0, rank + 1), x);
  if (rank === 0) return undefined;
  const before = like(x);
  exactSums(terms.slice(0, rank), before);
  return before;
}

async function collectAll(party: Party, x: TypedArray): Promise<TypedArray[]> {
  const { rank, size } = party;
  const places = inOrder(Array.from({ length: size }, () => x.length));
  const all = like(x, size * x.length);
  copyInto(blockOf(all, places, rank), x);
  await bruckInto(party, all, places);
  return places.counts.map((_, source) => blockOf(all, places, source));
}

/** out[i] ← Σ terms[k][i], exact and rounded once. Local. `out` may be one of the terms. */
export function exactSums(terms: readonly TypedArray[], out: TypedArray): void {
  if (!isFloats(out)) throw new TypeError("exactSums: sums of floating-point numbers only");
  if (terms.length === 1) {
    const [x] = terms as readonly Floats[];
    for (let i = 0; i < out.length; i++) out[i] = x[i] + 0;
  } else if (terms.length === 2) {
    const [x, y] = terms as readonly Floats[];
    for (let i = 0; i < out.length; i++) out[i] = x[i] + y[i] + 0; // one rounding; −0 becomes +0
  } else {
    const column = new Float64Array(terms.length);
    for (let i = 0; i < out.length; i++) {
      for (let k = 0; k < column.length; k++) column[k] = (terms[k] as Floats)[i];
      out[i] = exactSum(column);
    }
  }
}

/**
 * The exact sum of some numbers, rounded once. Local. Sum, errors of the sum and errors of those are kept apart; if
 * the last ones are zero, or do not round in turn, the three together are exact. Else a superaccumulator takes over.
 *
 * @see Ogita, Rump & Oishi, SIAM J. Sci. Comput. 26(6), 2005, doi:10.1137/030601818
 */
export function exactSum(terms: Float64Array): number {
  let sum = terms[0];
  let error = 0;
  let fine = 0;
  let exact = true;
  for (let k = 1; k < terms.length; k++) {
    const x = terms[k];
    const s = sum + x;
    const xs = s - sum;
    const lost = sum - (s - xs) + (x - xs);
    sum = s;
    const e = error + lost;
    const ls = e - error;
    const lostAgain = error - (e - ls) + (lost - ls);
    error = e;
    const f = fine + lostAgain;
    const fs = f - fine;
    if (fine - (f - fs) + (lostAgain - fs) !== 0) exact = false; // also when there is an Infinity or NaN
    fine = f;
  }
  if (exact && fine === 0) return sum + error + 0;
  return exact ? roundOnce(sum, error, fine) : new ReproducibleSum().add(terms).value;
}

/** Rounds a + b + c, of any magnitudes, to the nearest double. */
function roundOnce(a: number, b: number, c: number): number {
  for (let moved = true; moved;) {
    const s = a + b;
    const bs = s - a;
    const rest = a - (s - bs) + (b - bs);
    const t = rest + c;
    const cs = t - rest;
    const last = rest - (t - cs) + (c - cs);
    moved = s !== a || t !== b || last !== c;
    [a, b, c] = [s, t, last];
  }
  // A tie between two doubles was rounded to the even one; what is below may point to the other.
  if (c !== 0 && c > 0 === b > 0) {
    const next = a + 2 * b;
    if (next - a === 2 * b) return next;
  }
  return a + 0;
}
