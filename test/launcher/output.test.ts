import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "tap";
import { LineSplitter } from "../../launcher/line-splitter.js";
import { checkPlace } from "../../launcher/rank-files.js";
import { Folding } from "../../launcher/folding.js";
import { Output } from "../../launcher/output.js";
import { expandPattern } from "../../launcher/output-pattern.js";
import { ranks } from "../../launcher/option-values.js";
import { exportedEnvironment, readExported, travelling } from "../../launcher/exports.js";

const bytes = (text: string) => Buffer.from(text);

function collect(raw = false) {
  const target = new PassThrough();
  const output = new Output(target, raw);
  const write = (rank: number, text: string, tag = "") =>
    output.write({ rank, bytes: bytes(text), tag }, () => undefined);
  const text = () => String(target.read() ?? "");
  return { output, write, text };
}

void test("pieces of lines are passed on line by line", async (t) => {
  const emitted: string[] = [];
  const splitter = new LineSplitter((b) => emitted.push(Buffer.from(b).toString()), { idleMs: 10_000 });
  for (const piece of ["a", "b\nc", "", "d", "\n\ne\n", "f"]) splitter.push(bytes(piece));
  t.same(emitted, ["ab\n", "cd\n\ne\n"]);
  splitter.flush();
  splitter.flush();
  t.same(emitted, ["ab\n", "cd\n\ne\n", "f"]);
});

void test("whatever the pieces, the bytes stay the same", async (t) => {
  const text = Buffer.from("one\ntwo Ω\n\nthree".repeat(50));
  for (let size = 1; size < 40; size++) {
    const emitted: Uint8Array[] = [];
    const splitter = new LineSplitter((b) => emitted.push(b), { limit: 64 });
    for (let i = 0; i < text.length; i += size) splitter.push(text.subarray(i, i + size));
    splitter.flush();
    t.ok(Buffer.concat(emitted).equals(text), `pieces of ${size}`);
  }
});

