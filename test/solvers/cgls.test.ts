import { test } from "tap";
import { cg } from "../../src/solvers/cg.js";
import { cgls } from "../../src/solvers/cgls.js";
import { count, Dense, matrix, reset } from "./dense.js";

/** Distinct, well-spread entries without a random number: rows of a tall matrix of full rank. */
const entries = (M: number, N: number) =>
  Array.from({ length: M }, (_, i) =>
    Array.from({ length: N }, (_, j) => Math.sin(1 + 3 * i + i * j) + (i === j ? 1 : 0)),
  );
const ramp = (n: number) => Array.from({ length: n }, (_, i) => 1 + i / 3);
const apart = async (x: Dense, y: Dense) => x.like().copyFrom(x).axpy(-1, y).norm();

/** Solves AᴴA x + damp² x = Aᴴ d, formed entry by entry. */
async function normalEquations(rows: number[][], data: number[], damp: number): Promise<Dense> {
  const N = rows[0].length;
  const gram = Array.from({ length: N }, (_, j) =>
    Array.from(
      { length: N },
      (_, k) => rows.reduce((sum, row) => sum + row[j] * row[k], 0) + (j === k ? damp * damp : 0),
    ),
  );
  const right = Array.from({ length: N }, (_, j) => rows.reduce((sum, row, i) => sum + row[j] * data[i], 0));
  const { model, status } = await cg(matrix(gram), new Dense(right), { rtol: 1e-14, maxIterations: 20 * N });
  if (status !== "converged") throw new Error(`normalEquations: ${status}`);
  return model;
}

for (const [M, N] of [
  [1, 1],
  [7, 3],
  [12, 12],
  [30, 8],
])
  // prettier-ignore
  test(`cgls: finds the known solution of ${M} consistent equations in ${N} unknowns`, async (t) => {
    const A = matrix(entries(M, N));
    const wanted = new Dense(ramp(N));
    const data = await A.matvec(wanted);
    const before = data.real;
    const result = await cgls(A, data, { rtol: 1e-12, maxIterations: 200 });
    t.equal(result.status, "converged");
    t.ok((await apart(result.model, wanted)) < 1e-7);
    t.strictSame(data.real, before);
    const lengths = [result.cost, result.dampedCost, result.gradientNorms].map((history) => history.length);
    t.strictSame(lengths, Array(3).fill(result.iterations + 1));
  });

for (const damp of [0, 0.3, 2])
  test(`cgls: minimises ‖d − A x‖² + damp² ‖x‖² for damp ${damp}, from any start`, async (t) => {
    const rows = entries(20, 6);
    const data = ramp(20).map((x, i) => x * Math.cos(i));
    const wanted = await normalEquations(rows, data, damp);
    const A = matrix(rows);
    for (const x0 of [undefined, new Dense([5, -3, 2, 0, 1, 9])]) {
      const result = await cgls(A, new Dense(data), { damp, rtol: 1e-12, x0 });
      t.equal(result.status, "converged");
      t.ok((await apart(result.model, wanted)) < 1e-10);
      const residual = (await A.matvec(result.model)).axpy(-1, new Dense(data));
      const damped = Math.hypot(await residual.norm(), damp * (await result.model.norm()));
      t.ok(Math.abs((result.cost.at(-1) ?? 0) - (await residual.norm())) < 1e-10);
      t.ok(Math.abs((result.dampedCost.at(-1) ?? 0) - damped) < 1e-10);
    }
  });

test("cgls: a wide operator gives the solution of least norm", async (t) => {
  const { model, status } = await cgls(matrix([[1, 1]]), new Dense([4]));
  t.equal(status, "converged");
  t.ok((await apart(model, new Dense([2, 2]))) < 1e-12);
});

test("cgls: rtol bounds the gradient relative to the first, atol its norm, rtol 0 runs all iterations", async (t) => {
  const rows = entries(40, 20);
  const [A, data] = [matrix(rows), new Dense(ramp(40))];
  const { gradientNorms, model, status } = await cgls(A, data, { rtol: 1e-3 });
  t.equal(status, "converged");
  const [first, beforeLast, last] = [gradientNorms[0], gradientNorms.at(-2) ?? 0, gradientNorms.at(-1) ?? 0];
  t.ok(last <= 1e-3 * first && beforeLast > 1e-3 * first);
  const residual = (await A.matvec(model)).scale(-1).axpy(1, data);
  t.ok(Math.abs((await (await A.rmatvec(residual)).norm()) - last) < 1e-10 * first);
  t.ok(((await cgls(A, data, { rtol: 0, atol: 2 })).gradientNorms.at(-1) ?? 9) <= 2);
  const all = await cgls(A, data, { rtol: 0, maxIterations: 4 });
  t.strictSame([all.status, all.iterations, all.cost.length], ["max-iterations", 4, 5]);
});

