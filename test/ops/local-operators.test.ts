import { test } from "tap";
import { blas, heapStatistics, useLibraries } from "../../src/kernels/index.js";
import { LocalArray } from "../../src/array/local-array.js";
import { LocalSpace } from "../../src/array/local-space.js";
import { Batched } from "../../src/ops/basic/batched.js";
import { Diagonal } from "../../src/ops/basic/diagonal.js";
import { FirstDerivative, type FirstDerivativeOptions } from "../../src/ops/basic/first-derivative.js";
import { Flip } from "../../src/ops/basic/flip.js";
import { FunctionOperator } from "../../src/ops/basic/function-operator.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { Kronecker } from "../../src/ops/basic/kronecker.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { MemoizeOperator } from "../../src/ops/basic/memoize-operator.js";
import { pieces } from "../../src/ops/basic/pieces.js";
import { Pad } from "../../src/ops/basic/pad.js";
import { Conj, Imag, Real, toImag, toReal } from "../../src/ops/basic/real.js";
import { LinearRegression } from "../../src/ops/basic/regression.js";
import { Reshaped } from "../../src/ops/basic/reshaped.js";
import { Restriction } from "../../src/ops/basic/restriction.js";
import { Roll } from "../../src/ops/basic/roll.js";
import { SecondDerivative, type SecondDerivativeOptions } from "../../src/ops/basic/second-derivative.js";
import { Spread } from "../../src/ops/basic/spread.js";
import { VStack } from "../../src/ops/basic/stacks.js";
import { Sum } from "../../src/ops/basic/sum.js";
import { Symmetrize } from "../../src/ops/basic/symmetrize.js";
import { Transpose } from "../../src/ops/basic/transpose.js";
import { Zero } from "../../src/ops/basic/zero.js";
import { columnsOf, matmat } from "../../src/ops/columns-of.js";
import { dottest } from "../../src/ops/dottest.js";
import { LinearOperator } from "../../src/ops/linear-operator.js";
import { Convolve1D } from "../../src/ops/signal/convolve1d.js";
import { ConvolveND } from "../../src/ops/signal/convolve-nd.js";
import { Interp } from "../../src/ops/signal/interp.js";
import { NonStationaryConvolve1D } from "../../src/ops/signal/non-stationary-convolve-nd.js";
import { PoststackLinearModelling } from "../../src/ops/signal/poststack.js";
import { Radon2D } from "../../src/ops/signal/radon.js";
import { Sliding } from "../../src/ops/signal/sliding.js";
import { Smoothing1D } from "../../src/ops/signal/smoothing1d.js";
import { Smoothing2D } from "../../src/ops/signal/smoothing2d.js";
import { ricker } from "../../src/ops/signal/wavelets.js";
import { zeroPhaseBoxcar } from "../../src/ops/signal/zero-phase-boxcar.js";
import { estimateTrace } from "../../src/ops/trace.js";
import { todense } from "../../src/ops/todense.js";

type Local = LinearOperator<LocalArray, LocalArray>;

const near = (actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-6) =>
  actual.length === expected.length && expected.every((value, i) => Math.abs(actual[i] - value) <= tolerance);

void test("MatrixMult.inverse: A⁻¹ A = 1 for every dtype, with pivots of zero, and refuses singular matrices", async (t) => {
  const numbers = [0, 2, 1, 1, 0, 3, 4, -1, 0];
  for (const dtype of ["float32", "float64", "complex64", "complex128", "int32"] as const) {
    const complex = dtype.startsWith("complex");
    const at = (i: number, j: number) => numbers[3 * i + j];
    const A = new MatrixMult(
      LocalArray.fromFunction(
        [3, 3],
        (i, j) => (complex ? { re: at(i, j), im: i - 2 * j } : at(i, j)),
        dtype,
      ),
      [2],
    );
    const product = await todense(A.inverse().compose(A));
    const unit = await todense(new Identity([3, 2], [3, 2], { dtype: product.dtype }));
    t.ok(near(product.local, Array.from(unit.local), A.dtype.endsWith("64") ? 1e-5 : 1e-12), dtype);
  }
  t.throws(() => new MatrixMult(LocalArray.from([2, 2], [1, 2, 2, 4])).inverse(), /singular/);
  t.throws(() => new MatrixMult(LocalArray.from([1, 2], [1, 2])).inverse(), /must be square/);
});

