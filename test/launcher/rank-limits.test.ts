import { availableParallelism, totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import { test } from "tap";
import { isCrowded, limitsOf } from "../../launcher/rank-limits.js";

const rank = (...cpus: number[]) => ({ rank: 0, program: 0, cpus, flags: [] });

void test("node's own threads are as many as the rank has CPUs, four at most", async (t) => {
  const flagsOf = (bound: number, localSize: number, options = "") =>
    limitsOf(bound, localSize, options).flags;
  t.match(flagsOf(1, 64)[0], "--v8-pool-size=1");
  t.match(flagsOf(3, 2)[0], "--v8-pool-size=3");
  t.match(flagsOf(64, 1)[0], "--v8-pool-size=4");
  t.match(flagsOf(0, 10_000)[0], "--v8-pool-size=1", "a share of what there is");
  t.equal(limitsOf(1, 1, "").environment["UV_THREADPOOL_SIZE"], "2");
  t.equal(limitsOf(16, 1, "").environment["UV_THREADPOOL_SIZE"], "4");
});

void test("ranks may fill their share of the memory, with a flag only if V8 would not let them; NODE_OPTIONS goes before", async (t) => {
  const limited = process.constrainedMemory();
  const bytes = limited > 0 && limited < totalmem() ? limited : totalmem();
  const own = getHeapStatistics().heap_size_limit;
  for (const localSize of [1, 2, 3, 4, 7, 1000]) {
    const share = Math.floor(bytes / localSize);
    const [flag] = limitsOf(1, localSize, "").flags.filter((other) =>
      other.startsWith("--max-old-space-size"),
    );
    t.equal(flag, share > own ? `--max-old-space-size=${Math.floor(share / 2 ** 20)}` : undefined);
  }
  t.same(limitsOf(1, 1, "--max-old-space-size=99").flags, ["--v8-pool-size=1"]);
});

void test("ranks are crowded if they outnumber the CPUs on which they may run", async (t) => {
  t.notOk(isCrowded(availableParallelism(), [rank()]));
  t.ok(isCrowded(availableParallelism() + 1, [rank()]));
  t.notOk(isCrowded(2, [rank(0), rank(1)]));
  t.ok(isCrowded(2, [rank(5), rank(5)]));
  t.notOk(isCrowded(1, [rank(5)]), "however few CPUs a single rank has");
});
