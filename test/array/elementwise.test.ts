import { test } from "tap";
import type { DType, Scalar } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";

const of = (dtype: DType, ...numbers: number[]) =>
  LocalArray.from([dtype.startsWith("complex") ? numbers.length / 2 : numbers.length], numbers, dtype);
const near = (actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-12) =>
  actual.length === expected.length &&
  expected.every(
    (value, i) =>
      Object.is(actual[i], value) || Math.abs(actual[i] - value) <= tolerance * (1 + Math.abs(value)),
  );

void test("dtypes of results are NumPy's, for arrays and for numbers", async (t) => {
  const x = (dtype: DType) => new LocalArray([2], dtype).fill(1);
  const table: readonly (readonly [DType, DType, DType])[] = [
    ["int32", "int32", "int32"],
    ["int32", "float32", "float64"],
    ["float32", "float32", "float32"],
    ["float32", "complex64", "complex64"],
    ["float64", "complex64", "complex128"],
    ["int32", "complex64", "complex128"],
  ];
  for (const [a, b, expected] of table) {
    t.equal(x(a).add(x(b)).dtype, expected, `${a} + ${b}`);
    t.equal(x(b).mul(x(a)).dtype, expected, `${b} · ${a}`);
  }
  t.equal(x("int32").div(x("int32")).dtype, "float64");
  t.equal(x("int32").less(x("float64")).dtype, "int32");
  const scalars: readonly (readonly [DType, Scalar, DType])[] = [
    ["int32", 2, "int32"],
    ["int32", 0.5, "float64"],
    ["int32", { re: 0, im: 1 }, "complex128"],
    ["float32", 0.1, "float32"],
    ["float32", { re: 0, im: 1 }, "complex64"],
    ["complex64", 0.1, "complex64"],
  ];
  for (const [a, s, expected] of scalars) t.equal(x(a).add(s).dtype, expected, `${a} + ${JSON.stringify(s)}`);
  t.equal(x("int32").div(2).dtype, "float64");
  t.equal(x("int32").pow(2).dtype, "int32");
  t.equal(x("int32").pow(-1).dtype, "float64");
  for (const name of ["abs", "real", "imag", "angle"] as const)
    t.equal(x("complex64")[name]().dtype, "float32", name);
  for (const name of ["sqrt", "exp", "log", "sin", "cos"] as const)
    t.equal(x("int32")[name]().dtype, "float64", name);
});

void test("results are those of NumPy", async (t) => {
  t.same(
    [...of("int32", 7, -7, 2 ** 30).mul(of("int32", 3, 3, 4)).local],
    [21, -21, 0],
    "products of int32 wrap",
  );
  t.same([...of("int32", 65535, -46341).mul(of("int32", 65537, 46341)).local], [-1, 2147479015]);
  t.same([...of("int32", 1, 2).div(of("int32", 2, 0)).local], [0.5, Infinity]);
  t.same([...of("float64", -1, 4).sqrt().local], [NaN, 2]);
  t.ok(near(of("complex128", -1, 0, 3, 4, -1, -0).sqrt().local, [0, 1, 2, 1, 0, -1]));
  t.ok(near(of("complex128", 1, 2).div(of("complex128", 3, -4)).local, [-0.2, 0.4]));
  t.ok(
    near(of("complex128", 1e300, 1e300).div(of("complex128", 1e300, 1e300)).local, [1, 0]),
    "nothing overflows",
  );
  t.ok(near(of("complex128", 1, 1, 0, 1).pow(2).local, [0, 2, -1, 0]));
  t.ok(near(of("complex128", 1, 1).pow(0.5).local, [1.09868411346781, 0.45508986056222733]));
  t.ok(near(of("complex128", 0, 1).pow({ re: 0, im: 1 }).local, [Math.exp(-Math.PI / 2), 0]));
  t.ok(near(of("complex128", 0, Math.PI).exp().local, [-1, 0]));
  t.ok(near(of("complex128", -1, 0).log().local, [0, Math.PI]));
  t.ok(near(of("complex128", 1, 2).sin().local, [3.165778513216168, 1.9596010414216063]));
  t.ok(near(of("complex128", 1, 2).cos().local, [2.0327230070196656, -3.0518977991518]));
  t.ok(near(of("complex128", 3, 4, 0, 0).sign().local, [0.6, 0.8, 0, 0]));
  t.same([...of("complex64", 3, 4).abs().local], [5]);
  t.same([...of("float64", -2, 2).angle().local], [Math.PI, 0]);
  t.same([...of("float64", NaN, 1).maximum(0).local], [NaN, 1]);
  t.same([...of("float64", 2, 1).add({ re: 0, im: 3 }).local], [2, 3, 1, 3]);
  t.same([...of("float32", 1, 5).greater(of("float64", 2, 2)).local], [0, 1]);
});

void test("complex numbers are ordered as in NumPy: real parts first, then imaginary ones, NaN before all", async (t) => {
  const x = of("complex128", 1, 2, 1, 3, NaN, 0, 0, NaN, -1, 9);
  const y = of("complex128", 1, 3, 1, 2, 5, 5, 1, 1, 2, -9);
  t.same([...x.maximum(y).local], [1, 3, 1, 3, NaN, 0, 0, NaN, 2, -9]);
  t.same([...y.minimum(x).local], [1, 2, 1, 2, NaN, 0, 0, NaN, -1, 9]);
  t.same([...x.less(y).local], [1, 0, 0, 0, 1]);
  t.same([...x.greater(y).local], [0, 1, 0, 0, 0]);
  t.same([...of("float32", 2, 1).less({ re: 2, im: 1 }).local], [1, 1]);
  t.same([...x.maximum(of("complex128", 7, NaN)).local].slice(4, 6), [NaN, 0], "the first of two NaN");
});

void test("in place, or into another array, which must be able to hold the result", async (t) => {
  const x = of("float32", 1, 2);
  t.equal(x.add(of("float64", 0.5, 0.5), x), x, "float64 into float32, as x += y");
  t.same([...x.local], [1.5, 2.5]);
  const z = of("complex128", 1, 2, 3, 4);
  z.mul(z, z);
  t.same([...z.local], [-3, 4, -7, 24]);
  z.conj(z).div(2, z);
  t.same([...z.local], [-1.5, -2, -3.5, -12]);
  t.same([...of("int32", 3, 4).add(1, new LocalArray([2], "complex64")).local], [4, 0, 5, 0]);
  t.throws(() => x.add(z, x), /complex128 result into a float32 array would lose its imaginary part/);
  t.throws(
    () => of("int32", 1).sqrt(of("int32", 1)),
    /float64 result into a int32 array would lose its fraction/,
  );
  t.throws(() => x.add(of("float32", 1, 2, 3)), /shapes differ, \[2\] and \[3\]/);
  t.throws(
    () => of("float32", 1).add(x, of("float32", 1)),
    /shapes differ/,
    "the result has the larger shape",
  );
});
