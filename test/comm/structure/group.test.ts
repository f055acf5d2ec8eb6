import fc from "fast-check";
import { test } from "tap";
import { Group } from "../../../src/comm/structure/group.js";
import { PROC_NULL } from "../../../src/comm/types.js";

const SELF = 3;
const of = (...ranks: number[]): Group => new Group(ranks, SELF);
const anyGroup = fc.uniqueArray(fc.nat(9)).map((ranks) => of(...ranks));

test("a group knows its size, the caller's rank in it, and may be empty", async (t) => {
  t.match(of(5, 3, 1), { size: 3, rank: 1, ranks: [5, 3, 1] });
  t.equal(of(5).rank, undefined);
  t.match(of(), { size: 0, rank: undefined, ranks: [] });
  t.match(of(5, 3).incl([]), { size: 0 });
  t.throws(() => (of(1, 2).ranks as number[]).push(3), TypeError, "a value: it does not change");
});

test("incl and excl take ranks of the group; ranges include their last rank", async (t) => {
  const group = of(10, 11, 12, 13, 14, 15, 16, 17);
  t.strictSame(group.incl([2, 0]).ranks, [12, 10]);
  t.strictSame(group.excl([2, 0]).ranks, [11, 13, 14, 15, 16, 17]);
  t.strictSame(
    group.rangeIncl([
      [0, 6, 2],
      [7, 7],
    ]).ranks,
    [10, 12, 14, 16, 17],
  );
  t.strictSame(group.rangeIncl([[7, 5, -1]]).ranks, [17, 16, 15]);
  t.strictSame(group.rangeIncl([[1, 3]]).ranks, [11, 12, 13]);
  t.strictSame(
    group.rangeExcl([
      [0, 6, 2],
      [7, 7],
    ]).ranks,
    [11, 13, 15],
  );
  t.strictSame(group.rangeIncl([[3, 2]]).ranks, []);
});

test("wrong ranks are errors that name them and the size", async (t) => {
  const group = of(1, 2);
  t.throws(() => group.incl([2]), /2 is not a rank of a group of 2/);
  t.throws(() => group.excl([-1]), /-1 is not a rank of a group of 2/);
  t.throws(() => group.incl([0, 0]), /rank 0 comes twice/);
  t.throws(() => group.translate([5], of()), /5 is not a rank of a group of 2/);
  t.throws(() => group.rangeIncl([[0, 1, 0]]), /step other than 0/);
});

test("translate: ranks of the other group; PROC_NULL stays, who is not in it is undefined", async (t) => {
  t.strictSame(of(4, 5, 6).translate([0, 2, PROC_NULL, 1], of(6, 4)), [1, 0, PROC_NULL, undefined]);
});

test("union, intersection and difference are those of sets, in the order of the first", async () => {
  fc.assert(
    fc.property(anyGroup, anyGroup, (a, b) => {
      const union = a.union(b).ranks;
      const onlyB = b.difference(a).ranks;
      const both = a.intersection(b).ranks;
      const onlyA = a.difference(b).ranks;
      return (
        [...a.ranks, ...onlyB].join() === union.join() &&
        a.ranks.filter((rank) => b.ranks.includes(rank)).join() === both.join() &&
        a.ranks.filter((rank) => !b.ranks.includes(rank)).join() === onlyA.join() &&
        new Set(union).size === union.length
      );
    }),
  );
});

test("compare: identical, similar, unequal", async (t) => {
  t.equal(of(1, 2).compare(of(1, 2)), "identical");
  t.equal(of(1, 2).compare(of(2, 1)), "similar");
  t.equal(of(1, 2).compare(of(1, 3)), "unequal");
  t.equal(of(1, 2).compare(of(1)), "unequal");
  t.equal(of().compare(of()), "identical");
  fc.assert(
    fc.property(
      anyGroup,
      (a) => a.compare(of(...[...a.ranks].reverse())) === (a.size < 2 ? "identical" : "similar"),
    ),
  );
});
