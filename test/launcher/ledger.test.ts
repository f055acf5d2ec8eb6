import { test } from "tap";
import { exitCodeOf, Ledger } from "../../launcher/ledger.js";
import { report } from "../../launcher/report.js";

const exit = (rank: number, code: number, signal = "") => ({
  rank,
  code,
  signal,
  seconds: 1.25,
  outOfMemory: false,
});
const error = (rank: number, text: string, lostPeer?: number) => ({
  rank,
  code: 1,
  aborted: false,
  text,
  lostPeer,
});

function reportOf(ledger: Ledger): string {
  return report(ledger.faults, {
    host: (rank) => `node${rank}`,
    pid: (rank) => 100 + rank,
    seconds: () => 1.25,
    hidden: ["/opt/tsmpi/src/"],
    directory: "/home/ann/work",
    sourceLine: (path, line) => (path.endsWith("invert.ts") ? `call at line ${line};` : undefined),
  });
}

void test("the last hello gives the address book, the last finalize the end", async (t) => {
  const ledger = new Ledger(3);
  t.equal(ledger.hello(2, "tcp://c"), undefined);
  t.equal(ledger.hello(0, "tcp://a"), undefined);
  t.equal(ledger.hello(0, "tcp://a"), undefined, "a second hello of one rank counts once");
  t.same(ledger.hello(1, "tcp://b"), ["tcp://a", "tcp://b", "tcp://c"]);
  t.notOk(ledger.finalize(0));
  t.notOk(ledger.finalize(0));
  t.notOk(ledger.finalize(2));
  t.same(ledger.gone, [0, 2]);
  t.ok(ledger.finalize(1));
  for (const rank of [0, 1, 2]) ledger.exited(exit(rank, 0));
  t.same(ledger.faults, []);
  t.same(ledger.running, []);
});

void test("a program that never calls init may end with 0 at any time", async (t) => {
  const ledger = new Ledger(2);
  ledger.exited(exit(1, 0));
  ledger.exited(exit(0, 0));
  t.same(ledger.faults, []);
});

void test("a rank that ends without init fails once another has called it, before or after", async (t) => {
  const before = new Ledger(2);
  before.exited(exit(1, 0));
  before.hello(0, "");
  const after = new Ledger(2);
  after.hello(0, "");
  after.exited(exit(1, 0));
  for (const { faults } of [before, after]) {
    t.match(faults, [{ rank: 1, how: "absent", others: [0] }]);
    t.equal(exitCodeOf(faults[0]), 1);
  }
});

void test("an error and the exit that follows are one failure, in either order", async (t) => {
  const first = new Ledger(2);
  first.failed(error(1, "Error: it"));
  first.exited(exit(1, 9));
  const second = new Ledger(2);
  second.exited(exit(1, 1));
  second.failed(error(1, "Error: it"));
  t.match(first.faults, [{ rank: 1, how: "error", code: 9, text: "Error: it" }]);
  t.match(second.faults, [{ rank: 1, how: "error", code: 1, text: "Error: it" }]);
});

void test("the cause is the first failure, or the rank whose end it echoes", async (t) => {
  const ledger = new Ledger(4);
  ledger.failed(error(2, "PeerLostError: rank 1 is gone", 1));
  ledger.failed(error(0, "PeerLostError: rank 1 is gone", 1));
  ledger.exited(exit(1, -1, "SIGKILL"));
  t.same(
    ledger.faults.map(({ rank }) => rank),
    [1, 2, 0],
  );
  t.equal(exitCodeOf(ledger.faults[0]), 137);
});

void test("exit codes are those of the rank, never 0", async (t) => {
  const code = (asked: number) => {
    const ledger = new Ledger(1);
    ledger.failed({ ...error(0, ""), code: asked, aborted: true });
    return exitCodeOf(ledger.faults[0]);
  };
  t.same([5, 255, 256, 300, 0, -1].map(code), [5, 255, 1, 1, 1, 1]);
});

void test("the report names the cause, its lines in the user's files, and who failed likewise", async (t) => {
  const ledger = new Ledger(16);
  const text = (rank: number) =>
    [
      `RangeError: damping of rank ${rank} is negative`,
      "    at cgls (/opt/tsmpi/src/solvers/cgls.ts:40:5)",
      "    at invert (file:///home/ann/work/invert.ts:12:9)",
      "    at async /home/ann/work/main.ts:3:1",
      "    at node:internal/process/task_queues:95:5",
    ].join("\n");
  for (const rank of [5, 0, 1, 2, 3, 4]) {
    ledger.failed(error(rank, text(rank)));
    ledger.exited(exit(rank, 1));
  }
  ledger.exited(exit(7, 3));
  ledger.exited(exit(8, 3));
  t.equal(
    reportOf(ledger),
    [
      "tsmpirun: rank 5 (node5, pid 105) exited with code 1 after 1.3 s; job aborted, exit code 1",
      "  RangeError: damping of rank 5 is negative",
      "      at invert (invert.ts:12:9)",
      "        12 | call at line 12;",
      "      at async main.ts:3:1",
      "  the same on ranks 0-4",
      "  then ranks 7-8 exited with code 3",
    ].join("\n"),
  );
});

void test("the report keeps frames of tsmpi if there are no others, and stays short", async (t) => {
  const ledger = new Ledger(1);
  const frames = Array.from({ length: 60 }, (_, i) => `    at f${i} (/opt/tsmpi/src/x.ts:${i}:1)`);
  ledger.failed(error(0, ["Error: deep", ...frames].join("\n")));
  const lines = reportOf(ledger).split("\n");
  t.match(lines[2], /at f0/);
  t.ok(lines.length < 40, `${lines.length} lines`);
  t.match(lines.at(-1), /… 31 more lines/);
});

void test("the cause stands at the end of a chain of echoes; of a ring, it is the first to break", async (t) => {
  const chain = new Ledger(4);
  chain.failed(error(1, "lost 2", 2));
  t.ok(chain.unexplained, "until the end of rank 2 is known");
  chain.failed(error(2, "lost 3", 3));
  chain.failed(error(3, "the cause"));
  t.equal(chain.faults[0].rank, 3);
  t.notOk(chain.unexplained);
  const ring = new Ledger(3);
  for (const rank of [1, 0, 2]) ring.failed(error(rank, "lost the next", (rank + 1) % 3));
  t.equal(ring.faults[0].rank, 1);
  const end = new Ledger(2);
  end.failed(error(0, "lost 1", 1));
  end.exited(exit(1, 0, "SIGKILL"));
  t.equal(end.faults[0].rank, 1);
});
