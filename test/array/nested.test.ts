import { test } from "tap";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import type { DType } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import { simulate } from "../../src/comm/simulate.js";

void test("LocalArray.from takes numbers as they are written down, like numpy.array", (t) => {
  const matrix = LocalArray.from([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
  t.same([matrix.shape, matrix.ndim, matrix.size, matrix.dtype], [[2, 3], 2, 6, "float64"]);
  t.same([...matrix.local], [1, 2, 3, 4, 5, 6]);
  t.equal(LocalArray.from([1, 2], "int32").dtype, "int32");
  t.equal(LocalArray.from(Float32Array.of(1, 2)).dtype, "float32");
  const complex = LocalArray.from([[1, { re: 0, im: 1 }]]);
  t.same([complex.dtype, complex.shape, [...complex.local]], ["complex128", [1, 2], [1, 0, 0, 1]]);
  t.same(LocalArray.from([[], []]).shape, [2, 0]);
  const wrong: [unknown, RegExp][] = [
    [[[1, 2], [3]], /LocalArray\.from: 1 elements at \[1\], where its neighbour has 2/], // prettier-ignore
    [[[1], 2], /LocalArray\.from: 2 at \[1\], where its neighbour has 1/],
    [[1, "a"], /LocalArray\.from: "a" at \[1\] is no number/],
    [5, /LocalArray\.from: 5 is no list of numbers/],
    [undefined, /LocalArray\.from: undefined is no list/],
  ];
  for (const [values, message] of wrong) t.throws(() => LocalArray.from(values as number[]), message);
  t.throws(() => LocalArray.from([{ re: 1, im: 0 }], "float64"), /complex numbers for a float64 array/);
  t.throws(() => LocalArray.from([2], [1, "a"] as never), /"a" at \[1\] is no number/);
  t.end();
});

void test("what an array cannot be made of, or meet, is an error that names it", async (t) => {
  for (const dtype of ["float16", Float64Array, { dtype: "float32" }])
    t.throws(() => new LocalArray([2], dtype as DType), /LocalArray: dtype .*; use one of float32, float64/);
  t.throws(
    () => new LocalArray([2], "float32", new Float64Array(2)),
    /float32 is Float64Array\(2\); give a Float32Array/,
  );
  t.throws(() => new LocalArray(3 as never), /dims 3; give a list/);
  await simulate(2, async (comm) => {
    const space = new Distribution(comm, [4]);
    const arrays: LocalArray[] = [LocalArray.from([1, 2, 3, 4]), new DistributedArray(space) as never];
    for (const x of arrays) {
      for (const other of [[1, 2], "1", undefined, null, { re: 1 }]) {
        const where = `${JSON.stringify(other)}`;
        t.throws(() => x.add(other as never), /add: .* is neither a number nor an array/, where);
        t.throws(() => x.clone().scale(other as never), /scale: .* is no number/, where);
        t.throws(() => x.clone().fill(other as never), /fill: .* is no number/, where);
      }
      for (const order of ["fro", "inf", { axis: 0 }, NaN, null])
        await t.rejects(
          async () => x.norm(order as never),
          /norm: order .*; use a number, Infinity or -Infinity/,
        );
      await t.rejects(async () => x.sum({ axis: null } as never), /sum: axis null; give a list/);
    }
  });
});

void test("local arrays are transposed, reshaped with one length left open, and converted as NumPy's are", (t) => {
  const x = LocalArray.fromFunction([2, 3, 4], (i, j, k) => 100 * i + 10 * j + k);
  const turned = x.transpose();
  t.same(turned.shape, [4, 3, 2]);
  t.equal(turned.local[(3 * 3 + 2) * 2 + 1], 123);
  t.same([...turned.transpose().local], [...x.local]);
  t.same(x.transpose([0, 2, 1]).slice(1, 3).local, Float64Array.of(103, 113, 123));
  const complex = LocalArray.from([[{ re: 1, im: 2 }, { re: 3, im: 4 }]]); // prettier-ignore
  t.same([...complex.transpose().local], [1, 2, 3, 4]);
  t.same(x.reshape([4, -1]).shape, [4, 6]);
  t.same(x.ravel().shape, [24]);
  t.throws(() => x.reshape([5, -1]), /reshape: dims \[5, -1\] for 24 elements/);
  t.throws(() => x.transpose([0, 0, 1]), /name each of them once/);
  t.same([...LocalArray.from([1.9, -1.9]).astype("int32").local], [1, -1]);
  t.same([...LocalArray.from([1.5]).astype("complex64").local], [1.5, 0]);
  t.throws(() => complex.astype("float64"), /would lose the imaginary part/);
  t.end();
});
