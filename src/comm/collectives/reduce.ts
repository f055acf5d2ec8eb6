import { pack } from "../envelope.js";
import { combine, unitOf } from "../operations.js";
import type { OpName, TypedArray } from "../types.js";
import { choose } from "./algorithms.js";
import { padded } from "./bcast.js";
import { blockOf, stripes } from "./blocks.js";
import { copyInto, like } from "./buffers.js";
import type { Call } from "./call.js";
import { exactReduce } from "./exact.js";
import { gatherBlocks } from "./gather.js";
import { hostPlan, laneParty, leaderParty } from "./hosts.js";
import { nativeFor } from "./native.js";
import type { Party } from "./party.js";
import { ringReduceScatter } from "./reduce-scatter.js";
import { Team } from "./team.js";

/**
 * Above this, reducing blocks side by side costs less than reducing the whole vector in each round.
 *
 *     bytes  hosts        binomial  scatter-gather  hierarchical  striped
 *     64 K   2, loopback       488             924           246      367
 *     1 M    2, loopback      2911            5455          2013     2062
 *
 * In µs, measured as in allreduce.ts.
 */
const SCATTER_BYTES = 256 * 1024;

export const REDUCE = { binomial: binomialReduce, "scatter-gather": scatterGather, hierarchical, striped };

function rule(call: Call, { byteLength }: TypedArray): keyof typeof REDUCE {
  if (hostPlan(call).pays) return byteLength > SCATTER_BYTES ? "striped" : "hierarchical";
  return byteLength > SCATTER_BYTES && call.size > 2 ? "scatter-gather" : "binomial";
}

/**
 * Reduces elementwise over all ranks; the result is at the root. Collective.
 *
 * @param x - This rank's contribution, overwritten by partial results; by the result at the root.
 * @param into - Where the root wants the result; may be `x`.
 */
export async function reduce(
  call: Call,
  x: TypedArray,
  op: OpName,
  root: number,
  into?: TypedArray,
): Promise<void> {
  if (call.reproducible) await exactReduce(call, x, root);
  else if (call.size > 1) {
    const native = nativeFor(call, { name: "reduce", x, op, root });
    await (native?.() ??
      choose(call, "reduce", REDUCE, () => rule(call, x), x.byteLength)(call, x, op, root));
  }
  if (into !== undefined) copyInto(into, x);
}

/** Ranks counted from the root: ⌈log₂ size⌉ rounds of the whole vector. */
export async function binomialReduce(party: Party, x: TypedArray, op: OpName, root: number): Promise<void> {
  const { rank, size } = party;
  const virtual = (rank - root + size) % size;
  let incoming: TypedArray | undefined;
  for (let distance = 1; distance < size; distance *= 2) {
    if (virtual & distance) {
      await party.send(pack(x), (virtual - distance + root) % size);
      return;
    }
    if (virtual + distance >= size) continue;
    incoming ??= like(x);
    await party.receive((virtual + distance + root) % size, incoming);
    combine(op, x, incoming);
  }
}

/** A ring leaves each rank one reduced block, the root gathers them: 2 (size − 1) / size of the vector at the root. */
async function scatterGather(party: Party, x: TypedArray, op: OpName, root: number): Promise<void> {
  const blocks = stripes(x.length, party.size, unitOf(op));
  await ringReduceScatter(party, x, blocks, op);
  await gatherBlocks(party, x, blocks, root);
}

/** Each host reduces to its leader, the leaders to the root: one vector per host between hosts. */
async function hierarchical(call: Call, x: TypedArray, op: OpName, root: number): Promise<void> {
  const plan = hostPlan(call);
  await new Team(call, root).reduce(x, op);
  const leaders = leaderParty(call, plan, root);
  if (leaders !== undefined) await binomialReduce(leaders, x, op, plan.hostOf[root]);
}

/** The ranks of a host reduce-scatter, each lane reduces its stripe to the root's host, where the root gathers them. */
async function striped(call: Call, x: TypedArray, op: OpName, root: number): Promise<void> {
  const plan = hostPlan(call);
  const team = new Team(call, root);
  const lanes = stripes(x.length, plan.lanes, unitOf(op));
  const blocks = padded(lanes, team.party.size, x.length);
  await team.reduceScatter(x, blocks, op);
  const lane = laneParty(call, plan);
  if (lane !== undefined) await binomialReduce(lane, blockOf(x, lanes, plan.place), op, plan.hostOf[root]);
  if (plan.host === plan.hostOf[root]) await team.gather(x, blocks);
  await team.settle();
}
