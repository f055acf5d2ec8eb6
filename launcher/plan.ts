import { UsageError } from "./errors.js";
import { findHosts } from "./hosts.js";
import type { HostEntry } from "./hostfile.js";
import type { Options } from "./options.js";
import { type Allocation, needsTopology, slotsOf } from "./placement/allocation.js";
import { bindRanks } from "./placement/bind.js";
import { type Mapping, type Placement, placeRanks } from "./placement/place.js";
import { readTopology, type Topology } from "../src/topology/topology.js";
import { programOfRanks } from "./programs.js";
import { howToLaunch } from "./launching.js";
import { RemoteAgents } from "./remote-agents.js";
import { findGrant, type Grant } from "./resource-manager.js";

/** Where a job will run, before anything of it does. */
export interface Plan {
  readonly allocation: Allocation;
  readonly mapping: Mapping;
  /** Which program each world rank runs. */
  readonly programs: readonly number[];
  /** Agents of other hosts; those that had to be asked first have been started. */
  readonly remotes: RemoteAgents;
  /** What a host consists of, if that is known by now. */
  readonly topologyOf: (host: HostEntry) => Topology | undefined;
  /**
   * The CPUs of each rank of a host; `undefined`: not bound.
   *
   * @throws {UsageError} If they do not fit.
   */
  readonly cpusOf: (placement: Placement, topology: Topology) => (readonly number[] | undefined)[];
}

/**
 * Finds the hosts that a job may use, and places its ranks: map, then rank; the last step, to bind, needs to know each
 * host. Hosts are asked what they consist of only if ranks cannot be placed or shown without. Local.
 *
 * @throws {UsageError} If there is no room.
 * @throws {LaunchError} If a host that has to be asked does not answer.
 */
export async function planJob(options: Options): Promise<Plan> {
  const { placement } = options;
  const grant = findGrant(options.manager, process.env);
  const map = { ...placement.map, cpusPerRank: placement.map.cpusPerRank ?? grant?.cpusPerRank };
  const remotes = new RemoteAgents(howToLaunch({ ...options, ...options.ending }, grant?.manager));
  const own = once(readTopology);
  const topologyOf = (host: HostEntry): Topology | undefined =>
    remotes.isPlayedHere(host) ? own() : remotes.greetingOf(host)?.topology;
  try {
    const entries = findHosts({ ...options, ...placement }, grant?.entries);
    const shown =
      placement.display.includes("topo") || (placement.dryRun && placement.display.includes("bind"));
    const asked = entries.filter(
      (host) => !remotes.isPlayedHere(host) && (shown || needsTopology(host, map)),
    );
    const unknown = options.launcher === "manual" ? asked.at(0) : undefined;
    if (unknown !== undefined)
      throw new UsageError(
        `--launcher manual: ${unknown.name} cannot be asked what it consists of; say how many slots it has, and map by slot or node`,
      );
    remotes.start(asked);
    await remotes.greetings(asked);
    const hosts = entries.map((host) => {
      const topology = topologyOf(host);
      const slots = host.slots ?? slotsOf(topology ?? [], placement.bind.hwthreads, map.cpusPerRank);
      return { ...host, topology, slots };
    });
    const allocation = { hosts, manager: grant?.manager ?? "" };
    const mapping = placeRanks(allocation, { ...options, policy: map, rankBy: placement.rankBy });
    const request = { map, bind: placement.bind, oversubscribe: options.oversubscribe ?? false };
    return {
      allocation,
      mapping,
      programs: programOfRanks(options.programs, mapping.size),
      remotes,
      topologyOf,
      cpusOf: ({ host, ranks }, topology) =>
        bindRanks(host.name, topology, ranks.length, { ...request, own: ownsHost(host, topology, grant) }),
    };
  } catch (error) {
    remotes.release();
    throw error;
  }
}

/** A resource manager has given the job all CPUs of a host on which it may run: no other job computes on them. */
function ownsHost(host: HostEntry, topology: Topology, grant: Grant | undefined): boolean {
  const place = grant?.entries.findIndex((entry) => entry.name === host.name) ?? -1;
  const cpus = grant?.cpus?.[place];
  return cpus !== undefined && cpus >= topology.length;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
