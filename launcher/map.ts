import { UsageError } from "./errors.js";
import type { HostEntry } from "./hostfile.js";

/** A host of the job and the world ranks it runs. */
export interface Placement {
  readonly host: HostEntry;
  readonly ranks: readonly number[];
}

export interface MapOptions {
  /** Ranks to start; `undefined`: one for each slot. */
  readonly count: number | undefined;
  /** Slots of a host that gives no number: its cores. */
  readonly cores: number;
  readonly oversubscribe: boolean | undefined;
}

export interface Mapping {
  readonly size: number;
  readonly placements: readonly Placement[];
  /** Slots found, and whether some host was given more ranks than slots. */
  readonly slots: number;
  readonly oversubscribed: boolean;
}

/**
 * Gives ranks to hosts slot by slot: host 0 is filled first, then host 1. Ranks beyond the slots are dealt in further
 * rounds, up to each host's `max_slots`. Local, pure.
 *
 * @throws {UsageError} If there is no room, with the number of slots and where they were found.
 */
export function mapRanks(entries: readonly HostEntry[], options: MapOptions): Mapping {
  const hosts = merge(entries).map((host) => ({ host, slots: host.slots ?? options.cores, taken: 0 }));
  const slots = sum(hosts.map((h) => h.slots));
  const size = options.count ?? slots;
  const oversubscribed = size > slots;
  if (oversubscribed && options.oversubscribe === false) {
    throw new UsageError(
      `${size} ranks exceed the ${slots} slots ${sources(entries)}; use -n ${slots}, or --oversubscribe`,
    );
  }
  const capacity = sum(hosts.map((h) => h.host.maxSlots ?? Infinity));
  if (size > capacity) {
    throw new UsageError(
      `${size} ranks exceed max_slots, ${capacity} in all ${sources(entries)}; use -n ${capacity}`,
    );
  }
  for (let left = size; left > 0;) {
    for (const h of hosts) {
      const take = Math.min(left, h.slots, (h.host.maxSlots ?? Infinity) - h.taken);
      h.taken += take;
      left -= take;
    }
  }
  let next = 0;
  const placements = hosts
    .filter((h) => h.taken > 0)
    .map((h) => ({ host: h.host, ranks: Array.from({ length: h.taken }, () => next++) }));
  return { size, placements, slots, oversubscribed };
}

/** Repeated hosts add up; lines without a number count one slot each. */
function merge(entries: readonly HostEntry[]): HostEntry[] {
  const merged = new Map<string, HostEntry>();
  for (const entry of entries) {
    const earlier = merged.get(entry.name);
    const slots = earlier ? (earlier.slots ?? 1) + (entry.slots ?? 1) : entry.slots;
    merged.set(entry.name, { ...entry, ...earlier, slots });
  }
  return [...merged.values()];
}

function sources(entries: readonly HostEntry[]): string {
  const origins = [...new Set(entries.map((entry) => entry.origin.replace(/:\d+$/, "")))];
  return `found in ${origins.join(", ")}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
