import fc from "fast-check";
import { test } from "tap";
import { bindRanks, type BindRequest } from "../../../launcher/placement/bind.js";
import { parseBindTo, parseCpuItems, parseMapBy } from "../../../launcher/placement/policy.js";
import { partsOf, type Topology } from "../../../src/topology/topology.js";
import { compressRanks } from "../../../launcher/ranks.js";
import { machine } from "./machine.js";

interface Wish extends Partial<Pick<BindRequest, "own" | "oversubscribe">> {
  readonly to?: string;
  readonly by?: string;
  readonly cpuList?: string;
  readonly hwthreads?: boolean;
}

/** Two sockets of two memory nodes of two cores of two threads: cores 0-7, second threads 8-15. */
const host = machine({ sockets: 2, numa: 2, cores: 2, threads: 2 });

function bind(count: number, wish: Wish = {}, topology: Topology = host): (readonly number[] | undefined)[] {
  const { to, by = "slot", cpuList, hwthreads = false, own = false, oversubscribe = false } = wish;
  return bindRanks("n1", topology, count, {
    map: parseMapBy(by),
    bind: {
      to: to === undefined ? undefined : parseBindTo(to),
      cpuList: cpuList === undefined ? undefined : parseCpuItems(cpuList),
      hwthreads,
    },
    own,
    oversubscribe,
  });
}

/** The CPUs of each rank: `0,8 1,9`; `-`: not bound. */
function brief(count: number, wish?: Wish): string {
  return bind(count, wish)
    .map((cpus) => (cpus ? compressRanks(cpus) : "-"))
    .join(" ");
}

void test("ranks are bound to what holds the CPUs that they take in turn", async (t) => {
  t.equal(brief(3, { to: "core" }), "0,8 1,9 2,10");
  t.equal(brief(2, { to: "hwthread" }), "0 1");
  t.equal(brief(3, { to: "numa" }), "0-1,8-9 0-1,8-9 2-3,10-11");
  t.equal(brief(1, { to: "socket" }), "0-3,8-11");
  t.equal(brief(2, { to: "none" }), "- -");
});

void test("ranks that were mapped to parts take CPUs there", async (t) => {
  t.equal(brief(4, { by: "socket", to: "core" }), "0,8 4,12 1,9 5,13");
  t.equal(brief(3, { by: "numa", to: "core" }), "0,8 2,10 4,12");
  t.equal(brief(4, { by: "ppr:2:socket", to: "core" }), "0,8 1,9 4,12 5,13");
  t.equal(
    brief(2, { by: "numa" }),
    "0-1,8-9 2-3,10-11",
    "and are bound to the parts if nothing else is said",
  );
});

void test("several CPUs for each rank", async (t) => {
  t.equal(brief(2, { by: "slot:pe=2" }), "0-1,8-9 2-3,10-11");
  t.equal(brief(2, { by: "socket:pe=3", to: "core" }), "0-2,8-10 4-6,12-14");
  t.equal(brief(2, { by: "slot:pe=3", hwthreads: true }), "0-2 3-5");
  t.equal(brief(1, { by: "slot:pe=3", to: "numa" }), "0-3,8-11", "all parts that hold one of them");
});

void test("--cpu-list leaves some CPUs, or gives one item to each rank", async (t) => {
  t.equal(brief(2, { cpuList: "2-3,10", to: "core" }), "2,10 3");
  t.equal(brief(2, { cpuList: "2-3,10" }), "2-3,10 2-3,10", "all of them without a binding");
  t.equal(brief(2, { cpuList: "0-3,8-11", to: "cpu-list" }), "0-3 8-11");
  t.throws(() => bind(1, { cpuList: "3,77" }), {
    message: /^--cpu-list: there is no CPU 77 for this job on n1; it has 0,1/,
  });
  t.throws(() => bind(3, { cpuList: "0-3,8-11", to: "cpu-list" }), {
    message: /3 ranks on n1, but --cpu-list has 2 items/,
  });
  t.throws(() => bind(1, { to: "cpu-list" }), { message: /say which CPUs, by --cpu-list/ });
});

void test("without a word, ranks are bound only where each has a core and nobody else computes", async (t) => {
  t.equal(brief(2), "- -");
  t.equal(brief(2, { own: true }), "0,8 1,9");
  t.equal(brief(9, { own: true }), Array(9).fill("-").join(" "), "more ranks than cores");
  t.equal(brief(2, { by: "core" }), "0,8 1,9", "or where cores were asked for");
  t.equal(brief(5, { by: "slot:pe=2" }), "- - - - -");
});

void test("ranks share cores only if that is meant", async (t) => {
  t.throws(() => bind(9, { to: "core" }), {
    message:
      "--bind-to core: 9 ranks do not fit on the 8 cores of n1; start fewer there, use --bind-to none, " +
      "or --oversubscribe to let them share",
    exitCode: 2,
  });
  t.throws(() => bind(3, { to: "core", by: "slot:pe=3" }), {
    message: /3 ranks of 3 CPUs each do not fit on the 8 cores/,
  });
  t.same(bind(9, { to: "core", oversubscribe: true }).at(-1), [0, 8]);
  t.equal(bind(9, { to: "numa" }).length, 9, "parts are made to be shared");
});

void test("every rank gets CPUs of its own host, whole parts, and no core twice unless oversubscribed", async () => {
  const shapes = fc.record({
    sockets: fc.integer({ min: 1, max: 3 }),
    numa: fc.integer({ min: 1, max: 3 }),
    cores: fc.integer({ min: 1, max: 4 }),
    threads: fc.integer({ min: 1, max: 2 }),
  });
  const wishes = fc.record({
    to: fc.constantFrom("hwthread", "core", "l3", "numa", "socket"),
    by: fc.constantFrom("slot", "node", "core", "numa", "socket", "ppr:2:numa", "slot:pe=2", "numa:pe=2"),
  });
  fc.assert(
    fc.property(shapes, wishes, fc.integer({ min: 1, max: 20 }), (shape, wish, count) => {
      const topology = machine(shape);
      const level = parseBindTo(wish.to);
      if (level === "none" || level === "cpu-list") return false;
      const parts = partsOf(topology, level).map((part) => part.map((cpu) => cpu.id));
      const shared = bind(count, { ...wish, oversubscribe: true }, topology);
      const whole = shared.every((cpus) => {
        const own = new Set(cpus);
        return (
          own.size > 0 &&
          parts.every((part) => part.every((id) => own.has(id)) || !part.some((id) => own.has(id)))
        );
      });
      if (!whole || shared.length !== count || (level !== "core" && level !== "hwthread")) return whole;
      const alone = outcome(() => bind(count, wish, topology));
      const all = alone?.flatMap((cpus) => cpus ?? []) ?? [];
      return new Set(all).size === all.length;
    }),
    { numRuns: 300 },
  );
});

function outcome<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
