import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "tap";
import { maskOf, withCpus } from "../../../launcher/affinity.js";
import { parseCpuList } from "../../../src/topology/cpu-list.js";
import { parseBindTo, parseCpuItems, parseMapBy, parseRankBy } from "../../../launcher/placement/policy.js";
import { describeTopology, partsOf, readTopology } from "../../../src/topology/topology.js";
import { machine } from "./machine.js";

/** Writes what Linux says of a host. */
function linux(root: string, allowed: string): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  write("proc/self/status", `Name:\tnode\nCpus_allowed_list:\t${allowed}\n`);
  write("sys/devices/system/cpu/online", "0-6"); // 7 is off
  for (const cpu of machine({ sockets: 2, numa: 1, cores: 2, threads: 2 })) {
    const folder = `sys/devices/system/cpu/cpu${cpu.id}`;
    write(`${folder}/topology/physical_package_id`, `${cpu.socket}`);
    write(`${folder}/topology/thread_siblings_list`, `${cpu.core},${cpu.core + 4}`);
    if (cpu.socket === 0) write(`${folder}/cache/index3/shared_cpu_list`, "0-1,4-5");
  }
  write("sys/devices/system/node/node0/cpulist", "0-1,4-5");
  write("sys/devices/system/node/node1/cpulist", "2-3,6");
}

const ids = (cpus: readonly { id: number }[]): number[] => cpus.map((cpu) => cpu.id);

void test("the CPUs of a host are those that are on and that this process may use", async (t) => {
  const root = t.testdir();
  linux(root, "0-2,5-7");
  const topology = readTopology(root);
  t.same(ids(topology), [0, 1, 2, 5, 6]);
  t.same(partsOf(topology, "core").map(ids), [[0], [1, 5], [2, 6]]);
  t.same(partsOf(topology, "socket").map(ids), [
    [0, 1, 5],
    [2, 6],
  ]);
  t.same(partsOf(topology, "numa").map(ids), [
    [0, 1, 5],
    [2, 6],
  ]);
  t.same(
    partsOf(topology, "l3").map(ids),
    [
      [0, 1, 5],
      [2, 6],
    ],
    "a socket without the file has one",
  );
  t.same(partsOf(topology, "node").map(ids), [[0, 1, 2, 5, 6]]);
  t.equal(describeTopology(topology), "3 cores, 5 hardware threads");
});

void test("this host has CPUs, and each is in one part at every level", async (t) => {
  const topology = readTopology();
  t.ok(topology.length > 0);
  for (const level of ["hwthread", "core", "l3", "numa", "socket", "node"] as const)
    t.same(
      ids(partsOf(topology, level).flat()).sort((a, b) => a - b),
      ids(topology),
      level,
    );
  t.ok(readTopology(t.testdir()).length > 0, "where Linux says nothing, too");
});

void test("lists of CPUs are read as Linux writes them", async (t) => {
  t.same(parseCpuList("0-3,8,10-14:2\n"), [0, 1, 2, 3, 8, 10, 12, 14]);
  t.same(parseCpuList("\n"), []);
  for (const wrong of ["a", "3-1", "1,,2", "-1", "0-9999999"]) t.equal(parseCpuList(wrong), undefined, wrong);
});

void test("unknown policies are errors, with the nearest known one", async (t) => {
  t.throws(() => parseMapBy("nmua"), { message: /--map-by nmua: "nmua" is not known; did you mean numa\?/ });
  t.throws(() => parseMapBy("constructor"), { message: /is not known/ });
  t.throws(() => parseMapBy("ppr:x:node"), { message: /write ppr:N:node/ });
  t.throws(() => parseMapBy("slot:pe=0"), { message: /"pe=0" is no modifier; known are pe=N/ });
  t.throws(() => parseRankBy("fill"), { message: /choose slot or node/ });
  t.throws(() => parseBindTo("cores"), { message: /did you mean core\?/ });
  t.throws(() => parseCpuItems("0-3,x"), { message: /"x" is no CPU/ });
  t.match(parseMapBy("PPR:2:Package:PE=3,SPAN"), {
    by: "socket",
    per: { count: 2 },
    span: true,
    cpusPerRank: 3,
  });
});

void test(
  "what a bound thread starts is bound, what it starts later is not",
  { skip: process.platform !== "linux" },
  async (t) => {
    t.same([...maskOf([0, 9]).subarray(0, 3)], [1, 2, 0]);
    const own = readTopology();
    const [{ id }] = own;
    t.same(
      withCpus([id], () => ids(readTopology())),
      [id],
    );
    t.same(ids(readTopology()), ids(own));
    t.throws(() => withCpus([8000], () => 0), { message: /cannot bind to CPUs 8000/ });
  },
);
