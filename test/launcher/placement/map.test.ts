import fc from "fast-check";
import { test } from "tap";
import { parseHostfile } from "../../../launcher/hostfile.js";
import { type Allocation, mergeHosts, needsTopology } from "../../../launcher/placement/allocation.js";
import type { MapRequest } from "../../../launcher/placement/map.js";
import { placeRanks } from "../../../launcher/placement/place.js";
import { parseMapBy, type RankPolicy } from "../../../launcher/placement/policy.js";
import { compressRanks, nameRanks } from "../../../launcher/ranks.js";
import { machine } from "./machine.js";

interface Wish extends Partial<Omit<MapRequest, "policy">> {
  readonly by?: string;
  readonly rankBy?: RankPolicy;
  readonly manager?: string;
  /** Ranks on each host. */
  readonly ppn?: number;
}

/** Two sockets with a memory node each, of two cores with two threads. */
const topology = machine({ sockets: 2, numa: 1, cores: 2, threads: 2 });

function allocate(hosts: string, manager = ""): Allocation {
  const entries = mergeHosts(parseHostfile(hosts.replaceAll(", ", "\n"), "hosts"));
  return { manager, hosts: entries.map((entry) => ({ ...entry, slots: entry.slots ?? 2, topology })) };
}

function place(hosts: string, { by = "slot", rankBy, manager, ppn, ...request }: Wish = {}) {
  const policy = parseMapBy(by);
  const per = ppn === undefined ? policy.per : { count: ppn, level: "node" as const };
  return placeRanks(allocate(hosts, manager), {
    count: undefined,
    oversubscribe: undefined,
    ...request,
    policy: { ...policy, per },
    rankBy,
  });
}

/** Ranks of each host: `a: 0-3; b: 4`. */
function brief(hosts: string, wish?: Wish): string {
  return place(hosts, wish)
    .placements.map(({ host, ranks }) => `${host.name}: ${compressRanks(ranks)}`)
    .join("; ");
}

void test("ranks fill hosts slot by slot", async (t) => {
  t.equal(brief("a:4, b:2"), "a: 0-3; b: 4-5");
  t.equal(brief("a:4, b:2", { count: 5, by: "block" }), "a: 0-3; b: 4");
  t.equal(brief("a:4, b:2", { count: 3 }), "a: 0-2");
  t.equal(brief("a, b:1"), "a: 0-1; b: 2", "a host without a number has its cores");
  t.equal(brief("a:1, b:1, a:2"), "a: 0-2; b: 3", "repeated hosts add up");
  t.equal(brief("a, a, a"), "a: 0-2", "repeated lines count one slot each");
});

void test("by node, hosts take turns, and ranks are numbered likewise", async (t) => {
  t.equal(brief("a:4, b:2, c:1", { by: "node" }), "a: 0,3,5-6; b: 1,4; c: 2");
  t.equal(brief("a:4, b:2", { by: "cyclic", count: 3 }), "a: 0,2; b: 1");
  t.equal(brief("a:4, b:2", { by: "node", count: 3, rankBy: "slot" }), "a: 0-1; b: 2");
  t.equal(brief("a:2, b:2", { rankBy: "node" }), "a: 0,2; b: 1,3");
});

void test("so many ranks on each host, or on each of its parts", async (t) => {
  t.equal(brief("a:4, b:4", { ppn: 2 }), "a: 0-1; b: 2-3");
  t.equal(brief("a:4, b:4", { by: "ppr:2:node", count: 3 }), "a: 0-1; b: 2");
  t.equal(brief("a:8, b:8", { by: "ppr:1:numa" }), "a: 0-1; b: 2-3");
  t.equal(brief("a:8, b:8", { by: "ppr:2:core" }), "a: 0-7; b: 8-15");
  t.equal(brief("a:4, b:4", { by: "node", ppn: 1 }), "a: 0; b: 1");
  t.throws(() => brief("a:4, b:4", { ppn: 2, count: 5 }), {
    message: "5 ranks exceed 2 on each node, 4 in all, from hosts; use -n 4",
    exitCode: 2,
  });
});

void test("with span, parts of all hosts take turns", async (t) => {
  t.equal(brief("a:8, b:8", { by: "numa", count: 5 }), "a: 0-4");
  t.equal(brief("a:8, b:8", { by: "numa:span", count: 5 }), "a: 0-2; b: 3-4");
  t.equal(brief("a:8, b:8", { by: "core:span", count: 9 }), "a: 0-4; b: 5-8");
});

