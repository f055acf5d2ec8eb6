import { UsageError } from "../errors.js";
import type { BindPolicy, BindTo, MapPolicy } from "./policy.js";
import { type Level, partsOf, type Topology } from "../../src/topology/topology.js";

export interface BindRequest {
  readonly map: MapPolicy;
  readonly bind: BindPolicy;
  /** Nobody else computes on this host's CPUs. */
  readonly own: boolean;
  /** Ranks may share what they are bound to. */
  readonly oversubscribe: boolean;
}

/**
 * Decides on which CPUs each rank of a host may run. Local, pure.
 *
 * Ranks take CPUs one after the other, in the parts of the host to which they were mapped, and are bound to whatever
 * contains those CPUs: the core, the memory node, the socket.
 *
 * @param host - Its name, for messages.
 * @param count - Ranks of the host.
 * @returns By local rank the CPUs, ascending; `undefined`: not bound.
 * @throws {UsageError} If ranks would have to share cores, or a CPU that is named is not there.
 */
export function bindRanks(
  host: string,
  topology: Topology,
  count: number,
  request: BindRequest,
): (readonly number[] | undefined)[] {
  const { bind, map } = request;
  const usable = restrict(host, topology, bind);
  const to = bind.to ?? bindRule(usable, count, request);
  const all = bind.cpuList === undefined ? undefined : idsOf(usable);
  if (to === "none") return Array.from({ length: count }, () => all);
  if (to === "cpu-list") return bindToItems(host, count, request);
  const homes = homesOf(usable, count, map);
  const { cpusPerRank = 1 } = map;
  const whole = partsOf(usable, to);
  const taken = new Map<Topology, number>();
  return homes.map((home) => {
    const cpus = partsOf(home, unitOf(request));
    const first = taken.get(home) ?? 0;
    taken.set(home, first + cpusPerRank);
    if (first + cpusPerRank > cpus.length && (to === "core" || to === "hwthread") && !request.oversubscribe)
      throw overloaded(host, count, partsOf(usable, unitOf(request)).length, request);
    const mine = Array.from({ length: cpusPerRank }, (_, i) => cpus[(first + i) % cpus.length][0]);
    const parts = whole.filter((part) => part.some((cpu) => mine.includes(cpu)));
    return idsOf(parts.flat());
  });
}

/**
 * What ranks are bound to when nothing is said: the parts that `--map-by` names; cores, where each rank has its own
 * because that was asked for, or where this job has the host for itself; else nothing. Local, pure.
 */
export function bindRule(usable: Topology, count: number, request: BindRequest): BindTo {
  const { by, cpusPerRank } = request.map;
  if (by === "l3" || by === "numa" || by === "socket") return by;
  const unit = unitOf(request);
  const fits = count * (cpusPerRank ?? 1) <= partsOf(usable, unit).length;
  const wanted = by === "core" || by === "hwthread" || cpusPerRank !== undefined || request.own;
  return fits && wanted ? unit : "none";
}

/** What counts as one CPU. */
function unitOf({ map, bind }: BindRequest): "core" | "hwthread" {
  return bind.hwthreads || bind.to === "hwthread" || map.by === "hwthread" ? "hwthread" : "core";
}

function restrict(host: string, topology: Topology, { cpuList }: BindPolicy): Topology {
  const wanted = cpuList?.flat();
  if (wanted === undefined) return topology;
  const absent = wanted.find((id) => !topology.some((cpu) => cpu.id === id));
  if (absent === undefined) return topology.filter((cpu) => wanted.includes(cpu.id));
  const ids = topology.map((cpu) => cpu.id).join(",");
  throw new UsageError(`--cpu-list: there is no CPU ${absent} for this job on ${host}; it has ${ids}`);
}

/** The part of the host in which each rank takes its CPUs: round and round, or so many on each. */
function homesOf(usable: Topology, count: number, { by, per }: MapPolicy): Topology[] {
  const level: Level = by === "l3" || by === "numa" || by === "socket" ? by : "node";
  const parts = partsOf(usable, level);
  const each = per !== undefined && per.level === level ? per.count : 1;
  return Array.from({ length: count }, (_, rank) => parts[Math.floor(rank / each) % parts.length]);
}

function bindToItems(
  host: string,
  count: number,
  { bind, oversubscribe }: BindRequest,
): (readonly number[])[] {
  const items = bind.cpuList;
  if (items === undefined) throw new UsageError("--bind-to cpu-list: say which CPUs, by --cpu-list 0-3,4-7");
  if (count > items.length && !oversubscribe) {
    throw new UsageError(
      `--bind-to cpu-list: ${count} ranks on ${host}, but --cpu-list has ${items.length} items; add some, or --oversubscribe`,
    );
  }
  return Array.from({ length: count }, (_, rank) => items[rank % items.length]);
}

function overloaded(host: string, count: number, cpus: number, request: BindRequest): UsageError {
  const { cpusPerRank = 1 } = request.map;
  const each = cpusPerRank === 1 ? "" : ` of ${cpusPerRank} CPUs each`;
  const unit = unitOf(request) === "core" ? "cores" : "hardware threads";
  return new UsageError(
    `--bind-to ${request.bind.to ?? unitOf(request)}: ${count} ranks${each} do not fit on the ${cpus} ${unit} of ${host}; ` +
      "start fewer there, use --bind-to none, or --oversubscribe to let them share",
  );
}

function idsOf(cpus: Topology): number[] {
  return [...new Set(cpus.map((cpu) => cpu.id))].sort((a, b) => a - b);
}