void test("derivatives: golden numbers, forward and adjoint", async (t) => {
  const x = LocalArray.from([6], [1, 4, 9, 16, 25, 36]);
  const first: [FirstDerivativeOptions, number[], number[]][] = [
    [{ kind: "forward" }, [1.5, 2.5, 3.5, 4.5, 5.5, 0], [-0.5, -1.5, -2.5, -3.5, -4.5, 12.5]],
    [{ kind: "backward" }, [0, 1.5, 2.5, 3.5, 4.5, 5.5], [-2, -2.5, -3.5, -4.5, -5.5, 18]],
    [{}, [0, 2, 3, 4, 5, 0], [-1, -2.25, -3, -4, 4, 6.25]],
    [{ edge: true }, [1.5, 2, 3, 4, 5, 5.5], [-1.5, -1.75, -3, -4, -14, 24.25]],
    [{ order: 5 }, [0, 0, 3, 4, 0, 0], [0.375, -2.333333, -5.333333, 3, 4.958333, -0.666667]],
    [
      { order: 5, edge: true },
      [1.5, 2, 3, 4, 5, 5.5],
      [-1.125, -1.833333, -4.333333, -3.25, -13.041667, 23.583333],
    ],
  ];
  const second: [SecondDerivativeOptions, number[], number[]][] = [
    [{ kind: "forward" }, [0.5, 0.5, 0.5, 0.5, 0, 0], [0.25, 0.5, 0.5, 0.5, -5.75, 4]],
    [{ kind: "backward" }, [0, 0, 0.5, 0.5, 0.5, 0.5], [2.25, -0.5, 0.5, 0.5, -11.75, 9]],
    [{}, [0, 0.5, 0.5, 0.5, 0.5, 0], [1, 0.25, 0.5, 0.5, -8.5, 6.25]],
    [{ edge: true }, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [1.25, -0.25, 0.75, 9.5, -26.5, 15.25]],
  ];
  for (const [options, forward, adjoint] of first) {
    const op = new FirstDerivative([6], { sampling: 2, ...options });
    t.ok(near((await op.matvec(x)).local, forward), `first ${JSON.stringify(options)}`);
    t.ok(near((await op.rmatvec(x)).local, adjoint), `first ${JSON.stringify(options)}, adjoint`);
  }
  for (const [options, forward, adjoint] of second) {
    const op = new SecondDerivative([6], { sampling: 2, ...options });
    t.ok(near((await op.matvec(x)).local, forward), `second ${JSON.stringify(options)}`);
    t.ok(near((await op.rmatvec(x)).local, adjoint), `second ${JSON.stringify(options)}, adjoint`);
  }
});

void test("Convolve1D: golden numbers, forward and adjoint", async (t) => {
  const x = LocalArray.from([5], [1, 2, 3, 4, 5]);
  const cases: [number[], number, number[], number[]][] = [
    [[1, 2, 3], 0, [1, 4, 10, 16, 22], [14, 20, 26, 14, 5]],
    [[1, 2, 3], 1, [4, 10, 16, 22, 22], [8, 14, 20, 26, 14]],
    [[1, 2, 3], 2, [10, 16, 22, 22, 15], [3, 8, 14, 20, 26]],
    [[1, 2], 0, [1, 4, 7, 10, 13], [5, 8, 11, 14, 5]],
    [[1, 2], 1, [4, 7, 10, 13, 10], [2, 5, 8, 11, 14]],
    [[1, 2, 3, 4], 1, [4, 10, 20, 30, 34], [20, 30, 40, 26, 14]],
  ];
  for (const [filter, offset, forward, adjoint] of cases) {
    const op = new Convolve1D([5], filter, { offset });
    t.same([...(await op.matvec(x)).local], forward);
    t.same([...(await op.rmatvec(x)).local], adjoint);
  }
  t.throws(() => new Convolve1D([5], [1, 2], { offset: 2 }), RangeError);
});

