import { UsageError } from "../errors.js";
import type { Allocation, Host } from "./allocation.js";
import type { MapPolicy } from "./policy.js";
import { describeTopology, type Level, partsOf } from "../../src/topology/topology.js";

export interface MapRequest {
  /** Ranks to start; `undefined`: one for each slot. */
  readonly count: number | undefined;
  readonly policy: MapPolicy;
  /** More ranks than slots: as is meant, never, or by rule: not under a resource manager. */
  readonly oversubscribe: boolean | undefined;
}

export interface MapResult {
  /** Ranks of each host. */
  readonly counts: readonly number[];
  readonly slots: number;
  readonly oversubscribed: boolean;
}

/**
 * Decides how many ranks each host gets. Local, pure.
 *
 * Hosts take turns; a turn gives a host as many ranks as it has slots (`slot`), one (`node`), or one for each of its
 * parts (`numa:span`). First all slots are filled, then further rounds go on up to each host's `max_slots`.
 *
 * @throws {UsageError} If there is no room, with the slots, where they were found, and what would make it run.
 */
export function mapRanks(allocation: Allocation, { count, policy, oversubscribe }: MapRequest): MapResult {
  const { hosts, manager } = allocation;
  const rooms = hosts.map((host) => roomOf(host, policy));
  const slots = sum(rooms.map((room) => room.slots));
  const capacity = sum(rooms.map((room) => room.most));
  const size = count ?? (policy.per ? capacity : slots);
  if (size > capacity) throw tooMany(size, capacity, allocation, policy);
  const oversubscribed = size > slots;
  if (oversubscribed && !(oversubscribe ?? manager === "")) throw notEnoughSlots(size, slots, allocation);
  const counts = hosts.map(() => 0);
  let left = size - deal(counts, rooms, Math.min(size, slots), "slots");
  left -= deal(counts, rooms, left, "most");
  if (left !== 0) throw new Error(`map: ${left} of ${size} ranks have no place`);
  return { counts, slots, oversubscribed };
}

interface Room {
  /** Ranks that may run there, at all, and in one turn. */
  readonly slots: number;
  readonly most: number;
  readonly turn: number;
}

function roomOf(host: Host, { by, per, span }: MapPolicy): Room {
  const limit = per ? per.count * partCount(host, per.level) : Infinity;
  const most = Math.min(host.maxSlots ?? Infinity, limit);
  const turn = by === "node" ? 1 : by !== "slot" && span ? partCount(host, by) : host.slots;
  return { slots: Math.min(host.slots, most), most, turn };
}

function partCount({ name, topology }: Host, level: Level): number {
  if (level === "node") return 1;
  if (topology === undefined) throw new Error(`map: nobody has asked ${name} for its ${level} parts`);
  return partsOf(topology, level).length;
}

/** Deals ranks in rounds, up to a limit of each host. Returns how many it was able to deal. */
function deal(counts: number[], rooms: readonly Room[], count: number, limit: "slots" | "most"): number {
  let left = count;
  for (let dealt = -1; left > 0 && dealt !== 0;) {
    dealt = 0;
    for (const [i, room] of rooms.entries()) {
      const take = Math.min(left, room.turn, room[limit] - counts[i]);
      counts[i] += take;
      left -= take;
      dealt += take;
    }
  }
  return count - left;
}

function tooMany(size: number, capacity: number, { hosts }: Allocation, { per }: MapPolicy): UsageError {
  const why = per ? `${per.count} on each ${per.level}, ${capacity} in all` : `max_slots, ${capacity} in all`;
  return new UsageError(`${size} ranks exceed ${why}, ${sources(hosts)}; use -n ${capacity}`);
}

function notEnoughSlots(size: number, slots: number, { hosts, manager }: Allocation): UsageError {
  // Numbers of CPUs and cores are those of one host; here they are only counted.
  const cpus = hosts.flatMap(({ topology }, host) =>
    (topology ?? []).map((cpu) => ({ ...cpu, id: cpu.id + host * FAR, core: cpu.core + host * FAR })),
  );
  const known = hosts.every(({ topology }) => topology !== undefined);
  const has = known ? `; there are ${describeTopology(cpus)}` : "";
  const given = manager === "" ? "" : ` in the allocation of ${manager}`;
  return new UsageError(
    `${size} ranks exceed the ${slots} slots${given}: ${listed(hosts)}, ${sources(hosts)}${has}. A slot is a rank ` +
      `that may run there; use -n ${slots}, or --oversubscribe`,
  );
}

const FAR = 1e6;
const LISTED = 8;

function listed(hosts: readonly Host[]): string {
  const some = hosts.slice(0, LISTED).map((host) => `${host.name} ${host.slots}`);
  return hosts.length > LISTED ? `${some.join(", ")} … on ${hosts.length} hosts` : some.join(", ");
}

function sources(hosts: readonly Host[]): string {
  const origins = [...new Set(hosts.map((host) => host.origin.replace(/:\d+$/, "")))];
  return `from ${origins.join(", ")}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
