import { test } from "tap";
import * as tsmpi from "../../src/index.js";
import { LocalArray } from "../../src/array/local-array.js";

// What JavaScript lets pass: constructors and functions that take anything.
type Make = new (...args: unknown[]) => unknown;
type Call = (...args: unknown[]) => unknown;
const all = tsmpi as unknown as Readonly<Record<string, Make & Call>>;

const identity = new tsmpi.Identity([2]);
const square = new tsmpi.MatrixMult([[4, 1], [1, 3]]); // prettier-ignore
const x = LocalArray.from([1, 2]);

const CONSTRUCTORS: readonly [name: string, args: readonly unknown[], message: RegExp][] = [
  ["FirstDerivative", [], /place of an operator is undefined; give lengths of all axes/],
  ["FirstDerivative", [["6"]], /length "6" in dims \["6"\]/],
  ["FirstDerivative", [6, { axis: "0" }], /FirstDerivative: axis is "0"; use an integer/],
  ["FirstDerivative", [6, { edge: "yes" }], /FirstDerivative: edge is "yes"; use true or false/],
  ["FirstDerivative", [6, { sampling: "2" }], /FirstDerivative: sampling is "2"; use a number/],
  [
    "FirstDerivative",
    [6, { dtype: "float16" }],
    /FirstDerivative: dtype is "float16"; use one of float32, float64/,
  ],
  ["Laplacian", [[4, 4], { axes: 0 }], /Laplacian: axes is 0; use a list of integers/],
  ["Diagonal", [[1, 2]], /Diagonal: the diagonal is \[1, 2\], not an array; LocalArray\.from makes one/],
  ["MatrixMult", [[[1, 2], [3]]], /MatrixMult: 1 elements at \[1\], where its neighbour has 2/], // prettier-ignore
  ["MatrixMult", [[[1, "2"]]], /MatrixMult: "2" at \[0\]\[1\] is no number/],
  ["MatrixMult", [identity], /MatrixMult: a Identity is no list of numbers/],
  ["MatrixMult", [[[1]], { columns: 2 }], /MatrixMult: extra an object; give a list/],
  ["Transpose", [[2, 3], { axes: [1, 0] }], /Transpose: axes an object; give a list/],
  ["Pad", [4, [[1, 2]]], /Pad: zeros \[\[1, 2\]\]; give \[before, after\]/],
  ["Pad", [4, -1], /Pad: zeros -1/],
  ["VStack", [identity, identity], /VStack: a Identity; give operators in one list/],
  ["BlockDiag", [[identity, x]], /BlockDiag: a LocalArray is no operator/],
  ["Regression", [3, 1, [1, 2, 3]], /Regression: abscissas 1; give a list of numbers/],
  [
    "Bilinear",
    [
      [3, 3],
      [[0.5], [1.5]],
    ],
    /Bilinear: rows \[\[0\.5\], \[1\.5\]\]; give a list of numbers/,
  ],
  ["Summa", [x, [2]], /Summa: A is a LocalArray; give a DistributedArray/],
  ["BlockMatrixMult", [[[1]]], /BlockMatrixMult: A is \[\[1\]\]; give a DistributedArray/],
  ["Halo", [[4], 1], /Halo: model is \[4\]; give a Distribution/],
  ["Kronecker", [square, x], /Kronecker: a LocalArray is no operator/],
  [
    "Seislet",
    [
      [2, 2],
      [1, 2],
    ],
    /Seislet: slopes is \[1, 2\], not an array/,
  ],
  ["Radon2D", [[2, 2], 1, [0, 1], { first: 0, step: 1 }], /Radon2D: p 1; give a list of numbers/],
  [
    "Radon2D",
    [
      [2, 2],
      [0, 1],
      [0, 1],
      [0, 0.5],
    ],
    /Radon2D: time axis from undefined by undefined; give \{ first/,
  ],
  ["Radon2D", [[2, 2], [0, 1], [0, 1], { first: 0, step: 0 }], /Radon2D: time axis from 0 by 0/],
  ["StackedArray", [x, x], /StackedArray: a LocalArray; give arrays in one list/],
  ["StackedArray", [[x, 1]], /StackedArray: 1 is no array/],
  ["MemoizeOperator", [x], /MemoizeOperator: a LocalArray is no operator/],
  ["Batched", [x, 2], /Batched: a LocalArray is no operator/],
  ["Sliding", [[4], {}], /Sliding: \[4\] is no operator/],
  [
    "FunctionOperator",
    [(v: unknown) => v, (v: unknown) => v, 3, 3],
    /FunctionOperator: a function and a function; give \{ model/,
  ],
];

const CALLS: readonly [name: string, args: readonly unknown[], message: RegExp][] = [
  ["dottest", [x], /dottest: a LocalArray is no operator/],
  ["dottest", [square, { tol: 1e-6 }], /dottest: unknown option "tol"/],
  ["dottest", [square, 2, 2], /dottest: options are 2/],
  ["todense", [x], /todense: a LocalArray is no operator/],
  ["lift", [x, [2]], /lift: a LocalArray is no operator/],
  ["lift", [square, [2]], /lift: model is \[2\]; give a Distribution/],
  ["matmat", [x, [x]], /matmat: a LocalArray is no operator/],
  ["cg", [x, square], /cg: a LocalArray is no operator/],
  ["cg", [square, [1, 2]], /cg: data is \[1, 2\], not an array/],
  [
    "cg",
    [new tsmpi.MatrixMult([[1, 2]]), LocalArray.from([1])],
    /cg: an operator of shape \[1, 2\]; give a square one/,
  ],
  ["cg", [square, x, { rtol: "1e-4" }], /cg: rtol is "1e-4"/],
  ["cgls", [square, x, { damp: "1" }], /cgls: damp is "1"/],
  ["cgls", [square, x, { callback: 3 }], /cgls: callback is 3; use a function/],
  ["cgls", [square, x, { x0: [1, 2] }], /cgls: x0 is \[1, 2\], not an array/],
];

void test("an argument of the wrong kind is an error that names it and its value", async (t) => {
  for (const [name, args, message] of CONSTRUCTORS)
    t.throws(() => new all[name](...args), message, `new ${name}`);
  for (const [name, args, message] of CALLS) {
    const call = async () => all[name](...args);
    await t.rejects(call, message, name);
  }
  for (const input of [[1, 2], Float64Array.of(1, 2), undefined, 1])
    await t.rejects(square.matvec(input as never), /MatrixMult\.matvec: input is .*, not an array/);
  t.throws(
    () => square.compose(x as never),
    /compose: a LocalArray is no operator; apply this one by matvec/,
  );
  t.throws(() => square.add(1 as never), /add: 1 is no operator/);
  t.throws(() => square.scale("2" as never), /scale: "2" is no number/);
});

void test("matrices and filters may be written down as lists, and one axis as its length", async (t) => {
  const rows = [[1, 2, 3], [4, 5, 6]]; // prettier-ignore
  const ones = LocalArray.from([1, 1, 1]);
  t.same([...(await new tsmpi.MatrixMult(rows).matvec(ones)).local], [6, 15]);
  t.same([...(await new tsmpi.ConvolveND([2, 2], [[0, 1]]).matvec(LocalArray.from([[1, 2], [3, 4]]))).local], [0, 1, 0, 3]); // prettier-ignore
  t.same([...(await new tsmpi.FirstDerivative(3, { kind: "forward" }).matvec(ones)).local], [0, 0, 0]);
  t.same([...(await new tsmpi.Pad(3, 1).matvec(ones)).local], [0, 1, 1, 1, 0]);
  const varying = new tsmpi.NonStationaryConvolve1D(6, [[0, 1, 0], [1, 2, 1]], [1, 4]); // prettier-ignore
  const spread = await varying.matvec(LocalArray.from([1, 1, 1, 1, 1, 1]));
  const expected = [1, 4 / 3, 2, 3, 11 / 3, 3]; // PyLops
  t.ok(expected.every((value, i) => Math.abs(spread.local[i] - value) < 1e-14));
});