void test("operators along an axis: golden numbers, forward and adjoint; bad arguments are named", async (t) => {
  const x = LocalArray.from([4], [1, 2, 3, 4]);
  const cases: [Local, number[], number[]][] = [
    [new Flip([4]), [4, 3, 2, 1], [4, 3, 2, 1]],
    [new Roll([4], 1), [4, 1, 2, 3], [2, 3, 4, 1]],
    [new Roll([4], -6), [3, 4, 1, 2], [3, 4, 1, 2]],
    [new Restriction([4], [3, 0, 3, 1]), [4, 1, 4, 2], [2, 4, 0, 4]],
    [new Pad([4], [0, 0]), [1, 2, 3, 4], [1, 2, 3, 4]],
    [new Interp([4], [0.25, 1, 2.5, 3]), [1.25, 2, 3.5, 4], [0.75, 2.25, 1.5, 5.5]],
    [new Interp([4], [0.5, 1.5, 2.4, 2.6], { kind: "nearest" }), [1, 3, 3, 4], [1, 0, 5, 4]],
    [new Interp([4], [2, 1, 0, 3], { kind: "sinc" }), [3, 2, 1, 4], [3, 2, 1, 4]],
    [new Smoothing1D([4], 2), [1, 2, 3, 7 / 3], [1, 2, 3, 7 / 3]],
    [new Zero([4]), [0, 0, 0, 0], [0, 0, 0, 0]],
  ];
  for (const [op, forward, adjoint] of cases) {
    t.ok(near((await op.matvec(x)).local, forward, 1e-12), op.toString());
    t.ok(near((await op.rmatvec(x)).local, adjoint, 1e-12), `adjoint of ${op.toString()}`);
  }
  const padded = new Pad([4], [1, 2]);
  t.ok(near((await padded.matvec(x)).local, [0, 1, 2, 3, 4, 0, 0]));
  t.ok(near((await padded.rmatvec(LocalArray.from([7], [1, 2, 3, 4, 5, 6, 7]))).local, [2, 3, 4, 5]));
  const mirrored = new Symmetrize([4]);
  t.ok(near((await mirrored.matvec(x)).local, [4, 3, 2, 1, 2, 3, 4]));
  t.ok(near((await mirrored.rmatvec(LocalArray.from([7], [1, 2, 3, 4, 5, 6, 7]))).local, [4, 8, 8, 8]));
  t.throws(() => new Restriction([4], [0, 4]), /Restriction: index 4, at 1, of an axis of 4; use 0 … 3/);
  t.throws(() => new Interp([4], [3.5]), /Interp: position 3\.5, at 0, on an axis of 4 samples/);
  t.throws(() => new Interp([4], [NaN]), /position NaN/);
  t.throws(() => new Roll([4], 0.5), /shift 0\.5/);
  t.throws(() => new Pad([4], [-1, 0]), /Pad: zeros \[-1, 0\]/);
  t.throws(() => new Smoothing1D([4], 0), /width 0/);
  t.throws(() => new Flip([4], { axis: 1 }), /axis 1 of an array with 1 axes/);
});

void test("operators of several samples: golden numbers, forward and adjoint", async (t) => {
  const filters = LocalArray.from([2, 3], [0, 1, 0, 1, 2, 1]);
  const ones = new LocalArray([6]).fill(1);
  const changing = new NonStationaryConvolve1D([6], filters, [1, 4]);
  t.ok(near((await changing.matvec(ones)).local, [1, 4 / 3, 2, 3, 11 / 3, 3], 1e-12));
  t.ok(near((await changing.rmatvec(ones)).local, [1, 1, 2, 3, 4, 3], 1e-12));
  const spike = LocalArray.from([6], [0, 0, 1, 0, 0, 0]);
  t.ok(near((await changing.matvec(spike)).local, [0, 1 / 3, 4 / 3, 1 / 3, 0, 0], 1e-12));

  const x = LocalArray.from([5], [1, 2, 3, 4, 5]);
  t.ok(near((await new Smoothing1D([5], 3).matvec(x)).local, [1, 2, 3, 4, 3], 1e-12));
  t.ok(near((await new Smoothing1D([5], 4).matvec(x)).local, [1.2, 2, 3, 2.8, 2.4], 1e-12));
  t.ok(near((await new Sum([5]).matvec(x)).local, [15]));
  t.ok(
    near((await new LinearRegression([3], [0, 1, 3]).matvec(LocalArray.from([2], [1, 2]))).local, [1, 3, 7]),
  );

  // Windows of ones, three samples shared: the taper of a window in the middle, [0, ½, 1, …, 1, ½, 0], and its neighbours' add up to 1.
  const windows = new Sliding(new Identity([11]), [27], { window: [11], overlap: [3] });
  t.same(windows.dims, [3, 11]);
  t.ok(near((await windows.matvec(new LocalArray([3, 11]).fill(1))).local, Array<number>(27).fill(1), 1e-12));
  const taper = (await windows.rmatvec(new LocalArray([27]).fill(1))).local.subarray(11, 22);
  t.ok(near(taper, [0, 0.5, 1, 1, 1, 1, 1, 1, 1, 0.5, 0], 1e-12));
  t.throws(
    () => new Sliding(new Identity([11]), [28], { window: [11], overlap: [3] }),
    /do not cover an axis of 28; they cover 27, or 35/,
  );
});

