import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseCpuList } from "./cpu-list.js";

/** A hardware thread, and what it is part of: numbers that only say which of them share something. */
export interface Cpu {
  readonly id: number;
  readonly core: number;
  readonly l3: number;
  readonly numa: number;
  readonly socket: number;
}

/** The CPUs of a host that may be used, by number. */
export type Topology = readonly Cpu[];

/** Parts of a host, from the smallest; `node` is all of it. */
export const levels = ["hwthread", "core", "l3", "numa", "socket", "node"] as const;
export type Level = (typeof levels)[number];

/** The CPUs of each part of a host, in the order of their first CPU. Local, pure. */
export function partsOf(topology: Topology, level: Level): Topology[] {
  const parts = new Map<number, Cpu[]>();
  for (const cpu of topology) {
    const name = level === "node" ? 0 : level === "hwthread" ? cpu.id : cpu[level];
    const part = parts.get(name) ?? [];
    parts.set(name, [...part, cpu]);
  }
  return [...parts.values()];
}

/** `2 cores`, `64 cores, 128 hardware threads`. Local, pure. */
export function describeTopology(topology: Topology): string {
  const cores = partsOf(topology, "core").length;
  const text = `${cores} ${cores === 1 ? "core" : "cores"}`;
  return cores === topology.length ? text : `${text}, ${topology.length} hardware threads`;
}

/**
 * The CPUs of this host on which this process may run, as a resource manager or a cpuset has left them. Local.
 *
 * Where there is no /sys (not Linux), as many as can be used at once, each a core of its own.
 *
 * @param root - Where /sys and /proc are; for tests.
 */
export function readTopology(root = "/"): Topology {
  const allowed = parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(read(root, STATUS) ?? "")?.[1] ?? "");
  const online = parseCpuList(read(root, join(CPUS, "online")) ?? "");
  if (!allowed?.length || !online?.length) return flat();
  const numaOf = numaNodes(root);
  return online.filter((id) => allowed.includes(id)).map((id) => readCpu(root, id, numaOf.get(id) ?? 0));
}

const STATUS = "proc/self/status";
const CPUS = "sys/devices/system/cpu";
const NODES = "sys/devices/system/node";

function readCpu(root: string, id: number, numa: number): Cpu {
  const of = (file: string): string | undefined => read(root, join(CPUS, `cpu${id}`, file));
  /** Named by the first CPU in it. */
  const first = (list: string | undefined, otherwise: number): number =>
    parseCpuList(list ?? "")?.[0] ?? otherwise;
  const socket = Number(of("topology/physical_package_id") ?? 0);
  return {
    id,
    core: first(of("topology/thread_siblings_list"), id),
    l3: first(of("cache/index3/shared_cpu_list"), -1 - socket), // no such cache: the socket's
    numa,
    socket,
  };
}

/** The memory node of every CPU. */
function numaNodes(root: string): Map<number, number> {
  const nodes = list(root, NODES).filter((name) => /^node\d+$/.test(name));
  const pairs = nodes.flatMap((name) => {
    const cpus = parseCpuList(read(root, join(NODES, name, "cpulist")) ?? "") ?? [];
    return cpus.map((cpu) => [cpu, Number(name.slice(4))] as const);
  });
  return new Map(pairs);
}

function flat(): Topology {
  return Array.from({ length: availableParallelism() }, (_, id) => ({
    id,
    core: id,
    l3: 0,
    numa: 0,
    socket: 0,
  }));
}

function read(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8").trimEnd();
  } catch {
    return undefined;
  }
}

function list(root: string, path: string): string[] {
  try {
    return readdirSync(join(root, path));
  } catch {
    return [];
  }
}
