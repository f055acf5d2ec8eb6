import { pack } from "../envelope.js";
import { choose } from "./algorithms.js";
import type { Call } from "./call.js";
import { hostPlan, leaderParty } from "./hosts.js";
import type { Party } from "./party.js";
import { Team } from "./team.js";

const TOKEN = pack(new Uint8Array(0));

/** Returns on no rank before every rank has called it. Collective. */
export async function barrier(call: Call): Promise<void> {
  return choose(call, "barrier", BARRIER, () => (hostPlan(call).pays ? "hierarchical" : "dissemination"))(
    call,
  );
}

export const BARRIER = { dissemination, hierarchical };

/**
 * In round k every rank tells the rank 2ᵏ further on; ⌈log₂ size⌉ rounds of empty messages.
 *
 * @see Hensgen, Finkel & Manber, Int. J. Parallel Programming 17(1), 1988, doi:10.1007/BF01379320
 */
async function dissemination(party: Party): Promise<void> {
  const { rank, size } = party;
  for (let distance = 1; distance < size; distance *= 2) {
    const told = party.send(TOKEN, (rank + distance) % size);
    await party.receive((rank - distance + size) % size);
    await told;
  }
}

/**
 * The ranks of a host tell their leader, the leaders meet, each lets its host go on: between hosts ⌈log₂ hosts⌉
 * messages a host.
 */
async function hierarchical(call: Call): Promise<void> {
  const team = new Team(call);
  await team.meet();
  const leaders = leaderParty(call, hostPlan(call));
  if (leaders !== undefined) await dissemination(leaders);
  await team.part();
}

/** Up a binomial tree to rank 0. */
export async function collectTokens(party: Party): Promise<void> {
  const { rank, size } = party;
  for (let distance = 1; distance < size; distance *= 2) {
    if (rank & distance) return party.send(TOKEN, rank - distance).then(() => undefined);
    if (rank + distance < size) await party.receive(rank + distance);
  }
}

/** Down the same tree. */
export async function releaseTokens(party: Party): Promise<void> {
  const { rank, size } = party;
  let distance = 1;
  while (distance < size && (rank & distance) === 0) distance *= 2;
  if (rank > 0) await party.receive(rank - distance);
  for (distance /= 2; distance >= 1; distance /= 2) {
    if (rank + distance < size) await party.send(TOKEN, rank + distance);
  }
}