void test("Spread and Radon2D: samples along curves, and sums along them", async (t) => {
  const spread = new Spread([1, 3], [2, 4], (_, it, ix) => it + 0.25 * ix, { interpolate: true });
  const y = await spread.matvec(LocalArray.from([1, 3], [0, 4, 8]));
  t.ok(near(y.local, [0, 4, 8, 0, 0, 3, 7, 2], 1e-12));
  const lost = new Spread([1, 1], [3, 2], (_ix0, _it, ix) => [NaN, 5, -0.5][ix], { interpolate: true });
  t.ok(near((await lost.matvec(new LocalArray([1, 1]).fill(1))).local, [0, 0, 0, 0, 0.5, 0]));
  // A line of slope 2 samples a trace through sample 1 of the first of three.
  const radon = new Radon2D([2, 8], [0, 0.2], [0, 1, 2], { first: 0, step: 0.1 });
  const model = new LocalArray([2, 8]);
  model.local[8 + 1] = 1;
  const data = await radon.matvec(model);
  t.ok(
    near(
      data.local,
      Array.from({ length: 24 }, (_, i) => Number([1, 8 + 3, 16 + 5].includes(i))),
      1e-12,
    ),
  );
  t.ok(Math.abs((await radon.rmatvec(data)).local[8 + 1] - 3) < 1e-12);
  t.throws(() => new Spread([3], [2, 4], () => 0), /Spread: from \[3\]/);
});

void test("ConvolveND is the sum over the filter; Smoothing2D a mean over a rectangle", async (t) => {
  const x = LocalArray.from([2, 3], [1, 2, 3, 4, 5, 6]);
  const filter = LocalArray.from([2, 2], [1, 10, 100, 1000]);
  const causal = new ConvolveND([2, 3], filter);
  t.same([...(await causal.matvec(x)).local], [1, 12, 23, 104, 1245, 2356]);
  const ahead = new ConvolveND([2, 3], filter, { offset: [1, 0] });
  t.same([...(await ahead.matvec(x)).local], [104, 1245, 2356, 400, 4500, 5600]);
  const smooth = new Smoothing2D([2, 3], [1, 3]);
  t.ok(near((await smooth.matvec(x)).local, [1, 2, 5 / 3, 3, 5, 11 / 3], 1e-12));
  t.throws(() => new ConvolveND([2, 3], filter, { offset: [0, 2] }), /offset 2 along axis 1/);
  t.throws(() => new ConvolveND([2, 3], filter, { axes: [1, 0] }), /axes ascending/);
});

