import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { debugFlags, listInspectors } from "../../launcher/debugging.js";
import { readDebug } from "../../launcher/debug-options.js";
import { plainHost } from "../../launcher/hostfile.js";
import type { Placement } from "../../launcher/placement/place.js";
import { program, tsmpirun } from "./tsmpirun.js";

const host = (name: string): Placement["host"] => {
  return { ...plainHost, name, slots: 2, origin: "--host", topology: undefined };
};
const placements: readonly Placement[] = [
  { host: host("a"), ranks: [0, 2] },
  { host: { ...host("b"), user: "ann" }, ranks: [1, 3] },
];
const isHere = (placement: Placement): boolean => placement.host.name === "a";

void test("inspectors listen on their own host only, and are listed with the way there", async (t) => {
  const debug = readDebug({ inspect: "0,3" });
  t.same(debugFlags(debug, 0), ["--inspect=127.0.0.1:9229"]);
  t.same(debugFlags(debug, 1), []);
  t.same(listInspectors(debug, placements, isHere).slice(1), [
    "  rank 0 on a: 127.0.0.1:9229",
    "  rank 3 on b: 127.0.0.1:9232, through ssh -N -L 9232:127.0.0.1:9232 ann@b",
  ]);
  const all = readDebug({ "inspect-brk": true, "inspect-port": "4000" });
  t.same(debugFlags(all, 3), ["--inspect-brk=127.0.0.1:4003"]);
  t.equal(listInspectors(all, placements, isHere).length, 5);
  t.same(listInspectors(readDebug({}), placements, isHere), []);
});

void test("ranks and ports that are not there are errors", async (t) => {
  const list = (flags: Parameters<typeof readDebug>[0]) =>
    listInspectors(readDebug(flags), placements, isHere);
  t.throws(() => list({ inspect: "4" }), { message: /there is no rank 4; the job has ranks 0 to 3/ });
  t.throws(() => list({ inspect: true, "inspect-port": "65535" }), { message: /too few ports above it/ });
  t.throws(() => list({ inspect: "x" }), { message: /--inspect x: not a list of ranks/ });
  t.throws(() => list({ inspect: true, "inspect-brk": true }), { message: /keep one of them/ });
  t.throws(() => list({ "inspect-port": "0" }), { message: /--inspect-port 0: not a port/ });
});

void test("every rank writes its profile, and every event is a line", async (t) => {
  const folder = t.testdir();
  const log = join(folder, "log");
  const profiles = ["--cpu-prof", "--prof-dir", join(folder, "prof")];
  const { code, left } = await tsmpirun(["-n", "2", ...profiles, "--log-json", log, program("where.ts")]);
  t.equal(code, 0);
  t.same(left, []);
  t.same(readdirSync(join(folder, "prof")).sort(), ["rank-0000.cpuprofile", "rank-0001.cpuprofile"]);
  const events = eventsOf(log);
  const names = events.map(({ event }) => event);
  t.same([...new Set(names)], ["map", "agent", "start", "ready", "exit", "end", "timing"]);
  t.match(events[0], { size: 2, hosts: [{ host: "localhost", ranks: [0, 1] }] });
  t.same(events.flatMap(({ event, rank }) => (event === "exit" ? [rank] : [])).sort(), [0, 1]);
  const { readyMs = 0, endedMs = 0 } = events.at(-1) ?? {};
  t.ok(0 < readyMs && readyMs <= endedMs, "phases follow each other");
});

void test("the log of a job that fails has the failure and the end that it made", async (t) => {
  const log = join(t.testdir(), "log");
  const { code } = await tsmpirun(["-n", "2", "--log-json", log, program("where.ts"), "fail", "1"]);
  t.equal(code, 1);
  const events = eventsOf(log);
  t.match(
    events.find(({ event }) => event === "failure"),
    { rank: 1, host: "localhost", text: /on purpose/ },
  );
  t.match(
    events.find(({ event }) => event === "abort"),
    { code: 1, text: /rank 1 .*on purpose/s },
  );
  t.match(
    events.find(({ event }) => event === "end"),
    { code: 1 },
  );
  const refused = await tsmpirun(["--log-json", "/no/folder/log", program("where.ts")]);
  t.equal(refused.code, 2);
  t.match(refused.stderr, /--log-json \/no\/folder\/log: cannot be written/);
});

interface Event {
  readonly event: string;
  readonly rank?: number;
  readonly readyMs?: number;
  readonly endedMs?: number;
}

function eventsOf(path: string): Event[] {
  const parse: (line: string) => Event = JSON.parse;
  return readFileSync(path, "utf8").trim().split("\n").map(parse);
}