void test("an unfinished line is passed on when it has been quiet, or is long", async (t) => {
  const emitted: string[] = [];
  const splitter = new LineSplitter((b) => emitted.push(Buffer.from(b).toString()), {
    idleMs: 20,
    limit: 10,
  });
  splitter.push(bytes("name? "));
  t.same(emitted, [], "not at once");
  while (emitted.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.same(emitted, ["name? "]);
  splitter.push(bytes("x".repeat(11)));
  t.equal(emitted.length, 2);
});

void test("a line is not cut because its stream is not read for a while", async (t) => {
  const emitted: string[] = [];
  const splitter = new LineSplitter((b) => emitted.push(Buffer.from(b).toString()), { idleMs: 20 });
  splitter.push(bytes("half a "));
  splitter.hold(true);
  await new Promise((resolve) => setTimeout(resolve, 60));
  splitter.hold(false);
  splitter.push(bytes("line\n"));
  t.same(emitted, ["half a line\n"]);
});

void test("tags stand in front of every line, and once per line", async (t) => {
  const { write, text } = collect();
  for (const piece of ["a\nb\n", "\nname? ", "x\n"]) write(3, piece, "[3] ");
  t.equal(text(), "[3] a\n[3] b\n[3] \n[3] name? x\n");
});

void test("an unfinished line is ended before another rank's, and its rest is marked", async (t) => {
  const { output, write, text } = collect();
  write(1, "one");
  write(2, "two\n");
  write(1, "more");
  output.say("tsmpirun: done");
  write(1, "end\n");
  write(1, "next\n");
  t.equal(text(), "one\ntwo\n…more\ntsmpirun: done\n…end\nnext\n");
});

void test("raw output is left as it is", async (t) => {
  const { write, text } = collect(true);
  write(1, "one");
  write(2, "two\n");
  t.equal(text(), "onetwo\n");
});

void test("what has been written is reported when it is", async (t) => {
  const { output } = collect();
  const written: number[] = [];
  output.write({ rank: 1, bytes: bytes("abc\n"), tag: "[1] " }, () => written.push(1));
  output.write({ rank: 1, bytes: bytes("de"), tag: "[1] " }, () => written.push(2));
  await output.flushed();
  t.same(written, [1, 2]);
});

void test("what several ranks say alike is passed on once, and then told of the others", async (t) => {
  const told: string[] = [];
  const folding = new Folding(
    (ranks, text) => told.push(`${ranks.join()} ${Buffer.from(text).toString()}`),
    10_000,
  );
  const says = (rank: number, text: string) => folding.folds(rank, bytes(text));
  t.notOk(says(2, "oh\n"), "the first copy is never held back");
  t.ok(says(0, "oh\n"));
  t.ok(says(3, "oh\n"));
  t.notOk(says(3, "oh\n"), "nor what a rank says again");
  t.notOk(says(1, "other\n"));
  t.notOk(says(1, "name? "), "nor an unfinished line");
  t.notOk(says(0, "name? "));
  t.notOk(says(0, "(node:12) Warning: x\n"));
  t.ok(says(1, "(node:13) Warning: x\n"), "node's warnings are the same in all processes");
  t.same(told, []);
  folding.flush();
  t.same(told, ["0,3 oh\n", "1 (node:12) Warning: x\n"]);
});

void test("patterns name what they stand for", async (t) => {
  const values = { rank: 7, size: 16, host: "n1", pid: 99, jobId: "a.1", stream: "err", timeMs: 0 } as const;
  t.equal(expandPattern("%r/%g@%h %p %j.%s %4r 100%%", values), "7/16@n1 99 a.1.err 0007 100%");
  t.match(
    expandPattern("%t", { ...values, timeMs: Date.UTC(2026, 0, 1, 1, 2, 3, 45) }),
    /^\d\d:\d\d:03\.045$/,
  );
});

void test("lists of ranks", async (t) => {
  t.same(ranks("--print-ranks", "0,8-11"), [0, 8, 9, 10, 11]);
  for (const wrong of ["", "a", "1-", "3-1", "1,,2", "-1"])
    t.throws(
      () => ranks("--print-ranks", wrong),
      { message: /--print-ranks .*: not a list of ranks/ },
      wrong,
    );
});

void test("-x adds, changes and picks variables", async (t) => {
  const own = { HOME: "/home/ann", OMP_A: "1", OMP_B: "2", GONE: undefined };
  const all = exportedEnvironment(["NEW=a=b\nc", "EMPTY=", "HOME=/tmp", "OMP_*", "OMP_A"], own);
  t.same(all, { HOME: "/tmp", OMP_A: "1", OMP_B: "2", NEW: "a=b\nc", EMPTY: "" });
  t.throws(() => exportedEnvironment(["GONE"], own), {
    message: "-x GONE: not set here; write -x GONE=VALUE",
  });
  t.throws(() => exportedEnvironment(["=1"], own), { message: /no name/ });
  t.throws(() => exportedEnvironment(["X*"], own), {
    message: /-x X\*: nothing that begins with X is set here/,
  });
});

void test("to other hosts goes what makes sense there, or what is named", async (t) => {
  const environment = exportedEnvironment(["NEW=1"], {
    HOME: "/home/ann",
    OMP_A: "1",
    OMP_B: "2",
    PATH: "/bin",
  });
  const sent = (text: string) => travelling(environment, ["NEW=1"], readExported(text));
  t.same(sent("all"), { OMP_A: "1", OMP_B: "2", PATH: "/bin", NEW: "1" });
  t.same(sent("none"), { NEW: "1" });
  t.same(sent("OMP_*,HOME"), { OMP_A: "1", OMP_B: "2", HOME: "/home/ann", NEW: "1" });
  t.throws(() => sent("GONE"), { message: /^--export GONE: not set here/ });
});

void test("files of ranks that cannot be made are an error before the job", async (t) => {
  const folder = t.testdir();
  checkPlace(join(folder, "a/b/%h/%r"));
  t.same(readdirSync(folder), ["a"]);
  t.ok(existsSync(join(folder, "a/b")));
  for (const place of ["/proc/none/x/rank-%4r", "/dev/null/x/%r"])
    t.throws(() => checkPlace(place), {
      message: /--output-dir .*: no files can be written there/,
      exitCode: 2,
    });
});