void test("columnsOf picks columns, matmat applies to many vectors, estimateTrace is exact for diagonals", async (t) => {
  const A = matrix(3, 4, 1);
  const picked = await entries(columnsOf(A, [2, 0]));
  t.ok(
    same(
      picked,
      (await entries(A)).map((row) => [row[2], row[0]]),
    ),
  );
  t.throws(() => columnsOf(A, [4]), /column 4, at 0, of 4/);
  const columns = [0, 1].map((k) => LocalArray.fromFunction([4], (i) => i + k));
  const [first, second] = await matmat(A, columns);
  t.same([...second.local], [...(await A.matvec(columns[1])).local]);
  t.not(first, second);
  const diagonal = new Diagonal(LocalArray.from([3], [1, 2, 4]));
  t.same(await estimateTrace(diagonal), { trace: 7, standardError: 0 });
  const full = matrix(6, 6, 1, "float64");
  const exact = (await entries(full)).reduce((sum, row, i) => sum + row[i].re, 0);
  const { trace, standardError } = await estimateTrace(full, { samples: 400 });
  t.ok(Math.abs(trace - exact) < 4 * standardError, `${trace} ± ${standardError}, ${exact}`);
  await t.rejects(estimateTrace(A), /it must be square/);
});

void test("Kronecker is the Kronecker product; Reshaped and Batched change the shape alone", async (t) => {
  const [A, B] = [matrix(2, 3, 1), matrix(4, 2, 2)];
  const [a, b] = [await entries(A), await entries(B)];
  const expected = combine(8, 6, (i, j) => {
    const [x, y] = [a[Math.floor(i / 4)][Math.floor(j / 2)], b[i % 4][j % 2]];
    return { re: x.re * y.re - x.im * y.im, im: x.re * y.im + x.im * y.re };
  });
  const product = new Kronecker(A, B);
  t.ok(same(await entries(product), expected));
  t.ok(same(await entries(new Reshaped(B, { dimsd: [2, 2] })), b));
  t.throws(() => new Reshaped(B, { dims: [3] }), /sizes must stay/);
  const identity = combine(3, 3, (i, j) => ({ re: Number(i === j), im: 0 }));
  const each = await entries(new Batched(B, [3, 2]));
  t.ok(same(each, combine(12, 6, (i, j) => {
    const [k, l] = [identity[Math.floor(i / 4)][Math.floor(j / 2)].re, b[i % 4][j % 2]];
    return { re: k * l.re, im: k * l.im };
  }))); // prettier-ignore
});

void test("Products into new arrays, again and again: those that are dropped make room, though nothing is waited for", async (t) => {
  const space = new LocalSpace([2 ** 21]);
  const op = new FunctionOperator({ model: space, data: space }, { forward: () => {}, adjoint: () => {} });
  const x = space.zeros();
  const before = heapStatistics().used;
  for (let k = 0; k < 40; k++) await (k % 2 ? op.rmatvec(x) : op.matvec(x));
  t.ok(heapStatistics().used - before < 24 * x.local.byteLength); // 16 of them make a collection due
});

void test("A matrix times many items at once has the bits of its products one by one", async (t) => {
  const before = blas() !== undefined;
  useLibraries({ blas: false });
  t.teardown(() => useLibraries({ blas: before }));
  const value = (...index: number[]) => ({ re: Math.sin(index.reduce((s, i) => 3 * s + i, 1)), im: 0.5 });
  for (const ofMatrix of ["float32", "float64", "complex128"] as const) {
    for (const dtype of ["float32", "float64", "complex64", "complex128"] as const) {
      for (const extra of [[], [1], [3]]) {
        const real = (...index: number[]) => value(...index).re;
        const A = new MatrixMult(
          LocalArray.fromFunction([4, 5], ofMatrix === "complex128" ? value : real, ofMatrix),
          extra,
        );
        const many = new Batched(A, [2, 3, 5, ...extra]);
        for (const op of [many, many.H]) {
          const one = op === many ? A : A.H;
          const x = LocalArray.fromFunction(op.dims, dtype.startsWith("complex") ? value : real, dtype);
          const y = await op.matvec(x);
          const each = pieces(x, new Array<readonly number[]>(6).fill(one.dims));
          const products: number[] = [];
          for (const item of each) products.push(...(await one.matvec(item)).local);
          t.same([...y.local], products, `${ofMatrix}, ${dtype}, [${extra.join()}]`); // prettier-ignore
        }
      }
    }
  }
});

