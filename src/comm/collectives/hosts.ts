import type { Call, Members } from "./call.js";
import { Subset } from "./party.js";

/**
 * Which ranks of a communicator share a host. Every rank knows the table of hosts, so that it is made locally, once,
 * when the first collective asks. Hosts are numbered by their lowest rank, ranks within a host ascend.
 */
export interface HostPlan {
  /** Ranks of each host. */
  readonly hosts: readonly (readonly number[])[];
  /** Host of each rank. */
  readonly hostOf: readonly number[];
  /** This rank's host, and its place among the ranks there. */
  readonly host: number;
  readonly place: number;
  /** Ranks on the host with the fewest: so many lanes, one rank of every host in each, run side by side. */
  readonly lanes: number;
  /** All ranks, host by host. */
  readonly byHost: readonly number[];
  /** Whether there are several hosts, and several ranks on one. */
  readonly pays: boolean;
}

const plans = new WeakMap<Members, HostPlan>();

export function hostPlan({ members }: { readonly members: Members }): HostPlan {
  const known = plans.get(members);
  if (known !== undefined) return known;
  const table = members.engine.transport.hosts;
  const groups = new Map<number, number[]>();
  members.ranks.forEach((world, rank) => {
    const host = table?.[world] ?? 0;
    const group = groups.get(host);
    if (group === undefined) groups.set(host, [rank]);
    else group.push(rank);
  });
  const hosts = [...groups.values()];
  const hostOf: number[] = [];
  hosts.forEach((ranks, host) => ranks.forEach((rank) => (hostOf[rank] = host)));
  const host = hostOf[members.rank];
  const plan: HostPlan = {
    hosts,
    hostOf,
    host,
    place: hosts[host].indexOf(members.rank),
    lanes: Math.min(...hosts.map((ranks) => ranks.length)),
    byHost: hosts.flat(),
    pays: hosts.length > 1 && hosts.length < members.size,
  };
  plans.set(members, plan);
  return plan;
}

/** The ranks of this host, the leader first: the lowest rank, or `root` on its own host. */
export function hostParty(call: Call, plan: HostPlan, root?: number): Subset {
  const ranks = plan.hosts[plan.host];
  if (root === undefined || plan.hostOf[root] !== plan.host) return new Subset(call, ranks);
  return new Subset(call, [root, ...ranks.filter((rank) => rank !== root)]);
}

/** The leaders of all hosts, by host; `undefined` on other ranks. */
export function leaderParty(call: Call, plan: HostPlan, root?: number): Subset | undefined {
  const leaders = plan.hosts.map((ranks, host) =>
    root !== undefined && plan.hostOf[root] === host ? root : ranks[0],
  );
  return leaders.includes(call.rank) ? new Subset(call, leaders) : undefined;
}

/** The ranks with this rank's place on every host; `undefined` on ranks beyond the lanes. */
export function laneParty(call: Call, plan: HostPlan): Subset | undefined {
  const { place, lanes } = plan;
  if (place >= lanes) return undefined;
  return new Subset(
    call,
    plan.hosts.map((ranks) => ranks[place]),
  );
}
