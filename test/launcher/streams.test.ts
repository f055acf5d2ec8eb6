import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type Test } from "tap";
import { program, tsmpirun } from "./tsmpirun.js";

const say = program("say.ts");
const read = program("read.ts");

function sorted(text: string): string[] {
  return text.trim().split("\n").sort();
}

function folder(t: Pick<Test, "teardown">): string {
  const path = mkdtempSync(join(tmpdir(), "tsmpi-output-"));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

void test("what ranks print", { jobs: 2, timeout: 240_000 }, async (t) => {
  void t.test("3 MB right before process.exit() arrive whole, from this host and another", async (t) => {
    for (const on of [
      ["-n", "2"],
      ["--launcher", "fork", "--host", "a:1,b:1"],
    ]) {
      const { stdout, code } = await tsmpirun([...on, say, "megabytes"]);
      t.equal(code, 0);
      const lines = stdout.split("\n");
      t.same(lines.filter((line) => /^end of [01]$/.test(line)).sort(), ["end of 0", "end of 1"]);
      t.equal(stdout.replace(/[^x]/g, "").length, 6e6, on.join(" "));
    }
  });

  void t.test("tags, times, and both streams in one", async (t) => {
    const { stdout, stderr } = await tsmpirun([
      ...["--tag-format", "%t|%r/%g@%h", "--merge-stderr-to-stdout", "-n", "2"],
      ...[say, "streams"],
    ]);
    t.equal(stderr, "");
    for (const line of sorted(stdout))
      t.match(line, /^\d\d:\d\d:\d\d\.\d{3}\|([01])\/2@localhost (out|err) of \1$/);
    const timed = await tsmpirun(["--timestamp", "--tag", "-n", "1", say, "streams"]);
    t.match(timed.stdout, /^\d\d:\d\d:\d\d\.\d{3} \[0\] out of 0\n$/);
  });

  void t.test("files for each rank, and what is shown besides", async (t) => {
    const path = folder(t);
    const quiet = await tsmpirun(["-n", "2", "--output-dir", path, say, "streams"]);
    t.equal(quiet.stdout + quiet.stderr, "");
    t.same(readdirSync(path).sort(), ["rank-0000.err", "rank-0000.out", "rank-0001.err", "rank-0001.out"]);
    t.equal(readFileSync(join(path, "rank-0001.err"), "utf8"), "err of 1\n");
    const pattern = join(path, "%h", "%r.txt");
    const shown = await tsmpirun(["-n", "2", "--tee", "--output-pattern", pattern, "--tag", say, "streams"]);
    t.same(sorted(shown.stdout), ["[0] out of 0", "[1] out of 1"]);
    t.same(sorted(readFileSync(join(path, "localhost", "0.txt"), "utf8")), ["err of 0", "out of 0"]);
    const nowhere = await tsmpirun(["-n", "1", "--output-dir", join(path, "rank-0000.out"), say, "streams"]);
    t.match(
      nowhere.stderr,
      /^tsmpirun: .*rank-0000.out\/rank-0000.out cannot be written, its output is lost/m,
    );
    t.equal(nowhere.code, 0);
  });

  void t.test("some ranks only, and the last words of one that fails", async (t) => {
    const some = await tsmpirun(["-n", "3", "--print-ranks", "1-2", say, "streams"]);
    t.same(sorted(some.stdout), ["out of 1", "out of 2"]);
    const fails = await tsmpirun(["-n", "3", "--print-ranks", "0", say, "die", "2"]);
    t.equal(fails.code, 3);
    t.match(
      fails.stderr,
      /rank 2 .*exited with code 3.*\n {2}last lines of its stderr:\n {4}rank 2 is unhappy\n/,
    );
  });

  void t.test("the same error of many ranks is one line more", async (t) => {
    const { stderr } = await tsmpirun(["-n", "4", say, "same"]);
    t.match(stderr, /^could not open the file\n\[ranks? [0-3,-]+\] could not open the file\n$/);
  });

  void t.test("exit codes, a job that outlives a failure, and who is late", async (t) => {
    const codes = await tsmpirun(["-n", "3", "--no-abort-on-exit", "--print-exit-codes", say, "die", "1"]);
    t.equal(codes.code, 3);
    t.match(codes.stderr, /^tsmpirun: exit codes: 0: ranks 0,2; 3: rank 1$/m);
    const end = join(folder(t), "end");
    const late = await tsmpirun(["-n", "2", "--wait", "0.2", say, "last", "1", end], {
      started: (child) =>
        child.stderr?.on("data", (text: string) => {
          if (text.includes("still runs")) writeFileSync(end, "");
        }),
    });
    t.equal(late.code, 0);
    t.match(late.stderr, /^tsmpirun: rank 1 still runs, 0.2 s after the first rank has ended$/m);
  });

  void t.test("a signal that is passed on only if asked for", async (t) => {
    let sent = false;
    const { stdout, code } = await tsmpirun(["-n", "2", "--forward-signals", "USR1", say, "signal"], {
      watch(child, text) {
        if (sent || text.match(/ready/g)?.length !== 2) return;
        sent = true;
        child.kill("SIGUSR1");
      },
    });
    t.equal(code, 0);
    t.equal(stdout.match(/got SIGUSR1/g)?.length, 2);
  });
});

void test("what ranks read", { jobs: 2, timeout: 240_000 }, async (t) => {
  const input = "hello".repeat(100_000);
  const none = (rank: number) => `${rank}: 0 -`;
  const all = (rank: number) => `${rank}: 500000 hello`;
  const here = ["-n", "3"];
  const there = ["--launcher", "fork", "--host", "a:1,b:2"];
  const cases: readonly [title: string, args: readonly string[], readers: readonly number[]][] = [
    ["rank 0 by default", here, [0]],
    ["a rank that is named", [...here, "--stdin", "1"], [1]],
    ["a rank of another agent", [...there, "--stdin", "2"], [2]],
    ["all of them, on several hosts", [...there, "--stdin", "all"], [0, 1, 2]],
    ["all of them, on one host", [...here, "--stdin", "all"], [0, 1, 2]],
    ["none", [...here, "--stdin", "none"], []],
  ];
  for (const [title, args, readers] of cases)
    void t.test(title, async (t) => {
      const { stdout, code, stderr } = await tsmpirun([...args, read], { input });
      t.equal(code, 0, stderr);
      t.same(
        sorted(stdout),
        [0, 1, 2].map((rank) => (readers.includes(rank) ? all(rank) : none(rank))),
      );
    });

  void t.test("a job that does not read to the end ends all the same", async (t) => {
    const { code, left } = await tsmpirun([...here, "--stdin", "all", say, "streams"], {
      input: input.repeat(10),
    });
    t.equal(code, 0);
    t.same(left, []);
  });
});