void test("FunctionOperator and MemoizeOperator: own functions, and results that are remembered", async (t) => {
  const space = new LocalSpace([3]);
  const double = new FunctionOperator(
    { model: space, data: space },
    { forward: (x, y) => void y.copyFrom(x).scale(2), adjoint: (y, x) => void x.copyFrom(y).scale(2) },
  );
  await dottest(double);
  const memory = new MemoizeOperator(double, { products: 2 });
  await dottest(memory);
  const begun = double.calls.matvec;
  const inputs = [1, 2, 1, 2, 3, 1].map((value) => space.zeros().fill(value));
  for (const x of inputs) t.equal((await memory.matvec(x)).local[0], 2 * x.local[0]);
  t.equal(double.calls.matvec - begun, 4, "the third one forgot the first");
  t.equal(memory.calls.matvec, 7);
  const none = new FunctionOperator({ model: space, data: space }, { forward: (x, y) => void y.copyFrom(x) });
  await t.rejects(none.rmatvec(space.zeros()), /made without an adjoint/);
});

void test("Real, Imag and Conj: linear over real numbers, so is what is made of them", async (t) => {
  const x = LocalArray.from([2], [1, 2, -3, 4], "complex128");
  t.same([...(await new Real([2]).matvec(x)).local], [1, 0, -3, 0]);
  t.same([...(await new Imag([2]).matvec(x)).local], [2, 0, 4, 0]);
  t.same([...(await new Conj([2]).matvec(x)).local], [1, -2, -3, -4]);
  const A = matrix(3, 2, 1);
  const [y, real, imaginary] = [await A.matvec(x), await toReal(A).matvec(x), await toImag(A).matvec(x)];
  t.ok(near(imaginary.scale({ re: 0, im: 1 }).axpy(1, real).local, [...y.local], 1e-12));
  const mixed = toReal(A).scale({ re: 0.5, im: 2 }).add(toImag(A)).H;
  t.equal(mixed.clinear, false);
  for (const op of [toReal(A), toImag(A), mixed, mixed.T]) await dottest(op, { dtype: "complex128" });
});

void test("ricker and zeroPhaseBoxcar: golden numbers", async (t) => {
  t.ok(near(ricker(3, 0.004, 20), [0.38423, 0.82019, 1, 0.82019, 0.38423], 1e-5));
  // Filtered with SciPy's filtfilt(ones(3) / 3, 1, x).
  const x = LocalArray.fromFunction([12], (i) => i * i);
  const constant = LocalArray.fromFunction([2, 12], () => 7);
  const line = LocalArray.fromFunction([12, 2], (i, j) => 3 * i + j);
  t.ok(near(zeroPhaseBoxcar(constant, 3).local, Array<number>(24).fill(7), 1e-12), "keeps constants");
  t.ok(near(zeroPhaseBoxcar(line.clone(), 3, 0).local, [...line.local], 1e-12), "keeps straight lines");
  // Inside, twice three samples are the weights 1 2 3 2 1 over 9: i² becomes i² + 4/3.
  const smooth = zeroPhaseBoxcar(x, 3).local;
  t.ok(near(smooth.subarray(3, 9), [3, 4, 5, 6, 7, 8].map((i) => i * i + 4 / 3), 1e-12)); // prettier-ignore
  t.throws(() => zeroPhaseBoxcar(x, 4), /width 4 on 12 samples; the axis needs more than 12/);
});

void test("PoststackLinearModelling is the convolution of the derivative, along any axis", async (t) => {
  const wavelet = ricker(5, 0.004, 20);
  const D = await todense(new FirstDerivative([7, 3], { axis: 0 }));
  const W = await todense(new Convolve1D([7, 3], wavelet, { axis: 0, offset: 4 }));
  const product = await todense(new MatrixMult(W).compose(new MatrixMult(D)));
  const op = new PoststackLinearModelling(wavelet, [7, 3], { axis: 0 });
  t.ok(near((await todense(op)).local, [...product.local], 1e-12));
  await dottest(new PoststackLinearModelling(wavelet, [3, 50], { kind: "forward" }));
});

const matrix = (n: number, k: number, seed: number, dtype: "float64" | "complex128" = "complex128") =>
  new MatrixMult(
    LocalArray.fromFunction(
      [n, k],
      (i, j) => {
        const re = Math.sin(seed + 3 * i + 7 * j);
        return dtype === "float64" ? re : { re, im: Math.cos(seed * i + j) };
      },
      dtype,
    ),
  );

