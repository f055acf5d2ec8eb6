import type { HostEntry } from "../hostfile.js";
import type { MapPolicy } from "./policy.js";
import { partsOf, type Topology } from "../../src/topology/topology.js";

/** A host that the job may use. */
export interface Host extends HostEntry {
  readonly slots: number;
  /** What it consists of; `undefined` while nobody has asked it. */
  readonly topology: Topology | undefined;
}

/** What the job may use, in the order in which it is used. */
export interface Allocation {
  readonly hosts: readonly Host[];
  /** The resource manager that has given it, which would not like more ranks than slots; "" without one. */
  readonly manager: string;
}

/** Each host once: repeated hosts add up; lines without a number count one slot each. Local, pure. */
export function mergeHosts(entries: readonly HostEntry[]): HostEntry[] {
  const merged = new Map<string, HostEntry>();
  for (const entry of entries) {
    const earlier = merged.get(entry.name);
    const slots = earlier ? (earlier.slots ?? 1) + (entry.slots ?? 1) : entry.slots;
    merged.set(entry.name, { ...entry, ...earlier, slots });
  }
  return [...merged.values()];
}

/** Whether ranks cannot be placed on a host before it has told what it consists of. Local, pure. */
export function needsTopology(host: HostEntry, { by, per, span }: MapPolicy): boolean {
  const partly = (span && by !== "slot" && by !== "node") || (per !== undefined && per.level !== "node");
  return host.slots === undefined || partly;
}

/**
 * Slots of a host that gives no number: its cores, or its hardware threads if those count, divided among ranks that
 * want several. Local, pure.
 */
export function slotsOf(topology: Topology, hwthreads: boolean, cpusPerRank = 1): number {
  const cpus = partsOf(topology, hwthreads ? "hwthread" : "core").length;
  return Math.max(1, Math.floor(cpus / cpusPerRank));
}
