import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { program, tsmpirun, type RunOptions } from "./tsmpirun.js";

const SIZE = 4;
const place = (text: string): RegExp => new RegExp(`test/launcher/programs/stalls\\.ts:\\d+  .*${text}`);

/** Has tsmpirun report as soon as all ranks are ready, once or several times, and acts once it has. */
function reporting(then: (tsmpirun: ChildProcess) => void, times = 1): RunOptions {
  let asked = false;
  return {
    started: (child) => {
      let [stderr, reports] = ["", 0];
      child.stderr?.on("data", (text: string) => {
        stderr += text;
        const count = stderr.match(/state after/g)?.length ?? 0;
        if (count === reports) return;
        reports = count;
        if (count === times) then(child);
        else child.kill("SIGQUIT");
      });
    },
    watch: (child, stdout) => {
      if (asked || (stdout.match(/ready/g)?.length ?? 0) < SIZE) return;
      asked = true;
      child.kill("SIGQUIT");
    },
  };
}

const end = (child: ChildProcess): void => void child.kill("SIGTERM");

/** Ends the job when something has been said on stderr. */
function endAfter(said: RegExp, laterMs = 0): RunOptions {
  return {
    started: (child) => {
      let stderr = "";
      child.stderr?.on("data", (text: string) => {
        const before = said.test(stderr);
        stderr += text;
        if (!before && said.test(stderr)) setTimeout(() => end(child), laterMs);
      });
    },
  };
}

interface Case {
  readonly title: string;
  readonly way: string;
  readonly options?: readonly string[];
  /** Reports that are asked for, one after the other. */
  readonly times?: number;
  readonly then: (tsmpirun: ChildProcess) => void;
  readonly code: number;
  readonly says: readonly RegExp[];
}

const cases: readonly Case[] = [
  {
    title:
      "a collective that one rank has not called, what that does instead, and their lines, on several hosts",
    way: "absent",
    options: ["--launcher", "fork", "--host", "a:2,b:2"],
    then: end,
    code: 143,
    says: [
      /ranks 0-2 are in allreduce\(sum, float64 × 1024\)/,
      place("world.allreduce"),
      /rank 3 waits for a message from rank 0 with tag 5/,
    ],
  },
  {
    title: "a rank that computes is named with the line that it is in, each time",
    way: "busy",
    times: 2,
    then: end,
    code: 143,
    says: [
      /ranks 1-3 are in barrier\(\) {2}.*world.barrier/,
      /rank 0 has been computing for \d+ s, at/,
      place("while"),
    ],
  },
  {
    title: "ranks that cannot answer, and why",
    way: "dead",
    then: end,
    code: 143,
    says: [
      /ranks 2-3 are in barrier\(\)/,
      /ranks 0-1 tell nothing, see below/,
      /rank 0 does not answer: it sleeps in a call of the system/,
      /rank 1 does not answer: it is stopped/,
    ],
  },
  {
    title: "a communicator of some ranks is reported with ranks of the world; others wait for nothing",
    way: "part",
    then: end,
    code: 143,
    says: [
      /"world\/1", collective #0\n {4}rank 3 is in allreduce\(sum.*\n {4}rank 1 has not called it/,
      /rank 1 waits for a message from rank 3 with any tag on "world\/1"/,
      /=> none of these can go on: rank \d waits for rank \d, \d for \d$/m,
      /ranks 0,2 wait for nothing of tsmpi/,
    ],
  },
  {
    title: "a send that nobody receives",
    way: "send",
    then: end,
    code: 143,
    says: [/rank 0 waits until rank 1 receives a message with tag 9 on "world".*world\.send/],
  },
  {
    title: "the job goes on after a report",
    way: "later",
    then: (child) => void child.kill("SIGUSR2"),
    code: 0,
    says: [/ranks 1-3 are in barrier\(\)/, /rank 0 waits for nothing of tsmpi/],
  },
];

for (const { title, way, options = [], times, then, code, says } of cases)
  test(`SIGQUIT: ${title}`, async (t) => {
    const outcome = await tsmpirun(
      ["-n", `${SIZE}`, ...options, program("stalls.ts"), way],
      reporting(then, times),
    );
    t.equal(outcome.code, code, outcome.stderr);
    for (const pattern of says) t.match(outcome.stderr, pattern);
    t.notMatch(
      outcome.stderr,
      /Debugger|inspector/,
      "node's own words about its inspector are not passed on",
    );
    t.same(outcome.left, []);
  });

