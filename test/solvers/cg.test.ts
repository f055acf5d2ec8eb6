import { test } from "tap";
import { cg } from "../../src/solvers/cg.js";
import { count, Dense, matrix, reset } from "./dense.js";

const tridiagonal = (n: number) =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? 2.5 : Math.abs(i - j) === 1 ? -1 : 0)),
  );
const distance = (x: Dense, y: readonly number[]) =>
  Math.hypot(...x.values.map(({ re, im }, i) => Math.hypot(re - y[i], im)));
const ramp = (n: number) => Array.from({ length: n }, (_, i) => 1 + i / 3);

for (const n of [1, 2, 7, 30]) {
  test(`cg: finds the known solution of ${n} equations, and leaves the data alone`, async (t) => {
    const A = matrix(tridiagonal(n));
    const data = await A.matvec(new Dense(ramp(n)));
    const before = data.real;
    const { model, status, cost, iterations } = await cg(A, data, { rtol: 1e-13 });
    t.equal(status, "converged");
    t.ok(iterations <= n + 1, `${iterations} iterations`);
    t.equal(cost.length, iterations + 1);
    t.ok(distance(model, ramp(n)) < 1e-11);
    t.strictSame(data.real, before);
  });
}

test("cg: rtol bounds the true residual relative to the data", async (t) => {
  const A = matrix(tridiagonal(40));
  const data = new Dense(ramp(40));
  const { model, cost, status } = await cg(A, data, { rtol: 1e-4 });
  t.equal(status, "converged");
  const residual = (await A.matvec(model)).axpy(-1, data);
  const [norm, dataNorm] = [await residual.norm(), await data.norm()];
  t.ok(norm <= 1.0001e-4 * dataNorm, `${norm} of ${dataNorm}`);
  t.ok(Math.abs(norm - (cost.at(-1) ?? 0)) < 1e-12 * dataNorm, "the last cost is the true residual");
  t.ok((cost.at(-2) ?? 0) > 1e-4 * dataNorm, "and it took no iteration too many");
});

test("cg: atol bounds the residual norm, rtol 0 runs exactly maxIterations", async (t) => {
  const A = matrix(tridiagonal(40));
  const data = new Dense(ramp(40));
  t.ok(((await cg(A, data, { rtol: 0, atol: 0.5 })).cost.at(-1) ?? 9) <= 0.5);
  const { status, iterations, cost } = await cg(A, data, { rtol: 0, maxIterations: 5 });
  t.strictSame([status, iterations, cost.length], ["max-iterations", 5, 6]);
  const none = await cg(A, data, { maxIterations: 0 });
  t.strictSame([none.status, none.cost], ["max-iterations", [await data.norm()]]);
});

test("cg: a warm start at the solution has converged, and x0 is left alone", async (t) => {
  const A = matrix(tridiagonal(9));
  const x0 = new Dense(ramp(9));
  const exact = await cg(A, await A.matvec(x0), { x0 });
  t.strictSame([exact.status, exact.iterations], ["converged", 0]);
  const near = new Dense(ramp(9).map((x) => x + 0.01));
  const warm = await cg(A, await A.matvec(x0), { x0: near, rtol: 1e-12 });
  t.ok(distance(warm.model, ramp(9)) < 1e-10);
  t.strictSame(
    near.real,
    ramp(9).map((x) => x + 0.01),
  );
});

test("cg: zero data have the zero solution at once", async (t) => {
  const { model, status, cost } = await cg(matrix(tridiagonal(4)), new Dense([0, 0, 0, 0]));
  t.strictSame([status, cost, model.real], ["converged", [0], [0, 0, 0, 0]]);
});

test("cg: complex Hermitian operators, with real and with complex data", async (t) => {
  const i = { re: 0, im: 1 };
  const A = matrix([
    [3, i, 0],
    [{ re: 0, im: -1 }, 2, 0.5],
    [0, 0.5, 4],
  ]);
  const wanted = new Dense([1, { re: 2, im: -1 }, i], "complex128");
  const found = await cg(A, await A.matvec(wanted, wanted.like()), { rtol: 1e-13 });
  t.equal(found.status, "converged");
  t.ok((await found.model.axpy(-1, wanted).norm()) < 1e-12);
  const fromReal = await cg(A, new Dense([1, 2, 3]), { rtol: 1e-13 });
  t.equal(fromReal.model.dtype, "complex128");
  t.equal(fromReal.status, "converged");
});