test("cgls: zero data have the zero solution at once; a warm start at the solution too", async (t) => {
  const A = matrix(entries(5, 3));
  const zero = await cgls(A, new Dense([0, 0, 0, 0, 0]), { damp: 0.5 });
  t.strictSame([zero.status, zero.cost, zero.model.real], ["converged", [0], [0, 0, 0]]);
  const x0 = new Dense([1, 2, 3]);
  const warm = await cgls(A, await A.matvec(x0), { x0 });
  t.strictSame([warm.status, warm.iterations, x0.real], ["converged", 0, [1, 2, 3]]);
});

test("cgls: complex operators, with real and with complex data and start", async (t) => {
  const A = matrix([
    [{ re: 1, im: 2 }, 0.5],
    [{ re: 0, im: -1 }, 2],
    [1, { re: 1, im: 1 }],
  ]);
  const wanted = new Dense(
    [
      { re: 1, im: -1 },
      { re: 0, im: 2 },
    ],
    "complex128",
  );
  const data = await A.matvec(wanted);
  for (const x0 of [undefined, new Dense([1, 1])]) {
    const { model, status } = await cgls(A, data, { rtol: 1e-13, x0 });
    t.equal(status, "converged");
    t.ok((await apart(model, wanted)) < 1e-12);
  }
  t.equal((await cgls(A, new Dense([1, 2, 3]))).model.dtype, "complex128");
});

test("cgls: numbers that are not finite break down, NaN never converges", async (t) => {
  const A = matrix(entries(3, 2));
  for (const bad of [NaN, Infinity, -Infinity, 1e200]) {
    t.equal((await cgls(A, new Dense([1, bad, 1]))).status, "breakdown", `${bad}`);
  }
  t.equal((await cgls(A, new Dense([1, 2, 3]), { x0: new Dense([NaN, 0]) })).status, "breakdown");
  t.equal((await cgls(matrix([[NaN]]), new Dense([1]))).status, "breakdown");
});

test("cgls: the callback sees every iterate and may stop", async (t) => {
  const [A, data] = [matrix(entries(30, 20)), new Dense(ramp(30))];
  const seen: [number, number][] = [];
  const result = await cgls(A, data, {
    callback: ({ iteration, residualNorm, gradientNorm }) => {
      seen.push([residualNorm, gradientNorm]);
      return iteration < 3 ? undefined : true;
    },
  });
  t.strictSame([result.status, result.iterations], ["stopped", 3]);
  t.strictSame(
    seen,
    result.cost.map((norm, i) => [norm, result.gradientNorms[i]]),
  );
});

for (const damp of [0, 0.5])
  test(`cgls: an iteration costs two products and two reductions, and makes no vector (damp ${damp})`, async (t) => {
    const [A, data] = [matrix(entries(30, 20)), new Dense(ramp(30))];
    const cost = async (maxIterations: number) => {
      reset();
      await cgls(A, data, { rtol: 0, damp, maxIterations });
      return { ...count };
    };
    const [five, eight] = [await cost(5), await cost(8)];
    t.strictSame(five, { matvec: 5, rmatvec: 6, reductions: 11, vectors: 5 });
    t.strictSame(eight, { matvec: 8, rmatvec: 9, reductions: 17, vectors: 5 });
  });

test("cgls: refuses what makes no sense, before any product", async (t) => {
  const [A, data] = [matrix(entries(3, 2)), new Dense([1, 2, 3])];
  reset();
  const misspelt: object = { dampening: 3 };
  await t.rejects(cgls(A, data, misspelt), { name: "TypeError", message: /unknown option "dampening"/ });
  await t.rejects(cgls(A, data, { damp: Infinity }), { name: "RangeError", message: /damp is Infinity/ });
  await t.rejects(cgls(A, new Dense([1])), { name: "RangeError", message: /data has 1 elements .* has 3/ });
  await t.rejects(cgls(A, data, { x0: data }), { name: "RangeError", message: /x0 has 3 elements .* has 2/ });
  t.strictSame([count.matvec, count.rmatvec], [0, 0]);
});
