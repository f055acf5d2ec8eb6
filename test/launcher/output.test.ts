import { PassThrough } from "node:stream";
import { test } from "tap";
import { LineSplitter } from "../../launcher/line-splitter.js";
import { Output } from "../../launcher/output.js";
import { exportedEnvironment } from "../../launcher/exports.js";

const bytes = (text: string) => Buffer.from(text);

function collect(tag = false) {
  const target = new PassThrough();
  const taken: number[] = [];
  const output = new Output(target, { tag, consumed: (_, count) => taken.push(count) });
  const text = () => String(target.read() ?? "");
  return { output, text, taken };
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
  t.same(emitted, []);
  await new Promise((resolve) => setTimeout(resolve, 60));
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
  const { output, text } = collect(true);
  output.write(0, 3, bytes("a\nb\n"));
  output.write(0, 3, bytes("\nname? "));
  output.write(0, 3, bytes("x\n"));
  t.equal(text(), "[3] a\n[3] b\n[3] \n[3] name? x\n");
});

void test("an unfinished line is ended before another rank's", async (t) => {
  const { output, text } = collect();
  output.write(0, 1, bytes("one"));
  output.write(0, 2, bytes("two\n"));
  output.write(0, 1, bytes("more"));
  output.say("tsmpirun: done");
  t.equal(text(), "one\ntwo\nmore\ntsmpirun: done\n");
});

void test("what has been written is reported in bytes as they came", async (t) => {
  const { output, taken } = collect(true);
  output.write(0, 1, bytes("abc\n"));
  output.write(0, 1, bytes("de"));
  await output.flushed();
  t.same(taken, [4, 2]);
});

void test("-x adds, changes and picks variables", async (t) => {
  const own = { HOME: "/home/ann", OMP_A: "1", OMP_B: "2", GONE: undefined };
  const all = exportedEnvironment(["NEW=a=b\nc", "EMPTY=", "HOME=/tmp", "OMP_*", "OMP_A"], own);
  t.same(all, { HOME: "/tmp", OMP_A: "1", OMP_B: "2", NEW: "a=b\nc", EMPTY: "" });
  t.throws(() => exportedEnvironment(["GONE"], own), {
    message: "-x GONE: not set here; write -x GONE=VALUE",
  });
  t.throws(() => exportedEnvironment(["=1"], own), { message: /no name/ });
  t.throws(() => exportedEnvironment(["X*"], own), { message: /-x X\*: not set here/ });
});