/** The same product by the definition, of matrices of complex numbers. */
async function entries(op: Local): Promise<{ re: number; im: number }[][]> {
  const { dtype, local, space } = await todense(op);
  const [rows, columns] = space.dims;
  const at = (k: number) =>
    dtype === "complex128" ? { re: local[2 * k], im: local[2 * k + 1] } : { re: local[k], im: 0 };
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => at(i * columns + j)),
  );
}

type Matrix = { re: number; im: number }[][];
const combine = (
  rows: number,
  columns: number,
  f: (i: number, j: number) => { re: number; im: number },
): Matrix => Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));
const times = (a: Matrix, b: Matrix): Matrix =>
  combine(a.length, b[0].length, (i, j) => a[i].reduce((sum, x, k) => {
    const y = b[k][j];
    return { re: sum.re + x.re * y.re - x.im * y.im, im: sum.im + x.re * y.im + x.im * y.re };
  }, { re: 0, im: 0 })); // prettier-ignore
const conjugated = (a: Matrix): Matrix => a.map((row) => row.map(({ re, im }) => ({ re, im: -im })));
const transposed = (a: Matrix): Matrix => combine(a[0].length, a.length, (i, j) => a[j][i]);
const same = (a: Matrix, b: Matrix) =>
  a.length === b.length &&
  a.every((row, i) => row.every((x, j) => Math.hypot(x.re - b[i][j].re, x.im - b[i][j].im) < 1e-12));

void test("the algebra equals that of dense matrices, real and complex", async (t) => {
  const [A, B, R] = [matrix(3, 3, 1), matrix(3, 3, 2), matrix(3, 3, 3, "float64")];
  const [a, b, r] = [await entries(A), await entries(B), await entries(R)];
  const alpha = { re: 0.5, im: -2 };
  const scaled = (x: Matrix) =>
    times(
      combine(3, 3, (i, j) => (i === j ? alpha : { re: 0, im: 0 })),
      x,
    );
  const plus = (x: Matrix, y: Matrix) =>
    combine(3, 3, (i, j) => ({ re: x[i][j].re + y[i][j].re, im: x[i][j].im + y[i][j].im }));
  const cases: [string, Local, Matrix][] = [
    ["A", A, a],
    ["A.H", A.H, transposed(conjugated(a))],
    ["A.T", A.T, transposed(a)],
    ["conj", A.conj(), conjugated(a)],
    ["scale", A.scale(alpha), scaled(a)],
    ["real times complex", R.scale(alpha), scaled(r)],
    ["add", A.add(R), plus(a, r)],
    ["real plus complex", R.add(A), plus(r, a)],
    ["sub of itself", A.sub(A), combine(3, 3, () => ({ re: 0, im: 0 }))],
    ["compose", A.compose(B), times(a, b)],
    ["real after complex", R.compose(A), times(r, a)],
    ["(A B).H", A.compose(B).H, transposed(conjugated(times(a, b)))],
    ["(α A + B).T", A.scale(alpha).add(B).T, transposed(plus(scaled(a), b))],
    ["power 0", A.power(0), combine(3, 3, (i, j) => ({ re: Number(i === j), im: 0 }))],
    ["power 3", A.power(3), times(a, times(a, a))],
  ];
  for (const [name, op, expected] of cases) {
    t.ok(same(await entries(op), expected), name);
    await dottest(op);
  }
  t.equal(A.H.H, A);
  t.equal(A.conj().conj(), A);
  t.equal(R.conj(), R);
});

void test("MatrixMult: with extra dims, and in every mix of dtypes", async (t) => {
  const A = matrix(2, 3, 1, "float64");
  const columns = new MatrixMult(
    LocalArray.fromFunction([2, 3], (i, j) => Math.sin(1 + 3 * i + 7 * j)),
    [4],
  );
  t.same(columns.shape, [8, 12]);
  for (const op of [A, columns, matrix(2, 3, 2), matrix(4, 1, 2)] as Local[]) {
    for (const dtype of ["float32", "float64", "complex64", "complex128"] as const)
      await dottest(op, { dtype });
  }
  const x = LocalArray.fromFunction([3], (i) => ({ re: i, im: 1 }), "complex64");
  t.equal((await A.matvec(x)).dtype, "complex128", "the result is promoted, no imaginary part is lost");
});

