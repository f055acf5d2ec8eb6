import { test } from "tap";
import { readTopology } from "../../src/topology/topology.js";
import { program, tsmpirun } from "./tsmpirun.js";

const appnum = program("appnum.ts");
const where = program("where.ts");
const fork = ["--launcher", "fork"];

void test("several programs are one world, and each rank knows which one it runs", async (t) => {
  const { code, stdout, stderr, left } = await tsmpirun([
    ...["-n", "1", appnum, "first", ":", "-n", "2", "-x", "UV_THREADPOOL_SIZE=3", appnum, "second"],
  ]);
  t.equal(stderr, "");
  t.equal(code, 0);
  const ranks = stdout.trim().split("\n");
  t.same(
    ranks.map((line) => line.split(" ").slice(0, 4).join(" ")),
    ["0 0 0 first", "1 1 1 second", "2 1 1 second"],
  );
  t.match(ranks[0], /first [2-4] --v8-pool-size=[1-4]$/, "no more threads than the rank has CPUs");
  t.match(ranks[1], /second 3 /, "unless a variable says otherwise");
  t.same(left, []);
});

void test("ranks are numbered across hosts, and find each other, by node", async (t) => {
  const { code, stdout, left } = await tsmpirun([...fork, "--host", "a:2,b:1", "--map-by", "node", where]);
  t.equal(code, 0);
  t.same(stdout.trim().split("\n"), ["0@a 0/2 0/2 shm+tcp 6", "1@b 0/1 1/2 tcp 6", "2@a 1/2 0/2 shm+tcp 6"]);
  t.same(left, []);
});

void test("--dry-run shows where ranks would run, and starts nothing", async (t) => {
  const hosts = [...fork, "--host", "a:4,b:4", "--display", "alloc,map,bind"];
  const { code, stdout, stderr } = await tsmpirun([
    ...hosts,
    "-N",
    "1",
    "--bind-to",
    "none",
    "--dry-run",
    where,
  ]);
  t.equal(stderr, "");
  t.equal(code, 0);
  t.match(stdout, /^allocation: 8 slots on 2 hosts\n {2}a: 4 slots, \d+ cores?.* \(--host\)\n/);
  t.match(
    stdout,
    /map: 2 ranks on 2 hosts\n {2}a: rank 0\n {2}b: rank 1\nrank 0 on a: not bound\nrank 1 on b: not bound\n$/,
  );
  const two = await tsmpirun([
    "--dry-run",
    "--display",
    "env,topo",
    "-n",
    "1",
    "-x",
    "A=1",
    where,
    ":",
    "-n",
    "1",
    where,
  ]);
  t.match(two.stdout, /topology of localhost: .*\n {2}NUMA node \d+, socket/);
  t.match(two.stdout, /environment of rank 0 on localhost:\n(?: {2}.*\n)* {2}A=1\n/);
  t.match(two.stdout, /^ {2}UV_THREADPOOL_SIZE=\d+$/m);
  t.match(two.stdout, /^ {2}node --v8-pool-size=\d/m);
});

void test(
  "ranks run on the CPUs to which they are bound",
  { skip: process.platform !== "linux" },
  async (t) => {
    const [{ id }] = readTopology();
    const bound = ["-n", "1", "--cpu-list", `${id}`, "--bind-to", "core", "--report-bindings"];
    const { code, stdout, stderr } = await tsmpirun([...bound, program("cpus.ts")]);
    t.equal(code, 0);
    t.equal(stdout, `0: ${id}\n`);
    t.match(
      stderr,
      new RegExp(`^rank 0 on localhost: CPUs ${id} \\(core \\d+, socket \\d+, NUMA node \\d+\\)$`, "m"),
    );
  },
);

void test("what does not fit is refused before anything starts", async (t) => {
  const crowded = await tsmpirun(["-n", "4000", "--bind-to", "core", "--oversubscribe", "--dry-run", where]);
  t.equal(crowded.code, 0, "unless it is meant");
  const cases: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
    [
      ["-n", "4000", "--bind-to", "core"],
      /--bind-to core: 4000 ranks do not fit on the \d+ cores? of localhost/,
    ],
    [["--host", "a:1", "--exclude", "b"], /--exclude b: no such host/],
    [["-n", "3", "--no-oversubscribe", "--host", "a:2"], /3 ranks exceed the 2 slots: a 2, from --host/],
    [["--cpu-list", "4001"], /--cpu-list: there is no CPU 4001/],
  ];
  for (const [argv, says] of cases) {
    const { code, stderr, left } = await tsmpirun([...fork, ...argv, where]);
    t.equal(code, 2, argv.join(" "));
    t.match(stderr, says);
    t.same(left, []);
  }
});

void test("an order that changes nothing, or what it costs, is said; with --strict that is an error", async (t) => {
  const order = ["--launcher", "fork", "--rank-by", "node", "--host"];
  const useless = await tsmpirun([...order, "a:1,b:1", where]);
  t.equal(useless.code, 0);
  t.match(useless.stderr, /^tsmpirun: --rank-by node has no effect/);
  const strict = await tsmpirun(["--strict", ...order, "a:2,b:2", where]);
  t.equal(strict.code, 2);
  t.match(strict.stderr, /^tsmpirun: --rank-by node: ranks that follow each other .* \(--strict\)$/m);
});
