import { test } from "tap";
import { type DType, promote, promoteScalar } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";

const DTYPES: readonly DType[] = ["float32", "float64", "complex64", "complex128", "int32"];

void test("dtypes promote as in NumPy", async (t) => {
  t.equal(promote("float32", "complex64"), "complex64");
  t.equal(promote("float64", "complex64"), "complex128");
  t.equal(promote("int32", "float32"), "float64");
  t.equal(promoteScalar("float32", { re: 0, im: 1 }), "complex64");
  t.equal(promoteScalar("float32", 2), "float32");
});

void test("LocalArray: arithmetic in place, for every dtype", async (t) => {
  for (const dtype of DTYPES) {
    const x = LocalArray.fromFunction([2, 3], (i, j) => i + j, dtype);
    const y = x.like().fill(2);
    y.axpy(3, x).scale(2).xpay(1, x);
    t.equal(y.local[0], 4, dtype); // 2·(2 + 3·0) + 0
    t.same(await x.vdots([[x, x]]), [0 + 1 + 4 + 1 + 4 + 9]);
    t.equal(await x.norm(1), 9);
    t.equal(await x.norm(Infinity), 3);
    t.equal(await x.norm(0), 5);
    t.same(await x.clone().multiply(x).norm(1), 19);
  }
});

void test("LocalArray: complex coefficients and products", async (t) => {
  const x = LocalArray.from([2], [1, 2, 3, -1], "complex128");
  const y = LocalArray.from([2], [0, 1, 2, 2], "complex128");
  t.same(await x.vdot(y), { re: 2 + 4, im: 1 + 8 });
  t.same(await x.dot(y), { re: -2 + 8, im: 1 + 4 });
  t.same(await x.vdots([[x, y]]), [6]);
  t.same([...x.clone().axpy({ re: 0, im: 1 }, y).local], [0, 2, 1, 1]);
  t.same([...x.clone().conjugate().multiply(y).local], [2, 1, 4, 8]);
  t.same([...y.clone().multiply(x, true).local], [2, 1, 4, 8]);
  t.throws(() => x.copyFrom(x.like("complex64")) && x.like("float64").copyFrom(x), /imaginary part/);
  t.throws(() => new LocalArray([2]).scale({ re: 0, im: 1 }), /make the array complex/);
  t.throws(() => new LocalArray([2]).axpy(1, new LocalArray([3])), /shapes differ, \[2\] and \[3\]/);
});