void test("Diagonal and local Identity and Transpose", async (t) => {
  const diagonal = new Diagonal(LocalArray.from([2], [1, 2, 3, -1], "complex64"));
  for (const dtype of ["float64", "complex64", "complex128"] as const)
    await dottest(diagonal, { dtype, rtol: 1e-4 });
  const along = Diagonal.along(new LocalSpace([2, 3]), -1, [1, 2, 3]);
  t.same([...(await along.matvec(new LocalArray([2, 3]).fill(2))).local], [2, 4, 6, 2, 4, 6]);
  t.throws(() => Diagonal.along(new LocalSpace([2, 3]), 0, [1]), /1 factors along axis 0/);
  const x = LocalArray.fromFunction([2, 3], (i, j) => 10 * i + j);
  t.same([...(await new Identity([2, 3], [3, 2]).matvec(x)).local], [0, 1, 10, 11, 0, 0]);
  t.same([...(await new Transpose([2, 3], [1, 0]).matvec(x)).local], [0, 10, 1, 11, 2, 12]);
  t.throws(() => new Transpose([2, 3], [1, 1]), /name each of them once/);
  await dottest(new Transpose([2, 3, 4], [2, 0, 1], { dtype: "complex128" }));
});

void test("wrong vectors and shapes are refused, with both shapes", async (t) => {
  const [A, B] = [matrix(2, 3, 1, "float64"), matrix(4, 5, 1, "float64")];
  await t.rejects(A.matvec(new LocalArray([2])), /input is \[2\]; the operator takes \[3\]/);
  await t.rejects(
    A.matvec(new LocalArray([3]), new LocalArray([3])),
    /output is \[3\]; the operator takes \[2\]/,
  );
  await t.rejects(
    A.matvec(new LocalArray([3]), new LocalArray([2], "float32")),
    /a float64 result into a float32/,
  );
  await t.rejects(
    new Identity([3]).power(2).matvec(new LocalArray([3], "complex64"), new LocalArray([3])),
    TypeError,
  );
  t.throws(() => A.compose(B), /the inner operator gives \[4\], the outer one takes \[3\]/);
  t.throws(() => A.add(B), /spaces of a sum must be the same/);
  t.throws(() => A.H.compose(A).power(-1), /exponent -1/);
  t.throws(() => new VStack([A, B]), /model of operator 0 is \[3\], of operator 1 \[5\]/);
  const x = new LocalArray([3]);
  await t.rejects(new Identity([3]).matvec(x, x), /the output is the input/);
});

void test("one operator, one product at a time; products in a loop allocate nothing", async (t) => {
  const space = new LocalSpace([40, 30]);
  const D = new FirstDerivative(space);
  const op = D.H.compose(D)
    .add(new Diagonal(space.zeros().fill(2)).power(3))
    .scale(0.5);
  const [x, y] = [space.zeros().fill(1), space.zeros()];
  await op.matvec(x, y);
  await op.rmatvec(x, y);
  const { arrays } = heapStatistics();
  for (let k = 0; k < 5; k++) {
    await op.matvec(x, y);
    await op.rmatvec(x, y);
  }
  t.equal(heapStatistics().arrays, arrays);
  const first = op.matvec(x, y);
  await t.rejects(op.matvec(x), /another product of this operator is not finished/);
  await first;
});

void test("dottest finds a wrong adjoint, and a missing conjugate", async (t) => {
  class Wrong extends LinearOperator<LocalArray, LocalArray> {
    constructor() {
      super({ model: new LocalSpace([4]), data: new LocalSpace([4]), dtype: "complex128" });
    }
    protected override forward(x: LocalArray, y: LocalArray) {
      y.copyFrom(x).scale({ re: 1, im: 1 });
    }
    protected override adjoint = this.forward.bind(this);
  }
  await t.rejects(dottest(new Wrong()), /Wrong: ⟨A u, v⟩ = .*, ⟨u, Aᴴ v⟩ = .* they differ by/);
});
