import { isTypedArray, pack } from "../envelope.js";
import type { TypedArray } from "../types.js";
import { choose } from "./algorithms.js";
import { blockOf, type Blocks, collect, inOrder, pick, spread, total } from "./blocks.js";
import { copyInto, like, part } from "./buffers.js";
import { bundle, type Item, unbundle, valueOf } from "./bundle.js";
import type { Call } from "./call.js";
import { hostPlan, leaderParty } from "./hosts.js";
import { nativeFor } from "./native.js";
import { exchange, type Party, Subset } from "./party.js";
import { Team } from "./team.js";

/**
 * Above this result, a ring's size − 1 rounds cost less than the copies of the other algorithms.
 *
 *     bytes  hosts        bruck  ring  hierarchical  ring by host
 *     64 K   2, loopback    531   426           302           348
 *     512 K  2, loopback   1484  1154          1285          1349
 *     2 M    2, loopback   6688  2740          5034          2726
 *
 * In µs, measured as in allreduce.ts.
 */
const RING_BYTES = 512 * 1024;

/** Between blocks of a buffer. Every rank knows their lengths. */
export const ALLGATHER = { bruck: bruckInto, ring: ringAllgather, hierarchical, "host-ring": hostRing };

function rule(call: Call, x: TypedArray, blocks: Blocks): keyof typeof ALLGATHER {
  const large = bytesOf(x, blocks) > RING_BYTES;
  if (hostPlan(call).pays) return large ? "host-ring" : "hierarchical";
  return large && call.size > 2 ? "ring" : "bruck";
}

function bytesOf(x: TypedArray, blocks: Blocks): number {
  return total(blocks.counts) * x.BYTES_PER_ELEMENT;
}

/**
 * Collects one value per rank on every rank, in rank order. Collective. No rank knows how long the others' values are.
 *
 * Bruck's algorithm on bundles of values: ⌈log₂ size⌉ rounds.
 */
export async function allgather(call: Call, value: unknown): Promise<unknown[]> {
  const { rank, size } = call;
  const own = isTypedArray(value) ? value.slice() : value;
  // held[i] is the value of rank + i.
  const held: Item[] = [{ rank, packed: pack(value) }];
  for (let distance = 1; distance < size; distance *= 2) {
    const count = Math.min(distance, size - distance);
    const receive = call.receive((rank + distance) % size);
    await call.send(pack(bundle(held.slice(0, count))), (rank - distance + size) % size);
    held.push(...unbundle((await receive) as Uint8Array));
  }
  const values: unknown[] = [];
  for (const item of held) values[item.rank] = item.rank === rank ? own : valueOf(item);
  return values;
}

/** The same into blocks of one buffer; block `rank` may already hold this rank's value. */
export async function allgatherInto(
  call: Call,
  value: TypedArray,
  into: TypedArray,
  blocks: Blocks,
): Promise<void> {
  copyInto(blockOf(into, blocks, call.rank), value);
  const native = nativeFor(call, { name: "allgather", x: into, ...blocks });
  await (native?.() ??
    choose(
      call,
      "allgather",
      ALLGATHER,
      () => rule(call, into, blocks),
      bytesOf(into, blocks),
    )(call, into, blocks));
}

/**
 * In round k every rank sends the 2ᵏ blocks that it has to the rank 2ᵏ below, and gets as many from above: ⌈log₂ size⌉
 * rounds, for any size; a copy of everything at the end.
 *
 * @see Bruck, Ho, Kipnis, Upfal & Weathersby, IEEE TPDS 8(11), 1997, doi:10.1109/71.642949
 */
export async function bruckInto(party: Party, into: TypedArray, blocks: Blocks): Promise<void> {
  const { rank, size } = party;
  const order = Array.from({ length: size }, (_, i) => (rank + i) % size);
  const rotated = inOrder(order.map((other) => blocks.counts[other]));
  const held = like(into, total(rotated.counts));
  copyInto(part(held, 0, blocks.counts[rank]), blockOf(into, blocks, rank));
  const end = (count: number): number => (count === size ? held.length : rotated.displs[count]);
  for (let distance = 1; distance < size; distance *= 2) {
    const count = Math.min(distance, size - distance);
    await exchange(
      party,
      part(held, 0, end(count)),
      (rank - distance + size) % size,
      part(held, end(distance), end(distance + count)),
      (rank + distance) % size,
    );
  }
  spread(part(held, end(1), end(size)), into, blocks, order.slice(1));
}

/** In each of size − 1 rounds every rank passes on the block that it got in the round before. */
export async function ringAllgather(party: Party, into: TypedArray, blocks: Blocks): Promise<void> {
  const { rank, size } = party;
  for (let step = 0; step < size - 1; step++) {
    await exchange(
      party,
      blockOf(into, blocks, (rank - step + size) % size),
      (rank + 1) % size,
      blockOf(into, blocks, (rank - step - 1 + size) % size),
      (rank - 1 + size) % size,
    );
  }
}

/** The ring goes through all ranks of one host, then on to the next host: every block reaches every host once. */
async function hostRing(call: Call, into: TypedArray, blocks: Blocks): Promise<void> {
  const { byHost } = hostPlan(call);
  await ringAllgather(new Subset(call, byHost), into, pick(blocks, byHost));
}

/** Leaders collect from their hosts, exchange, and hand everything on: ⌈log₂ hosts⌉ messages a host between hosts. */
async function hierarchical(call: Call, into: TypedArray, blocks: Blocks): Promise<void> {
  const plan = hostPlan(call);
  const team = new Team(call);
  const leaders = leaderParty(call, plan);
  await team.gather(into, pick(blocks, plan.hosts[plan.host]));
  const counts = plan.hosts.map((ranks) => total(ranks.map((rank) => blocks.counts[rank])));
  const whole = like(into, total(counts)); // host by host
  const bounds = inOrder(counts);
  if (leaders !== undefined) {
    copyInto(blockOf(whole, bounds, plan.host), collect(into, blocks, plan.hosts[plan.host]));
    await bruckInto(leaders, whole, bounds);
  }
  await team.bcast(whole);
  spread(whole, into, blocks, plan.byHost);
}