test("Ctrl-\\ goes to all processes of a terminal, and only the report is said", async (t) => {
  const toGroup = (child: ChildProcess): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGQUIT");
  };
  let asked = false;
  const { code, stderr } = await tsmpirun(["-n", `${SIZE}`, program("stalls.ts"), "absent"], {
    ownGroup: true,
    started: (child) => {
      child.stderr?.on("data", (text: string) => {
        if (/state after/.test(text)) child.kill("SIGTERM");
      });
    },
    watch: (child, stdout) => {
      if (asked || (stdout.match(/ready/g)?.length ?? 0) < SIZE) return;
      asked = true;
      toGroup(child);
    },
  });
  t.equal(code, 143, stderr);
  t.match(stderr, /^tsmpirun: state after/);
  t.notMatch(stderr, /goroutine|SIGQUIT/);
});

test("--timeout: the message has the report; whole it is in a folder, and in the log of events", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-test-"));
  const log = join(folder, "log");
  const files = ["--dump-dir", join(folder, "a/b"), "--log-json", log];
  const { code, stderr } = await tsmpirun([
    "-n",
    "4",
    "--timeout",
    "8", // by then all wait
    ...files,
    program("stalls.ts"),
    "absent",
  ]);
  t.equal(code, 124);
  t.match(
    stderr,
    /^tsmpirun: ranks 0-3 still ran at the --timeout of 8 s; job aborted, exit code 124\n {2}"world"/m,
  );
  const text = readFileSync(join(folder, "a/b/state-1.txt"), "utf8");
  t.match(text, /"world", collective #1\n {4}ranks 0-2 are in allreduce\(sum, float64 × 1024\)/);
  t.match(text, place("world.allreduce"));
  t.match(text, /rank 3 has not called it/);
  t.match(stderr, `${folder}/a/b/state-1.txt`);
  t.match(JSON.parse(readFileSync(join(folder, "a/b/state-1.json"), "utf8")), { 3: { how: "told" } });
  t.match(readFileSync(log, "utf8"), /"event":"report","why":"timeout"/);
  rmSync(folder, { recursive: true });
});

test("a rank that fails: the message says what the others were doing", async (t) => {
  const others = /other ranks were: ranks 0,2-3 in barrier\(\) #1 "world" {2}.*stalls\.ts:\d+/;
  let [said, tries] = ["", 0];
  // Nobody is waited for longer than 0.6 s, which may be too short where much else runs.
  for (; tries < 5 && !others.test(said); tries++) {
    const { code, stderr } = await tsmpirun(["-n", "4", program("stalls.ts"), "fails"]);
    t.equal(code, 1);
    said = stderr;
  }
  t.match(said, others);
});

test("--wait: what ranks do that go on after the program of another has ended", async (t) => {
  const options = ["-n", "3", "--wait", "0.3"];
  const { code, stderr } = await tsmpirun([...options, program("stalls.ts"), "ends"], endAfter(/still run/));
  t.equal(code, 143);
  t.match(
    stderr,
    /ranks 1-2 still run, 0.3 s after the first rank has ended\n {2}ranks 1-2 wait for nothing of tsmpi\n {2}rank 0 has finalized/,
  );
});

test("--dump-on: nothing is asked on occasions that are left out", async (t) => {
  const options = ["-n", "2", "--dump-on", "quit,stall", "--timeout", "1"];
  const { code, stderr } = await tsmpirun([...options, program("stalls.ts"), "ends"]);
  t.equal(code, 124);
  t.match(stderr, /^tsmpirun: ranks 0-1 still ran at the --timeout of 1 s; job aborted, exit code 124\n$/);
  const wrong = await tsmpirun(["--dump-on", "quit,stal", program("stalls.ts")]);
  t.equal(wrong.code, 2);
  t.match(
    wrong.stderr,
    /--dump-on stal: not known; did you mean stall\? choose quit, timeout, wait, stall or failure/,
  );
});

test("--stall-warn: a job that stands still is reported, once", async (t) => {
  const options = ["-n", "3", "--stall-warn", "0.5"];
  const later = endAfter(/no progress/, 2000); // time for more of them
  const { stderr } = await tsmpirun([...options, program("stalls.ts"), "absent"], later);
  t.match(
    stderr,
    /^tsmpirun: no progress for 0.5 s\n {2}"world", collective #1\n {4}ranks 0-1 are in allreduce/m,
  );
  t.equal(stderr.match(/no progress/g)?.length, 1);
});
