import { readdirSync, readFileSync } from "node:fs";
import { test } from "tap";
import type { ChildProcess } from "node:child_process";
import { program, tsmpirun, type RunOptions } from "./tsmpirun.js";

/** Acts on tsmpirun once all ranks are ready. */
function whenReady(ranks: number, act: (tsmpirun: ChildProcess) => void): RunOptions["watch"] {
  let done = false;
  return (child, stdout) => {
    if (done || (stdout.match(/ready/g)?.length ?? 0) < ranks) return;
    done = true;
    act(child);
  };
}

function inTurn(signals: readonly NodeJS.Signals[], pauseMs = 300): (child: ChildProcess) => void {
  return (child) => signals.forEach((signal, i) => setTimeout(() => child.kill(signal), i * pauseMs));
}

/** The agent: the only child of tsmpirun that runs agent.js. */
function agentOf(launcher: ChildProcess): number {
  const found = readdirSync("/proc").find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      return (
        Number(parent) === launcher.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("agent.js")
      );
    } catch {
      return false;
    }
  });
  return Number(found);
}

interface Case {
  readonly title: string;
  readonly does: readonly string[];
  readonly options?: readonly string[];
  readonly act: (child: ChildProcess) => void;
  readonly code: number | null;
  readonly prints?: readonly RegExp[];
}

const cases: readonly Case[] = [
  { title: "SIGINT", does: ["ready", "all", "child"], act: inTurn(["SIGINT"]), code: 130 },
  { title: "SIGTERM", does: ["ready", "all", "child"], act: inTurn(["SIGTERM"]), code: 143 },
  { title: "SIGHUP", does: ["ready", "all", "spin"], act: inTurn(["SIGHUP"]), code: 129 },
  {
    title: "two SIGINT end ranks that go on after the first, when the grace is over",
    does: ["trap", "all"],
    options: ["--kill-grace", "3"], // in which even slow ranks say what they got
    act: inTurn(["SIGINT", "SIGINT"]),
    code: 130,
    prints: [/rank 0 got SIGINT/, /rank 1 got SIGTERM/],
  },
  {
    title: "three SIGINT end everything at once",
    does: ["trap", "all"],
    act: inTurn(["SIGINT", "SIGINT", "SIGINT"]),
    code: 130,
  },
  {
    title: "tsmpirun is killed",
    does: ["ready", "all", "child"],
    act: (child) => child.kill("SIGKILL"),
    code: null,
  },
  {
    title: "tsmpirun is killed while ranks are in endless loops",
    does: ["ready", "all", "spin"],
    act: (child) => child.kill("SIGKILL"),
    code: null,
  },
  {
    title: "the agent is killed",
    does: ["ready", "all", "child"],
    act: (child) => process.kill(agentOf(child), "SIGKILL"),
    code: 125,
  },
  {
    title: "the agent is killed while ranks are in endless loops",
    does: ["ready", "all", "spin"],
    act: (child) => process.kill(agentOf(child), "SIGKILL"),
    code: 125,
  },
];

void test("nothing is left", { jobs: 2, timeout: 150_000 }, async (t) => {
  for (const { title, does, options = [], act, code, prints = [] } of cases) {
    void t.test(title, { buffered: true }, async (t) => {
      let actedMs = 0;
      const watch = whenReady(2, (child) => {
        actedMs = performance.now();
        act(child);
      });
      const outcome = await tsmpirun(["-n", "2", ...options, program("mishap.ts"), ...does], { watch });
      t.equal(outcome.code, code, outcome.stderr);
      for (const pattern of prints) t.match(outcome.stdout, pattern);
      t.same(outcome.left, []);
      t.ok(performance.now() - actedMs < 20_000, `within ${Math.round(performance.now() - actedMs)} ms`);
    });
  }

  void t.test("a signal before the ranks have started", { buffered: true }, async (t) => {
    const outcome = await tsmpirun(["-n", "2", program("mishap.ts"), "hang", "all"], {
      started: (child) => setTimeout(() => child.kill("SIGTERM"), 150),
    });
    t.ok(outcome.code === 143 || outcome.signal === "SIGTERM", outcome.stderr);
    t.same(outcome.left, []);
  });
});
