import assert from "node:assert/strict";
import { test } from "tap";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import type { Complex, DType } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import { simulate } from "../../src/comm/simulate.js";
import type { Communicator } from "../../src/comm/types.js";
import { Diagonal } from "../../src/ops/basic/diagonal.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Gradient } from "../../src/ops/basic/gradient.js";
import type { LinearOperator } from "../../src/ops/linear-operator.js";
import type { Vector } from "../../src/array/vector.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { Real } from "../../src/ops/basic/real.js";
import { Roll } from "../../src/ops/basic/roll.js";
import { SecondDerivative } from "../../src/ops/basic/second-derivative.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { VStack } from "../../src/ops/basic/stacks.js";
import { DCT } from "../../src/ops/signal/dct.js";
import { cond, eigs, eigsh, svds } from "../../src/solvers/eigs.js";

const SIZES = [1, 2, 3, 4, 7];
const near = (actual: number, expected: number, tolerance = 1e-8) =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`); // prettier-ignore
const onAll = (title: string, program: (comm: Communicator) => Promise<void>, sizes = SIZES) =>
  void test(title, async () => {
    for (const size of sizes) await simulate(size, program);
  });
const modulus = ({ re, im }: Complex) => Math.hypot(re, im);

onAll("eigsh: the ends of the spectrum of a Laplacian, on any number of ranks", async (comm) => {
  const n = 40;
  const space = new Distribution(comm, [n]);
  const D = new FirstDerivative(space, { kind: "forward" });
  const A = D.H.compose(D); // eigenvalues 4 sin²(k π / 2 n), k = 0 … n − 1
  const value = (k: number) => 4 * Math.sin((k * Math.PI) / (2 * n)) ** 2;
  const { values, vectors, status } = await eigsh(A, { count: 3 });
  assert.equal(status, "converged");
  values.forEach((each, i) => near(each, value(n - 1 - i)));
  for (const [i, v] of vectors.entries()) {
    near(await v.norm(), 1);
    near(await (await A.matvec(v)).axpy(-values[i], v).norm(), 0, 1e-7);
  }
  const low = await eigsh(A, { count: 2, which: "smallest", basis: 40 });
  [0, value(1)].forEach((each, i) => near(low.values[i], each));
  const first = values.map((each) => each);
  assert.deepEqual(await comm.bcast(first), first, "all ranks have the same bits");
});

onAll("eigs: complex eigenvalues of a real operator, with their vectors", async (comm) => {
  const space = new Distribution(comm, [6]);
  const scaled = new Diagonal(DistributedArray.fromFunction(space, () => 1.5));
  const A = scaled.compose(new Roll(space, 1, { axis: 0 })); // 1.5 times the roots of unity
  const { values, vectors, status } = await eigs(A, { count: 6 });
  assert.equal(status, "converged");
  const angles = values.map(({ re, im }) => Math.round((Math.atan2(im, re) * 3) / Math.PI + 6) % 6);
  assert.deepEqual(angles.sort(), [0, 1, 2, 3, 4, 5]);
  for (const [i, v] of vectors.entries()) {
    near(modulus(values[i]), 1.5);
    const minus = { re: -values[i].re, im: -values[i].im };
    near(await (await A.matvec(v)).axpy(minus, v).norm(), 0);
  }
});

const DTYPES: readonly DType[] = ["float32", "float64", "complex64", "complex128"];
for (const dtype of DTYPES) {
  const single = dtype === "float32" || dtype === "complex64";
  void test(`eigs restarts, and finds the largest of 60 eigenvalues of a triangular ${dtype} matrix`, async () => {
    const complex = dtype.startsWith("complex");
    const n = 60;
    const matrix = LocalArray.fromFunction(
      [n, n],
      (i, j) => {
        const re = i === j ? (i + 1) * (i % 2 ? -1 : 1) : j > i ? Math.sin(3 * i + j) / 4 : 0;
        return complex ? { re, im: i === j ? i / 7 : 0 } : re;
      },
      dtype,
    );
    const { values, status, iterations } = await eigs(new MatrixMult(matrix), { count: 4 });
    assert.equal(status, "converged");
    assert.ok(iterations > 20, "in more than one round");
    values.forEach((value, k) => {
      const i = n - 1 - k;
      near(value.re, (i + 1) * (i % 2 ? -1 : 1), single ? 1e-3 : 1e-8);
      near(value.im, complex ? i / 7 : 0, single ? 1e-3 : 1e-8);
    });
  });

  void test(`svds and cond of a ${dtype} matrix with known singular values`, async () => {
    const complex = dtype.startsWith("complex");
    const n = 12;
    // D = U diag(1 … n) Vᴴ, with reflections U and V.
    const reflection = (k: number) => (i: number, j: number) =>
      Number(i === j) - (2 * (i + k) * (j + k)) / Array.from({ length: n }, (_, m) => (m + k) ** 2).reduce((a, b) => a + b); // prettier-ignore
    const [U, V] = [reflection(1), reflection(5)];
    const matrix = LocalArray.fromFunction(
      [n, n],
      (i, j) => {
        let re = 0;
        for (let k = 0; k < n; k++) re += U(i, k) * (k + 1) * V(j, k);
        return complex ? { re: 0.6 * re, im: 0.8 * re } : re;
      },
      dtype,
    );
    const A = new MatrixMult(matrix);
    const { values, left, right, status } = await svds(A, { count: 3 });
    assert.equal(status, "converged");
    const tolerance = single ? 1e-3 : 1e-8;
    values.forEach((value, k) => near(value, n - k, tolerance));
    for (const [k, v] of right.entries()) {
      near(await left[k].norm(), 1, tolerance);
      near(await (await A.matvec(v)).axpy(-values[k], left[k]).norm(), 0, 10 * tolerance);
    }
    near(await cond(A), n, tolerance);
  });
}

onAll(
  "svds: of stacks, wide and tall; the values of an operator and of its adjoint are equal",
  async (comm) => {
    const space = new Distribution(comm, [5, 4]);
    const G = new Gradient(space, { kind: "forward" });
    const largest = 4 * Math.sin((4 * Math.PI) / 10) ** 2 + 4 * Math.sin((3 * Math.PI) / 8) ** 2;
    const check = async <M extends Vector<M>, D extends Vector<D>>(A: LinearOperator<M, D>) => {
      const { values, left, right, status } = await svds(A, { count: 2 });
      assert.equal(status, "converged");
      near(values[0], Math.sqrt(largest));
      near(await (await A.matvec(right[1])).axpy(-values[1], left[1]).norm(), 0, 1e-7);
    };
    await check(G);
    await check(G.H);
    const stack = new VStack([new Identity(space), new Identity(space).scale(2)]);
    const { values } = await svds(stack, { count: 4 });
    values.forEach((value) => near(value, Math.sqrt(5))); // a multiple one, as often as asked
    near(await cond(stack), 1);
  },
);

void test("cond of Hilbert matrices is NumPy's, up to 1e13, and Infinity beyond what doubles tell", async () => {
  const hilbert = (n: number) => new MatrixMult(LocalArray.fromFunction([n, n], (i, j) => 1 / (i + j + 1)));
  // numpy.linalg.cond of 1 / (i + j + 1)
  const NUMPY = new Map([[4, 15513.73873892924], [6, 14951058.642254734], [8, 15257575538.060041], [9, 493153755941.02344], [10, 16024416987428.36]]); // prettier-ignore
  for (const [n, expected] of NUMPY) near(await cond(hilbert(n)), expected, 4e-16 * expected + 1e-12);
  assert.equal(await cond(hilbert(14)), Infinity);
});

onAll(
  "svds: the smallest of 40 singular values from 1 down to 1e-12, on one rank and on three",
  async (comm) => {
    const n = 40;
    const value = (k: number) => 10 ** ((-12 * k) / (n - 1));
    const space = new Distribution(comm, [n]);
    const weights = new Diagonal(DistributedArray.fromFunction(space, value));
    const A = new DCT(space).compose(weights).compose(new DCT(space, { type: 4 }));
    const { values, left, right, status, iterations } = await svds(A, { count: 3, which: "smallest" });
    assert.equal(status, "converged");
    assert.equal(iterations, n, "the whole space, once");
    for (const [k, found] of values.entries()) {
      near(found / value(n - 1 - k), 1, 1e-3);
      near(await right[k].norm(), 1);
      near(await left[k].norm(), 1);
      near(await (await A.matvec(right[k])).axpy(-found, left[k]).norm(), 0, 3e-14);
      near(await (await A.rmatvec(left[k])).axpy(-found, right[k]).norm(), 0, 3e-14);
    }
    near((await cond(A)) / 1e12, 1, 1e-3);
  },
  [1, 3],
);

void test("svds: restarts of a short basis find the smallest of many, and vectors of zero values are of length one", async () => {
  const A = new Diagonal(LocalArray.fromFunction([400], (i) => (i < 2 ? 1e-3 * (i + 1) : 1 + i / 40)));
  const { values, status, iterations } = await svds(A, { count: 2, which: "smallest", basis: 40 });
  assert.equal(status, "converged");
  assert.ok(iterations > 40);
  near(values[0], 1e-3);
  near(values[1], 2e-3);
  const zeros = await svds(new Diagonal(LocalArray.from([4], [3, 0, 2, 0])), { count: 4 });
  [3, 2, 0, 0].forEach((value, k) => near(zeros.values[k], value));
  for (const side of [zeros.left, zeros.right])
    for (const [k, x] of side.entries())
      for (const y of side.slice(k)) near(Number(await x.dot(y)), x === y ? 1 : 0);
});

void test("cond: Infinity for a singular operator", async () => {
  assert.equal(await cond(new SecondDerivative<LocalArray>([9])), Infinity);
  near(await cond(new Diagonal(LocalArray.from([3], [1, -4, 2]))), 4);
});

void test("eigs: bad arguments are errors that say so", async () => {
  const I = new Identity([4]);
  await assert.rejects(eigs(I, { count: 5 }), /eigs: count 5; use an integer from 1 to the 4/);
  await assert.rejects(eigsh(I, { basis: 1 }), /a basis of 1 vectors for 1 values; use 2 at least/);
  await assert.rejects(eigs(I, { which: "middle" as "largest" }), /which "middle"/);
  await assert.rejects(eigs(new Identity<LocalArray>([4], [3])), /must be square/);
  await assert.rejects(eigs(new Real<LocalArray>([4])), /linear over real numbers only/);
  await assert.rejects(eigsh(new Roll<LocalArray>([5], 1)), /eigsh: the operator is not Hermitian/);
  const slow = new Diagonal(LocalArray.fromFunction([500], (i) => 1 + i / 500));
  const { status, iterations } = await eigsh(slow, { maxIterations: 30 });
  assert.equal(status, "max-iterations");
  assert.ok(iterations >= 30 && iterations < 60);
  await assert.rejects(
    cond(slow, { maxIterations: 30 }),
    /cond: the largest singular value has not converged/,
  );
});
