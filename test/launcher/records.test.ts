import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { Clocks } from "../../launcher/clocks.js";
import { StallWatch } from "../../launcher/stall-watch.js";
import { statsTable } from "../../launcher/stats-table.js";
import type { Finding } from "../../launcher/survey.js";
import type { ChromeEvent } from "../../src/comm/trace.js";
import { hostClockMs } from "../../src/host-clock.js";
import { program, tsmpirun } from "./tsmpirun.js";

const script = program("records.ts");
const parseTrace: (json: string) => { readonly traceEvents: readonly ChromeEvent[] } = JSON.parse;

for (const hosts of [
  ["-n", "4"],
  ["--launcher", "fork", "--host", "a:2,b:2"],
])
  test(`--stats and --trace count every call of every rank: ${hosts.join(" ")}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "tsmpi-test-"));
    const file = join(folder, "trace.json");
    const { code, stderr } = await tsmpirun([...hosts, "--stats", "--trace", file, script]);
    t.equal(code, 0, stderr);
    t.match(stderr, /^ {2}allreduce +12 +12 KiB +\S+ m?s +\S+ m?s \(\d\) +\S+ m?s \(\d\)$/m);
    t.match(stderr, /^ {2}recv +4 +512 B /m);
    t.match(stderr, /^ {2}barrier +4 +0 B /m, "of duplicates too");
    const { traceEvents } = parseTrace(readFileSync(file, "utf8"));
    for (const [name, count] of [
      ["allreduce", 12],
      ["iteration", 12],
      ["barrier", 4],
      ["process_name", 4],
    ] as const)
      t.equal(traceEvents.filter((event) => event.name === name).length, count, name);
    t.same(new Set(traceEvents.map(({ pid }) => pid)), new Set([0, 1, 2, 3]), "a process for each rank");
    const barriers = traceEvents.filter(({ name }) => name === "barrier");
    const lastBegin = Math.max(...barriers.map(({ ts }) => ts));
    const firstEnd = Math.min(...barriers.map(({ ts, dur = 0 }) => ts + dur));
    t.ok(
      firstEnd > lastBegin - 500,
      "no rank leaves the barrier half a millisecond before all have come, on one axis of time",
    );
    rmSync(folder, { recursive: true });
  });

test("--stats of ranks that leave by process.exit, and by the end of the job; of a killed one nothing", async (t) => {
  const exits = await tsmpirun(["-n", "2", "--stats", script, "exit"]);
  t.match(exits.stderr, /^ {2}allreduce +6 +6 KiB/m);
  const killed = await tsmpirun(["-n", "2", "--stats", script, "kill"]);
  t.equal(killed.code, 137);
  t.match(killed.stderr, /^ {2}allreduce +3 +3 KiB/m);
  t.match(killed.stderr, /nothing has come from rank 1$/m);
});

test("--trace to where nothing can be written is an error before anything starts", async (t) => {
  const { code, stderr } = await tsmpirun(["-n", "2", "--trace", "/proc/none/x.json", script]);
  t.equal(code, 2);
  t.match(stderr, /--trace \/proc\/none\/x\.json: cannot be written/);
});

test("statistics: sums over ranks, and who waited least and most", (t) => {
  const rank = (waitMs: number) => ({
    calls: { barrier: { calls: 2, bytes: 0, waitMs }, recv: { calls: 1, bytes: 2 ** 20, waitMs: 1 } },
    messages: 3,
    bytes: 100,
    overlapped: 1,
  });
  const lines = statsTable(
    new Map([
      [2, rank(400)],
      [0, rank(1200)],
      [1, rank(10)],
    ]),
    5,
  );
  t.same(lines, [
    "  operation  calls  bytes  waited  least (rank)  most (rank)",
    "  barrier        6    0 B  1.61 s   10.0 ms (1)   1.20 s (0)",
    "  recv           3  3 MiB  3.0 ms    1.0 ms (0)   1.0 ms (2)",
    "  9 messages with 300 B were handed to the transport; 3 requests were complete when they were awaited",
    "  nothing has come from ranks 3-4",
  ]);
  t.end();
});

test("clocks: what a host's clock is ahead is known within the time of the fastest answer", (t) => {
  const ahead = [0, 5000, -250_000];
  let open: (readonly [number, number])[] = [];
  const clocks = new Clocks((nodeRank, id) => open.push([nodeRank, id]));
  const begun = hostClockMs();
  clocks.ask(ahead.keys());
  let answers = 0;
  while (open.length > 0) {
    const asked = open;
    open = [];
    for (const [nodeRank, id] of asked) clocks.heard(id, hostClockMs() + ahead[nodeRank]);
    answers += asked.length;
  }
  const most = hostClockMs() - begun;
  t.equal(answers, 24, "eight questions each");
  for (const [nodeRank, ms] of ahead.entries())
    t.ok(Math.abs(clocks.aheadMs(nodeRank) - ms) <= most, `${clocks.aheadMs(nodeRank)} for ${ms}`);
  t.end();
});

test("stalls are told once each, and not while any rank begins something or nobody waits", async (t) => {
  let [told, looks, progress, waits] = [0, 0, 0, true];
  const finding = (progress: number): Finding => ({
    how: "told",
    state: { progress, busyMs: 0, waits, place: "", comms: [], pending: [], pendingCount: 0 },
  });
  let moving = true;
  const ask = (): Promise<ReadonlyMap<number, Finding>> => {
    looks++;
    if (moving) progress++;
    return Promise.resolve(
      new Map([
        [0, finding(0)],
        [1, finding(progress)],
      ]),
    );
  };
  const watch = new StallWatch(20, ask, () => told++);
  const later = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const looked = (more: number): Promise<void> => {
    const until = looks + more;
    return later(() => looks >= until);
  };
  await looked(12);
  t.equal(told, 0, "rank 1 moves");
  moving = false;
  await later(() => told > 0);
  await looked(12);
  t.equal(told, 1, "one stall, told once");
  moving = true;
  await looked(2);
  moving = false;
  await later(() => told > 1);
  waits = false;
  moving = true;
  await looked(2);
  moving = false;
  await looked(12);
  t.equal(told, 2, "nobody waits");
  watch.stop();
});