void test("ranks beyond the slots are dealt in rounds, up to max_slots", async (t) => {
  t.equal(brief("a:2, b:1", { count: 7 }), "a: 0-4; b: 5-6");
  t.equal(brief("a slots=2 max_slots=2, b:1", { count: 5 }), "a: 0-1; b: 2-4");
  t.throws(() => brief("a slots=2 max_slots=3, b slots=1 max_slots=1", { count: 5 }), {
    message: "5 ranks exceed max_slots, 4 in all, from hosts; use -n 4",
    exitCode: 2,
  });
});

void test("not enough slots: what there is, where it was found, and what would run", async (t) => {
  const message =
    "4 ranks exceed the 3 slots: a 2, b 1, from hosts; there are 8 cores, 16 hardware threads. A slot is a rank " +
    "that may run there; use -n 3, or --oversubscribe";
  t.throws(() => brief("a:2, b:1", { count: 4, oversubscribe: false }), { message, exitCode: 2 });
  t.throws(() => brief("a:2, b:1", { count: 4, manager: "slurm" }), {
    message: /^4 ranks exceed the 3 slots in the allocation of slurm: a 2, b 1/,
  });
  t.equal(brief("a:2, b:1", { count: 4, manager: "slurm", oversubscribe: true }), "a: 0-2; b: 3");
  t.throws(() => brief("n[1-99]:1", { count: 100, oversubscribe: false }), { message: /n8 1 … on 99 hosts/ });
});

const hostLists = fc.array(
  fc.record({ slots: fc.integer({ min: 1, max: 9 }), extra: fc.integer({ min: 0, max: 9 }) }),
  { minLength: 1, maxLength: 7 },
);
const policies = ["slot", "node", "numa", "core:span", "numa:span", "ppr:3:node", "ppr:2:numa", "ppr:1:core"];

void test("every rank is placed once, in order on its host, within what the host has room for", async () => {
  const wish = fc.record({
    by: fc.constantFrom(...policies),
    rankBy: fc.constantFrom(undefined, "slot" as const, "node" as const),
    count: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(hostLists, wish, (hosts, { by, rankBy, count }) => {
      const text = hosts
        .map(({ slots, extra }, i) => `h${i} slots=${slots} max_slots=${slots + extra}`)
        .join(", ");
      const { per } = parseMapBy(by);
      const parts =
        per && { node: 1, numa: 2, core: 4, hwthread: 8, l3: 2, socket: 2 }[per.level] * per.count;
      const limits = hosts.map(({ slots, extra }) => Math.min(slots + extra, parts ?? Infinity));
      const room = limits.reduce((a, b) => a + b);
      if (count !== undefined && count > room) return throws(() => place(text, { by, count }));
      const { placements, size } = place(text, { by, rankBy, count, oversubscribe: true });
      const ranks = placements.map((placement) => placement.ranks);
      const sorted = ranks.flat().sort((a, b) => a - b);
      return (
        sorted.length === size &&
        (count ?? size) === size &&
        sorted.every((rank, i) => rank === i) &&
        placements.every(({ host, ranks }) => ranks.length <= limits[Number(host.name.slice(1))]) &&
        ranks.every((own) => own.every((rank, i) => i === 0 || own[i - 1] < rank))
      );
    }),
    { numRuns: 300 },
  );
});

function throws(action: () => unknown): boolean {
  try {
    action();
  } catch {
    return true;
  }
  return false;
}

void test("hosts are asked what they consist of only if ranks cannot be placed without", async (t) => {
  const [slots, none] = parseHostfile("a:4\nb", "hosts");
  const asks = (by: string, host = slots) => needsTopology(host, parseMapBy(by));
  for (const by of ["slot", "node", "numa", "slot:pe=4", "ppr:2:node", "node:span"]) t.notOk(asks(by), by);
  for (const by of ["ppr:2:numa", "numa:span"]) t.ok(asks(by), by);
  t.ok(asks("slot", none), "no number of slots");
});

void test("ranks in short", async (t) => {
  t.equal(compressRanks([3, 1, 2, 7, 5, 6, 9, 1]), "1-3,5-7,9");
  t.equal(compressRanks([]), "");
  t.equal(nameRanks([4]), "rank 4");
  t.equal(nameRanks([0, 1]), "ranks 0-1");
});
