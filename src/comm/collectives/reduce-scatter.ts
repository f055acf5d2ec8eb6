import { pack } from "../envelope.js";
import { combine } from "../operations.js";
import type { OpName, TypedArray } from "../types.js";
import { choose } from "./algorithms.js";
import { blockOf, type Blocks, collect, inOrder, pick, span, total } from "./blocks.js";
import { copyInto, like, part } from "./buffers.js";
import type { Call } from "./call.js";
import { exactReduceScatter } from "./exact.js";
import { hostPlan, leaderParty } from "./hosts.js";
import { nativeFor } from "./native.js";
import { exchange, type Party, powerOfTwo, Subset } from "./party.js";
import { Team } from "./team.js";

/** Above this, size − 1 rounds that move only what is needed cost less than halving's copies of everything. */
const RING_BYTES = 512 * 1024;

/**
 * The same between hosts.
 *
 *     bytes  hosts        best flat  hierarchical  ring by host
 *     64 K   2, loopback        437           470           323
 *     64 K   2, network         578           861           988
 *     64 K   3, network        1899          2211          3066
 *     512 K  2, loopback       1708          2501          1560
 *
 * In µs, measured as in allreduce.ts.
 */
const HOST_RING_BYTES = 128 * 1024;

export const REDUCE_SCATTER = {
  "recursive-halving": recursiveHalving,
  pairwise,
  ring: ringReduceScatter,
  hierarchical,
  "host-ring": hostRing,
};

function rule(call: Call, { byteLength }: TypedArray): keyof typeof REDUCE_SCATTER {
  if (hostPlan(call).pays) return byteLength > HOST_RING_BYTES ? "host-ring" : "hierarchical";
  return byteLength > RING_BYTES && call.size > 2 ? "ring" : "recursive-halving";
}

/**
 * Reduces elementwise over all ranks and leaves block `rank` of the result here. Collective.
 *
 * @param x - This rank's contribution to all blocks, which follow each other; overwritten.
 */
export async function reduceScatter(
  call: Call,
  x: TypedArray,
  op: OpName,
  blocks: Blocks,
  into: TypedArray,
): Promise<void> {
  const native = nativeFor(call, { name: "reduceScatter", x, into, op, counts: blocks.counts });
  if (native !== undefined) return native();
  if (call.reproducible) await exactReduceScatter(call, x, blocks);
  else if (call.size > 1)
    await choose(
      call,
      "reduceScatter",
      REDUCE_SCATTER,
      () => rule(call, x),
      x.byteLength,
    )(call, x, blocks, op);
  copyInto(into, blockOf(x, blocks, call.rank));
}

/**
 * Partners exchange halves of what they still hold, over shorter and shorter distances: ⌊log₂ size⌋ rounds,
 * (size − 1) / size of the vector. When `size` is not a power of two, the first ranks pair up, and one of each pair
 * lends its data to the other: two rounds more.
 *
 * @see Thakur, Rabenseifner & Gropp, IJHPCA 19(1), 2005, doi:10.1177/1094342005051521
 */
async function recursiveHalving(party: Party, x: TypedArray, blocks: Blocks, op: OpName): Promise<void> {
  const { rank, size } = party;
  const core = powerOfTwo(size);
  const pairs = size - core;
  const paired = rank < 2 * pairs;
  if (paired && rank % 2 === 1) {
    await party.send(pack(x), rank - 1);
    await party.receive(rank - 1, blockOf(x, blocks, rank));
    return;
  }
  const incoming = like(x);
  if (paired) {
    await party.receive(rank + 1, incoming);
    combine(op, x, incoming);
  }
  // Core rank i stands for the pair 2i, 2i + 1, or for one rank.
  const firstOf = (i: number): number => (i < pairs ? 2 * i : i + pairs);
  const me = paired ? rank / 2 : rank - pairs;
  let [first, end] = [0, core];
  for (let distance = core / 2; distance >= 1; distance /= 2) {
    const middle = (first + end) / 2;
    const upper = (me & distance) !== 0;
    const [outFirst, outEnd] = upper ? [first, middle] : [middle, end];
    [first, end] = upper ? [middle, end] : [first, middle];
    const mine = span(x, blocks, firstOf(first), firstOf(end));
    const arrived = part(incoming, 0, mine.length);
    const partner = firstOf(me ^ distance);
    await exchange(party, span(x, blocks, firstOf(outFirst), firstOf(outEnd)), partner, arrived, partner);
    combine(op, mine, arrived);
  }
  if (paired) await party.send(pack(blockOf(x, blocks, rank + 1)), rank + 1);
}

/**
 * In round k every rank sends rank + k its block, and gets its own from rank − k: size − 1 rounds, (size − 1) / size
 * of the vector, no partial results pass through others.
 */
async function pairwise(party: Party, x: TypedArray, blocks: Blocks, op: OpName): Promise<void> {
  const { rank, size } = party;
  const mine = blockOf(x, blocks, rank);
  const incoming = like(mine);
  for (let step = 1; step < size; step++) {
    const dest = (rank + step) % size;
    await exchange(party, blockOf(x, blocks, dest), dest, incoming, (rank - step + size) % size);
    combine(op, mine, incoming);
  }
}

/**
 * Partial results go around the ring; block i starts at rank i + 1 and ends at rank i: size − 1 rounds, (size − 1) /
 * size of the vector, all to one neighbour.
 */
export async function ringReduceScatter(
  party: Party,
  x: TypedArray,
  blocks: Blocks,
  op: OpName,
): Promise<void> {
  const { rank, size } = party;
  const incoming = like(x, Math.max(0, ...blocks.counts));
  for (let step = 1; step < size; step++) {
    const into = blockOf(x, blocks, (rank - step - 1 + 2 * size) % size);
    const arrived = part(incoming, 0, into.length);
    await exchange(
      party,
      blockOf(x, blocks, (rank - step + size) % size),
      (rank + 1) % size,
      arrived,
      (rank - 1 + size) % size,
    );
    combine(op, into, arrived);
  }
}

/** The ring goes through all ranks of one host, then on to the next host: a block crosses between hosts once a host. */
async function hostRing(call: Call, x: TypedArray, blocks: Blocks, op: OpName): Promise<void> {
  const { byHost } = hostPlan(call);
  await ringReduceScatter(new Subset(call, byHost), x, pick(blocks, byHost), op);
}

/**
 * Each host reduces to its leader, the leaders reduce-scatter the blocks of hosts, each hands its ranks their blocks.
 * Ranks of a host are combined first: rounding may differ from that of the flat algorithms.
 */
async function hierarchical(call: Call, x: TypedArray, blocks: Blocks, op: OpName): Promise<void> {
  const plan = hostPlan(call);
  const team = new Team(call);
  await team.reduce(x, op);
  const leaders = leaderParty(call, plan);
  if (leaders !== undefined) {
    const bounds = inOrder(plan.hosts.map((ranks) => total(ranks.map((rank) => blocks.counts[rank]))));
    const byHost = collect(x, blocks, plan.byHost);
    await recursiveHalving(leaders, byHost, bounds, op);
    const own = blockOf(byHost, bounds, plan.host);
    let at = 0;
    for (const rank of plan.hosts[plan.host]) {
      copyInto(blockOf(x, blocks, rank), part(own, at, (at += blocks.counts[rank])));
    }
  }
  await team.scatter(x, pick(blocks, plan.hosts[plan.host]));
}
