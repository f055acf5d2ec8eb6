import { pack } from "../envelope.js";
import { combine, unitOf } from "../operations.js";
import type { OpName, TypedArray } from "../types.js";
import { choose } from "./algorithms.js";
import { ringAllgather } from "./allgather.js";
import { padded } from "./bcast.js";
import { blockOf, span, stripes } from "./blocks.js";
import { like } from "./buffers.js";
import type { Call } from "./call.js";
import { exactAllreduce } from "./exact.js";
import { hostPlan, laneParty, leaderParty } from "./hosts.js";
import { nativeFor } from "./native.js";
import { exchange, type Party, powerOfTwo } from "./party.js";
import { ringReduceScatter } from "./reduce-scatter.js";
import { Team } from "./team.js";

/** Above this, moving 2 (size − 1) / size of the vector costs less than moving it log₂ size times. */
const HALVING_BYTES = 64 * 1024;
/** Above this, and on few ranks, the ring's even traffic costs less than halving's fewer rounds. */
const RING_BYTES = 1024 * 1024;
const RING_RANKS = 8;
/**
 * Between hosts: from here on all ranks of a host carry a stripe.
 *
 *     bytes  hosts        best flat  hierarchical  striped
 *     16 K   2, loopback        228           209      209
 *     32 K   2, network         587           444      546
 *     64 K   3, network        2653          3422     2052
 *     256 K  2, network        2952          2356     1677
 *     512 K  2, loopback       2551          2115     1759
 *
 * In µs, the fastest of 12 to 30 batches, 2 ranks on each host, all on 2 cores; see test/hosts/switch-points.ts.
 */
const STRIPE_BYTES = 64 * 1024;

const FLAT = { "recursive-doubling": recursiveDoubling, rabenseifner, ring };
export const ALLREDUCE = { ...FLAT, hierarchical, striped };

function rule(call: Call, x: TypedArray): keyof typeof ALLREDUCE {
  if (hostPlan(call).pays) return x.byteLength < STRIPE_BYTES ? "hierarchical" : "striped";
  return flatRule(call, x);
}

function flatRule({ size }: Party, { byteLength }: TypedArray): keyof typeof FLAT {
  if (byteLength <= HALVING_BYTES || size <= 2) return "recursive-doubling";
  return byteLength > RING_BYTES && size <= RING_RANKS ? "ring" : "rabenseifner";
}

/**
 * Reduces `x` elementwise over all ranks, in place. Collective; every rank gets the same bits.
 *
 * @param x - This rank's contribution, equal length and type on every rank; overwritten by the result.
 */
export async function allreduce(call: Call, x: TypedArray, op: OpName): Promise<void> {
  if (call.reproducible) return exactAllreduce(call, x);
  if (call.size === 1) return;
  const native = nativeFor(call, { name: "allreduce", x, op });
  return native?.() ?? choose(call, "allreduce", ALLREDUCE, () => rule(call, x), x.byteLength)(call, x, op);
}

/** The same for a part of the ranks: a phase of other algorithms. */
function flat(party: Party, x: TypedArray, op: OpName): Promise<void> {
  return party.size === 1 ? Promise.resolve() : FLAT[flatRule(party, x)](party, x, op);
}

/**
 * ⌊log₂ size⌋ rounds, and two more when `size` is not a power of two, each moving the whole vector.
 *
 * @see Thakur, Rabenseifner & Gropp, IJHPCA 19(1), 2005, doi:10.1177/1094342005051521
 */
async function recursiveDoubling(party: Party, x: TypedArray, op: OpName): Promise<void> {
  const { rank, size } = party;
  const core = powerOfTwo(size);
  if (rank >= core) return lend(party, x, rank - core);
  const incoming = like(x);
  const guest = rank + core;
  if (guest < size) {
    await party.receive(guest, incoming);
    combine(op, x, incoming);
  }
  // Invariant: x is the reduction over this rank's block of `distance` core ranks and their guests. Partners combine
  // the same two values, and every operation commutes bit for bit: identical bits everywhere.
  for (let distance = 1; distance < core; distance *= 2) {
    await exchange(party, x, rank ^ distance, incoming, rank ^ distance);
    combine(op, x, incoming);
  }
  if (guest < size) await party.send(pack(x), guest);
}

