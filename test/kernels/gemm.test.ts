import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "tap";
import {
  blas,
  gemm,
  type Matrix,
  type MatrixForm,
  type Reals,
  useLibraries,
} from "../../src/kernels/index.js";
import { numbers, place, type Placement, type Real } from "./arrays.js";
import { times, plus } from "./twins.js";

const FORMS: readonly MatrixForm[] = ["plain", "transposed", "conjugated", "adjoint"];
const exact = (value: number) => value;

/** Element (i, j) of a matrix as its form says. */
function element(
  { data, columns, start = 0, stride = columns, form }: Matrix,
  complex: boolean,
  i: number,
  j: number,
) {
  const turned = form === "transposed" || form === "adjoint";
  const at = start + (turned ? j * stride + i : i * stride + j);
  if (!complex) return { re: data[at], im: 0 };
  const sign = form === "conjugated" || form === "adjoint" ? -1 : 1;
  return { re: data[2 * at], im: sign * data[2 * at + 1] };
}

/** The product by its definition, in double precision. */
function naive(
  a: Matrix,
  b: Matrix,
  rows: number,
  columns: number,
  depth: number,
  complex: boolean,
): number[] {
  const result: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = { re: 0, im: 0 };
      for (let k = 0; k < depth; k++)
        sum = plus(sum, times(element(a, complex, i, k), element(b, complex, k, j), exact), exact);
      result.push(...(complex ? [sum.re, sum.im] : [sum.re]));
    }
  }
  return result;
}

function near(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): boolean {
  return (
    actual.length === expected.length &&
    expected.every((value, i) => Math.abs(actual[i] - value) <= tolerance)
  );
}

interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

function operands(
  { rows, columns, depth }: Shape,
  type: Real,
  placement: Placement,
  complex: boolean,
  [formA, formB]: readonly [MatrixForm, MatrixForm],
): { a: Matrix; b: Matrix; c: Matrix & { data: Reals } } {
  const step = complex ? 2 : 1;
  const turned = (form: MatrixForm) => form === "transposed" || form === "adjoint";
  const a = place(numbers(rows * depth * step, 1), type, placement);
  const b = place(numbers(depth * columns * step, 2), type, placement);
  return {
    a: {
      data: a,
      ...(turned(formA) ? { rows: depth, columns: rows } : { rows, columns: depth }),
      form: formA,
    },
    b: {
      data: b,
      ...(turned(formB) ? { rows: columns, columns: depth } : { rows: depth, columns }),
      form: formB,
    },
    c: { data: place(numbers(rows * columns * step, 3), type, placement), rows, columns },
  };
}

const SHAPES: readonly Shape[] = [
  { rows: 1, columns: 1, depth: 1 },
  { rows: 3, columns: 5, depth: 0 },
  { rows: 0, columns: 2, depth: 3 },
  { rows: 4, columns: 8, depth: 7 },
  { rows: 5, columns: 3, depth: 300 },
  { rows: 131, columns: 9, depth: 4 },
  { rows: 2, columns: 1030, depth: 3 },
  { rows: 1, columns: 17, depth: 260 },
  { rows: 17, columns: 1, depth: 30 },
];

/** With our kernels alone, and with the BLAS of this machine. */
const ways = [
  { name: "own kernels", byBlas: false, skip: false },
  { name: "BLAS", byBlas: true, skip: blas() === undefined && "no BLAS on this machine" },
] as const;

for (const { name: way, byBlas, skip } of ways) {
  for (const [type, complex] of [
    ["float32", false],
    ["float32", true],
    ["float64", false],
    ["float64", true],
  ] as const) {
    // prettier-ignore
    const what = `${type}${complex ? ", complex" : ""}`;
    void test(
      `gemm equals the definition: ${what}, all forms and edges of blocks; ${way}`,
      { skip },
      async (t) => {
        useLibraries({ blas: byBlas });
        for (const shape of SHAPES) {
          const tolerance = (type === "float32" ? 1e-6 : 1e-15) * (shape.depth + 1);
          for (const formA of FORMS) {
            for (const formB of FORMS) {
              const { a, b, c } = operands(shape, type, "heap", complex, [formA, formB]);
              const product = naive(a, b, shape.rows, shape.columns, shape.depth, complex);
              const before = [...c.data];
              const name = `${JSON.stringify(shape)} ${formA} ${formB}`;
              gemm(a, b, c, { complex, accumulate: true });
              const sums = product.map((value, i) => value + before[i]);
              t.ok(near(c.data, sums, tolerance), `${name}, added`);
              gemm(a, b, c, { complex });
              t.ok(near(c.data, product, tolerance), name);

              const off = operands(shape, type, "ordinary", complex, [formA, formB]);
              gemm(off.a, off.b, off.c, { complex });
              if (byBlas) t.ok(near(off.c.data, product, tolerance), `${name}, off the heap`);
              else t.same([...off.c.data], [...c.data], `${name}: the same bits off the heap`);
            }
          }
        }
      },
    );
  }
}

