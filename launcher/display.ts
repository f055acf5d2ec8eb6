import { travelling } from "./exports.js";
import { limitsOf } from "./rank-limits.js";
import type { Display } from "./placement-options.js";
import type { Host } from "./placement/allocation.js";
import type { Placement } from "./placement/place.js";
import { describeTopology, partsOf, type Topology } from "../src/topology/topology.js";
import type { Options } from "./options.js";
import type { Plan } from "./plan.js";
import type { Program } from "./programs.js";
import { compressRanks, nameRanks } from "./ranks.js";

/**
 * What `--display` shows of a plan, a block of lines for each thing; "" if there is nothing to show. Bindings of a job
 * that starts are shown when they are known. Local.
 *
 * @param environments - Of each program.
 */
export function displayPlan(
  plan: Plan,
  options: Pick<Options, "placement" | "programs" | "exported" | "told">,
  environments: readonly Readonly<Record<string, string>>[],
): string {
  const {
    placement: { display, dryRun },
    programs,
  } = options;
  const blocks: Readonly<Record<Display, () => string[]>> = {
    alloc: () => showAllocation(plan),
    map: () => showMap(plan, programs),
    bind: () => (dryRun ? plan.mapping.placements.flatMap((placement) => showBinding(plan, placement)) : []),
    topo: () => plan.allocation.hosts.flatMap((host) => showTopology(host, plan.topologyOf(host))),
    env: () =>
      plan.mapping.placements.flatMap((placement) => showEnvironment(plan, placement, environments, options)),
  };
  return display.flatMap((name) => blocks[name]()).join("\n");
}

/** The CPUs of each rank of a host, a line for each; nothing while nobody knows what the host consists of. Local. */
export function showBinding(plan: Pick<Plan, "cpusOf" | "topologyOf">, placement: Placement): string[] {
  const { host, ranks } = placement;
  const topology = plan.topologyOf(host);
  if (topology === undefined) return [];
  return plan.cpusOf(placement, topology).map((cpus, i) => {
    const where =
      cpus === undefined ? "not bound" : `CPUs ${compressRanks(cpus)} (${partOf(topology, cpus)})`;
    return `rank ${ranks[i]} on ${host.name}: ${where}`;
  });
}

function showAllocation({ allocation: { hosts, manager } }: Plan): string[] {
  const total = hosts.reduce((sum, { slots }) => sum + slots, 0);
  const given = manager === "" ? "" : `, given by ${manager}`;
  const lines = hosts.map(({ name, slots, maxSlots, origin, topology }) => {
    const most = maxSlots === undefined ? "" : `, max_slots ${maxSlots}`;
    const cores = topology === undefined ? "" : `, ${describeTopology(topology)}`;
    return `  ${name}: ${counted(slots, "slot")}${most}${cores} (${origin})`;
  });
  return [`allocation: ${counted(total, "slot")} on ${counted(hosts.length, "host")}${given}`, ...lines];
}

function showMap(
  { mapping: { size, placements }, programs: ofRank }: Plan,
  programs: readonly Program[],
): string[] {
  const hosts = placements.map(({ host, ranks }) => `  ${host.name}: ${nameRanks(ranks)}`);
  const shares = programs.map(({ script }, app) => {
    const ranks = ofRank.flatMap((program, rank) => (program === app ? [rank] : []));
    return `  ${nameRanks(ranks)}: ${script}`;
  });
  return [
    `map: ${counted(size, "rank")} on ${counted(placements.length, "host")}`,
    ...hosts,
    ...(programs.length > 1 ? ["programs:", ...shares] : []),
  ];
}

function showTopology({ name }: Host, topology: Topology | undefined): string[] {
  if (topology === undefined) return [`topology of ${name}: unknown`];
  const nodes = partsOf(topology, "numa").map((part) => {
    const sockets = compressRanks(part.map((cpu) => cpu.socket));
    const caches = partsOf(part, "l3").map((cache) => compressRanks(cache.map((cpu) => cpu.id)));
    return `  NUMA node ${part[0].numa}, socket ${sockets}: ${describeTopology(part)}; CPUs by L3: ${caches.join(" | ")}`;
  });
  return [`topology of ${name}: ${describeTopology(topology)}`, ...nodes];
}

/** How many cores these CPUs are, and where. */
function partOf(topology: Topology, cpus: readonly number[]): string {
  const own = topology.filter((cpu) => cpus.includes(cpu.id));
  const named = (level: "socket" | "numa"): string => compressRanks(own.map((cpu) => cpu[level]));
  const cores = partsOf(own, "core");
  const what = cores.length === 1 ? `core ${cores[0][0].core}` : `${cores.length} cores`;
  return `${what}, socket ${named("socket")}, NUMA node ${named("numa")}`;
}

/**
 * What ranks of a host get beside its own environment, and beside what every rank gets; where that is this host, with
 * what keeps them from using more threads and memory than there are.
 */
function showEnvironment(
  { remotes, programs, topologyOf, cpusOf }: Plan,
  placement: Placement,
  environments: readonly Readonly<Record<string, string>>[],
  options: Pick<Options, "programs" | "exported" | "told">,
): string[] {
  const { host, ranks } = placement;
  const here = remotes.isPlayedHere(host);
  const cpus = here ? cpusOf(placement, topologyOf(host) ?? []) : [];
  const apps = [...new Set(ranks.map((rank) => programs[rank]))];
  return apps.flatMap((app) => {
    const own = ranks.filter((rank) => programs[rank] === app);
    const limits = here ? limitsOf(cpus[ranks.indexOf(own[0])]?.length ?? 0, ranks.length) : undefined;
    const variables = here
      ? environments[app]
      : travelling(environments[app], options.programs[app].exports, options.exported);
    const all = { ...limits?.environment, ...variables, ...options.told };
    const lines = Object.entries(all).map(([name, value]) => `  ${name}=${value}`);
    const flags = limits === undefined ? [] : [`  node ${limits.flags.join(" ")}`.trimEnd()];
    return [`environment of ${nameRanks(own)} on ${host.name}:`, ...lines.sort(), ...flags];
  });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
