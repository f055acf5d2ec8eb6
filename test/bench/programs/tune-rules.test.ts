import { test } from "tap";
import { isClearlyBetter, type Row, rulesOf } from "../../../bench/programs/tune-rules.js";

const steady = (ms: number): number[] => Array.from({ length: 9 }, () => ms);
const row = (bytes: number, usual: number, algorithms: Record<string, number>): Row => ({
  bytes,
  usual: steady(usual),
  algorithms: Object.fromEntries(Object.entries(algorithms).map(([name, ms]) => [name, steady(ms)])),
});

void test("rules name the fastest algorithm of every size, if one is clearly better and none is worse", async (t) => {
  const rows = [
    row(16, 1, { tree: 1, ring: 3 }),
    row(1024, 2, { tree: 1.5, ring: 2 }),
    row(65536, 9, { tree: 12, ring: 5 }),
  ];
  t.same(rulesOf(rows), [{ algorithm: "tree", bytes: 8192 }, { algorithm: "ring" }]);
  t.same(rulesOf(rows.slice(2)), [{ algorithm: "ring" }]);
});

void test("tsmpi's choice is kept where nothing is clearly better, or something is worse", async (t) => {
  t.equal(rulesOf([row(16, 1, { tree: 0.9, ring: 0.95 })]), undefined);
  t.equal(rulesOf([row(16, 1, { tree: 1.2 }), row(1024, 2, { tree: 0.5 })]), undefined);
  t.equal(rulesOf([]), undefined);
  t.equal(rulesOf([row(16, 1, {})]), undefined);
});

void test("what is faster now and then is not clearly better", async (t) => {
  const usual = steady(1);
  t.equal(isClearlyBetter(steady(0.8), usual), true);
  t.equal(isClearlyBetter([2, ...steady(0.8).slice(1)], usual), true, "one slow batch is bad luck");
  t.equal(isClearlyBetter([2, 2, ...steady(0.8).slice(2)], usual), false);
  t.equal(isClearlyBetter(steady(0.9), usual), false);
});