/**
 * Recursive halving leaves each rank one block of the result, recursive doubling collects them: 2 ⌊log₂ size⌋ rounds,
 * 2 (size − 1) / size of the vector; two more rounds of all of it when `size` is not a power of two.
 *
 * @see Rabenseifner, ICCS 2004, doi:10.1007/978-3-540-24685-5_1
 */
async function rabenseifner(party: Party, x: TypedArray, op: OpName): Promise<void> {
  const { rank, size } = party;
  const core = powerOfTwo(size);
  if (rank >= core) return lend(party, x, rank - core);
  const incoming = like(x);
  const guest = rank + core;
  if (guest < size) {
    await party.receive(guest, incoming);
    combine(op, x, incoming);
  }
  const blocks = stripes(x.length, core, unitOf(op));
  // Invariant: blocks first … end − 1 of x are reduced over the ranks that agree with this one in the lower bits.
  let [first, end] = [0, core];
  for (let distance = core / 2; distance >= 1; distance /= 2) {
    const middle = (first + end) / 2;
    const upper = (rank & distance) !== 0;
    const theirs = upper ? span(x, blocks, first, middle) : span(x, blocks, middle, end);
    [first, end] = upper ? [middle, end] : [first, middle];
    const mine = span(x, blocks, first, end);
    const arrived = incoming.subarray(0, mine.length);
    await exchange(party, theirs, rank ^ distance, arrived, rank ^ distance);
    combine(op, mine, arrived);
  }
  for (let distance = 1; distance < core; distance *= 2) {
    const upper = (rank & distance) !== 0;
    const [theirFirst, theirEnd] = upper ? [first - distance, first] : [end, end + distance];
    const into = span(x, blocks, theirFirst, theirEnd);
    await exchange(party, span(x, blocks, first, end), rank ^ distance, into, rank ^ distance);
    [first, end] = upper ? [theirFirst, end] : [first, theirEnd];
  }
  if (guest < size) await party.send(pack(x), guest);
}

/** A guest lends its data to a core rank, and gets the result back. */
async function lend(party: Party, x: TypedArray, core: number): Promise<void> {
  await party.send(pack(x), core);
  await party.receive(core, x);
}

/**
 * The vector in `size` blocks: `size` − 1 rounds pass partial results around the ring until each rank holds one block
 * reduced over all, `size` − 1 more pass these on. Each rank sends 2 (size − 1) / size of the vector.
 *
 * @see Patarasuk & Yuan, J. Parallel Distrib. Comput. 69(2), 2009, doi:10.1016/j.jpdc.2008.09.002
 */
async function ring(party: Party, x: TypedArray, op: OpName): Promise<void> {
  const blocks = stripes(x.length, party.size, unitOf(op));
  await ringReduceScatter(party, x, blocks, op);
  await ringAllgather(party, x, blocks);
}

/**
 * Each host reduces to its leader, the leaders allreduce, each hands the result to its host. Between hosts one vector
 * per host and round, ⌈log₂ hosts⌉ rounds. Ranks of a host are combined first: on cyclic mappings rounding may differ
 * from that of the flat algorithms.
 */
async function hierarchical(call: Call, x: TypedArray, op: OpName): Promise<void> {
  const team = new Team(call);
  await team.reduce(x, op);
  const leaders = leaderParty(call, hostPlan(call));
  if (leaders !== undefined) await flat(leaders, x, op);
  await team.bcast(x);
}

/**
 * Striped leaders: the ranks of a host reduce-scatter, so that each holds a stripe; the ranks that hold the same stripe
 * on all hosts allreduce it, side by side with those of other stripes; the ranks of a host collect the stripes. Between
 * hosts 2 (hosts − 1) / hosts of the vector per host, in as many streams as the smallest host has ranks. Rounding may
 * differ from that of the other algorithms.
 *
 * @see Träff, CLUSTER 2020, doi:10.1109/CLUSTER49012.2020.00021
 */
async function striped(call: Call, x: TypedArray, op: OpName): Promise<void> {
  const plan = hostPlan(call);
  const team = new Team(call);
  const lanes = stripes(x.length, plan.lanes, unitOf(op));
  const blocks = padded(lanes, team.party.size, x.length);
  await team.reduceScatter(x, blocks, op);
  const lane = laneParty(call, plan);
  if (lane !== undefined) await flat(lane, blockOf(x, lanes, plan.place), op);
  await team.allgather(x, blocks);
}