test("cg: an ill-conditioned system converges as far as it is told", async (t) => {
  const n = 24; // eigenvalues 1 … 1e8
  const diagonal = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? 10 ** ((8 * i) / (n - 1)) : 0)),
  );
  const A = matrix(diagonal);
  const { model, status } = await cg(A, await A.matvec(new Dense(ramp(n))), {
    rtol: 1e-14,
    maxIterations: 500,
  });
  t.equal(status, "converged");
  t.ok(distance(model, ramp(n)) < 1e-5);
});

test("cg: an indefinite operator and numbers that are not finite break down, NaN never converges", async (t) => {
  const indefinite = matrix([
    [1, 0],
    [0, -1],
  ]);
  t.equal((await cg(indefinite, new Dense([0, 1]))).status, "breakdown");
  const A = matrix(tridiagonal(2));
  for (const bad of [NaN, Infinity, 1e200]) {
    t.equal((await cg(A, new Dense([1, bad]))).status, "breakdown", `${bad}`);
  }
  t.equal((await cg(A, new Dense([1, 1]), { x0: new Dense([NaN, 0]) })).status, "breakdown");
  t.equal((await cg(matrix([[NaN]]), new Dense([1]))).status, "breakdown");
});

test("cg: the callback sees every iterate and may stop, at once or later", async (t) => {
  const A = matrix(tridiagonal(30));
  const data = new Dense(ramp(30));
  const seen: number[] = [];
  const { status, iterations, cost } = await cg(A, data, {
    callback: ({ iteration, residualNorm, model }) => {
      t.equal(model.length, 30);
      seen.push(residualNorm);
      return iteration === 3;
    },
  });
  t.strictSame([status, iterations], ["stopped", 3]);
  t.strictSame(seen, cost);
  t.equal((await cg(A, data, { callback: async () => true })).iterations, 0);
  t.equal((await cg(A, data, { callback: async () => undefined })).status, "converged");
  await t.rejects(
    cg(A, data, {
      callback: () => {
        throw new Error("enough");
      },
    }),
    { message: "enough" },
  );
});

test("cg: an iteration costs one product and two reductions, and makes no vector", async (t) => {
  const A = matrix(tridiagonal(30));
  const data = new Dense(ramp(30));
  const cost = async (maxIterations: number) => {
    reset();
    await cg(A, data, { rtol: 0, maxIterations });
    return { ...count };
  };
  const [five, eight] = [await cost(5), await cost(8)];
  t.strictSame([eight.matvec - five.matvec, eight.rmatvec, eight.reductions - five.reductions], [3, 0, 6]);
  t.strictSame([five.vectors, eight.vectors, five.matvec], [4, 4, 5]);
});

test("cg: refuses what makes no sense, before any product", async (t) => {
  const A = matrix(tridiagonal(3));
  const data = new Dense([1, 2, 3]);
  reset();
  const misspelt: object = { maxiter: 3 };
  await t.rejects(cg(A, data, misspelt), { name: "TypeError", message: /unknown option "maxiter"/ });
  await t.rejects(cg(A, data, { maxIterations: 1.5 }), {
    name: "RangeError",
    message: /maxIterations is 1.5/,
  });
  await t.rejects(cg(A, data, { rtol: -1 }), { name: "RangeError", message: /rtol is -1/ });
  await t.rejects(cg(A, data, { atol: NaN }), { name: "RangeError", message: /atol is NaN/ });
  await t.rejects(cg(A, new Dense([1])), { name: "RangeError", message: /data has 1 elements .* has 3/ });
  await t.rejects(cg(A, data, { x0: new Dense([1]) }), { name: "RangeError", message: /x0 has 1/ });
  t.equal(count.matvec, 0);
});
