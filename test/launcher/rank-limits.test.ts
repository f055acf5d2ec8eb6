import { availableParallelism } from "node:os";
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

void test("ranks share the memory of their host, and have some however many they are; NODE_OPTIONS goes before", async (t) => {
  const heap = (localSize: number): number =>
    Number(/--max-old-space-size=(\d+)/.exec(limitsOf(1, localSize, "").flags.join(" "))?.[1]);
  t.ok(heap(1) >= 2 * heap(2) - 1 || heap(2) === 512);
  t.equal(heap(1_000_000), 512);
  t.same(limitsOf(1, 1, "--max-old-space-size=99").flags, ["--v8-pool-size=1"]);
});

void test("ranks are crowded if they outnumber the CPUs on which they may run", async (t) => {
  t.notOk(isCrowded(availableParallelism(), [rank()]));
  t.ok(isCrowded(availableParallelism() + 1, [rank()]));
  t.notOk(isCrowded(2, [rank(0), rank(1)]));
  t.ok(isCrowded(2, [rank(5), rank(5)]));
  t.notOk(isCrowded(1, [rank(5)]), "however few CPUs a single rank has");
});