void test("many products have the bits of single ones; parts of arrays, shared matrices and strides", async (t) => {
  useLibraries({ blas: false });
  for (const placement of ["heap", "ordinary"] as const) {
    const [count, rows, columns, depth] = [3, 5, 6, 7];
    const a = place(numbers(count * rows * depth * 2, 1), "float64", placement);
    const b = place(numbers(depth * columns * 2, 2), "float64", placement);
    const c = place(numbers(count * rows * columns * 2, 3), "float64", placement);
    gemm(
      { data: a, rows, columns: depth },
      { data: b, rows: depth, columns, step: 0 },
      { data: c, rows, columns },
      { complex: true, count },
    );
    for (let k = 0; k < count; k++) {
      const one = place(numbers(rows * columns * 2), "float64", placement);
      gemm({ data: a, rows, columns: depth, start: k * rows * depth }, { data: b, rows: depth, columns }, { data: one, rows, columns }, { complex: true }); // prettier-ignore
      t.same([...c.subarray(k * one.length, (k + 1) * one.length)], [...one]);
    }
    for (const [rows, depth] of [
      [5, 7],
      [131, 3],
      [2, 300],
    ]) {
      const shared = place(numbers(rows * depth, 1), "float32", placement);
      const b = place(numbers(count * depth * columns, 2), "float32", placement);
      const c = place(numbers(count * rows * columns, 3), "float32", placement);
      const A = { data: shared, rows, columns: depth, step: 0 };
      gemm(A, { data: b, rows: depth, columns }, { data: c, rows, columns }, { count });
      for (let k = 0; k < count; k++) {
        const one = place(numbers(rows * columns), "float32", placement);
        gemm(A, { data: b, rows: depth, columns, start: k * depth * columns }, { data: one, rows, columns });
        t.same([...c.subarray(k * one.length, (k + 1) * one.length)], [...one], `${rows} × ${depth}, shared`);
      }
    }
    // A 3 × 4 box of a 6 × 9 matrix, from (2, 5) on: the rest of it stays.
    const whole = place(numbers(54, 4), "float32", placement);
    const left = place(numbers(9, 5), "float32", placement);
    const right = place(numbers(12, 6), "float32", placement);
    const box = { data: whole, rows: 3, columns: 4, start: 2 * 9 + 5, stride: 9 };
    const before = [...whole];
    const [x, y] = [{ data: left, rows: 3, columns: 3 }, { data: right, rows: 3, columns: 4 }]; // prettier-ignore
    const product = naive(x, y, 3, 4, 3, false);
    gemm(x, y, box);
    before.forEach((old, at) => {
      const [i, j] = [Math.floor(at / 9) - 2, (at % 9) - 5];
      if (i < 0 || i > 2 || j < 0) t.equal(whole[at], old);
      else t.ok(Math.abs(whole[at] - product[i * 4 + j]) < 1e-6);
    });
  }
});

void test("NaN and infinity come through; nothing of C does when it is overwritten", async (t) => {
  useLibraries({ blas: true });
  const [a, b] = [Float64Array.of(NaN, 1, Infinity, 1), Float64Array.of(1, 2, 3, 4)];
  const c = Float64Array.of(NaN, NaN, NaN, NaN);
  const matrix = (data: Float64Array) => ({ data, rows: 2, columns: 2 });
  gemm(matrix(a), matrix(b), matrix(c));
  t.same([...c], [NaN, NaN, Infinity, Infinity]);
  gemm(matrix(b), matrix(b), matrix(c));
  t.same([...c], [7, 10, 15, 22]);
});

const cannotCount = ways[1].skip || (!existsSync("/proc/self/task") && "needs /proc");

void test("a BLAS computes on the one thread of its rank", { skip: cannotCount }, async (t) => {
  const program = `
    import { readdirSync } from "node:fs";
    import { blas } from ${JSON.stringify(new URL("../../src/kernels/index.js", import.meta.url).href)};
    const threads = () => readdirSync("/proc/self/task").length;
    const before = threads();
    blas();
    console.log(threads() - before);`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  t.equal(stdout, "0\n");
});

void test("shapes and types that do not fit are refused", async (t) => {
  const [x, y] = [new Float64Array(6), new Float32Array(6)];
  const of = (data: Reals, rows: number, columns: number) => ({ data, rows, columns });
  t.throws(() => gemm(of(x, 2, 3), of(x, 2, 3), of(x, 2, 2)), /2 × 3 times 2 × 3 into 2 × 2/);
  t.throws(() => gemm(of(x, 2, 3), of(y, 3, 2), of(x, 2, 2)), TypeError);
  t.throws(() => gemm(of(x, 2, 4), of(x, 3, 2), of(x, 2, 2)), /1 matrices of 2 × 4 .* in an array of 6/);
  t.throws(() => gemm(of(x, 2, 3), of(x, 3, 2), of(x, 2, 2), { complex: true }), /in an array of 3/);
  t.throws(() => gemm({ ...of(x, 2, 3), stride: 2 }, of(x, 3, 2), of(x, 2, 2)), RangeError);
  t.throws(() => gemm(of(x, 2, 3), of(x, 3, 2), { ...of(x, 2, 2), form: "adjoint" }), /adjoint result/);
});
