import { test } from "tap";
import type { DType } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";

const of = (dtype: DType, ...numbers: number[]) => LocalArray.from([numbers.length], numbers, dtype);

void test("reductions of a local array are NumPy's", async (t) => {
  const x = LocalArray.from([2, 3], [3, -1, 4, 1, -5, 9]);
  t.equal(await x.sum(), 11);
  t.equal(await x.prod(), 540);
  t.equal(await x.mean(), 11 / 6);
  t.same([await x.min(), await x.max(), await x.argmin(), await x.argmax()], [-5, 9, 4, 5]);
  t.same([...(await x.sum({ axis: 0 })).local], [4, -6, 13]);
  t.same([...(await x.mean({ axis: 1 })).local], [2, 5 / 3]);
  t.same([...(await x.argmax({ axis: 0 })).local], [0, 0, 1]);
  t.same([...(await x.argmin({ axis: -1 })).local], [1, 1]);
  t.same((await x.sum({ axis: [0, 1] })).space.dims, [1]);
  t.same([...(await x.norm(1, { axis: 1 })).local], [8, 15]);
  const positive = x.greater(0);
  t.equal(await x.sum({ where: x.like().copyFrom(positive) }), 17);
  t.same([...(await x.mean({ axis: 0, where: positive })).local], [2, NaN, 6.5]);
  t.same([...(await x.argmin({ axis: 0, where: positive })).local], [1, -1, 0]);
  const z = LocalArray.from([2], [1, 2, 3, -1], "complex64");
  t.same(await z.sum(), { re: 4, im: 1 });
  t.same(await z.prod(), { re: 5, im: 5 });
  t.same(await z.mean(), { re: 2, im: 0.5 });
  t.equal((await z.norm(2, { axis: 0 })).dtype, "float32");
});

void test("NaN wins, the first of equal ones is the place, and of nothing there is no largest", async (t) => {
  t.ok(Number.isNaN(await of("float64", 1, NaN, -Infinity, NaN).min()));
  t.equal(await of("float64", 1, NaN, -Infinity, NaN).argmin(), 1);
  t.equal(await of("float64", 2, 7, 7).argmax(), 1);
  t.equal(await of("float64", -Infinity, -Infinity).argmax(), 0);
  const empty = new LocalArray([0, 2]);
  t.same([await empty.sum(), await empty.prod(), await empty.mean()], [0, 1, NaN]);
  await t.rejects(empty.max(), /of \[0, 2\], which has no elements/);
  await t.rejects(new LocalArray([0], "complex64").max(), /of \[0\], which has no elements/);
  await t.rejects(empty.sum({ axis: 2 }), /axis 2 of an array with 2 axes/);
  await t.rejects(empty.sum({ axis: [0, -2] }), /name each once/);
  await t.rejects(empty.norm(NaN), /order NaN/);
  await t.rejects(new LocalArray([2, 2]).argmax({ axis: [0, 1] }), /give one axis, or none/);
});

void test("norms neither overflow nor vanish, and sums keep what float32 would lose", async (t) => {
  t.ok(Math.abs((await of("float64", 3e200, 4e200).norm()) / 5e200 - 1) < 1e-15);
  t.ok(Math.abs((await of("float64", 3e-200, -4e-200).norm()) / 5e-200 - 1) < 1e-15);
  t.ok(Math.abs((await of("float64", 1e200, 1e200).norm(3)) / (2 ** (1 / 3) * 1e200) - 1) < 1e-14);
  t.equal(await of("float64", 0, 0).norm(), 0);
  t.equal(await of("float64", Infinity, 1).norm(), Infinity);
  t.ok(Number.isNaN(await of("float64", NaN, 1).norm()));
  t.equal(await of("float64", 1, -8).norm(1 / 3), (1 + 2) ** 3);
  const many = new LocalArray([2 ** 18], "float32").fill(0.1);
  t.ok(Math.abs(Number(await many.sum()) - 2 ** 18 * many.local[0]) < 1e-9);
  t.equal(await new LocalArray([3], "int32").fill(2 ** 31 - 1).sum(), 3 * (2 ** 31 - 1));
});
