/**
 * What every operator of the table must do: its adjoint is its adjoint, its matrix the one of its definition, and on
 * distributed arrays, however they are spread, it gives what its local twin gives.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { Distribution, type DistributionOptions } from "../../src/array/distribution.js";
import {
  type Complex,
  type DType,
  isComplex,
  numbersPerElement,
  promote,
  realOf,
  type Scalar,
} from "../../src/array/dtype.js";
import { LocalSpace } from "../../src/array/local-space.js";
import { alongAxis } from "../../src/array/shape.js";
import type { Space } from "../../src/array/vector.js";
import type { Communicator } from "../../src/comm/types.js";
import { simulate } from "../../src/comm/simulate.js";
import { heapStatistics } from "../../src/kernels/index.js";
import { fillByIndex, gatherAll } from "../../src/ops/columns.js";
import { dottest } from "../../src/ops/dottest.js";
import { todense } from "../../src/ops/todense.js";
import { arbitraryDistribution } from "../array/arbitrary.js";
import { fieldOf } from "./rows/definitions.js";
import type { Case, Cost, Definition, Op, Row } from "./rows/row.js";
import { table } from "./table.js";

const DTYPES: readonly DType[] = ["float32", "float64", "complex64", "complex128"];
const SIZES = [1, 2, 3, 4, 7];

for (const [name, row] of Object.entries(table)) {
  void test(name, async () => {
    for (const dtype of DTYPES) {
      for (const size of SIZES) {
        const property = fc.asyncProperty(fc.gen(), (draw) => {
          const pick = (min: number, max: number) => draw(fc.integer, { min, max });
          const dims = row.dims?.(pick) ?? Array.from({ length: pick(1, 3) }, () => pick(0, 4));
          const splits = row.splits ?? dims.length;
          const given = { dims, dtype, pick, axis: pick(0, splits - 1) };
          return checkCase(row, given, size, draw(layoutOf, dims, size, splits));
        });
        await fc.assert(property, { numRuns: 2, seed: 7 });
      }
    }
  });
}

void test("products send what the table says, and nothing that is not needed", async () => {
  for (const [name, row] of Object.entries(table)) {
    for (const split of [true, false]) {
      const pick = (_: number, high: number) => high;
      const dims = row.dims?.(pick) ?? [9, 4, 3];
      const axis = split || row.splits === 1 ? 0 : 1;
      const { make } = row.draw({ dims, axis, dtype: "float64", pick });
      const expected = row.cost(axis === 0);
      await simulate(3, async (comm) => {
        const op = make(new Distribution(comm, dims));
        const [x, y] = [wave(op.model, op.dtype), wave(op.data, op.dtype)];
        await op.rmatvec(await op.matvec(x)); // what the first product needs once
        const sent = await sentBy(comm, () => op.matvec(x));
        assert.deepEqual(sent, messages(comm, expected[0], 1, sent), `${name}, ${split}`);
        const sentBack = await sentBy(comm, () => op.rmatvec(y));
        assert.deepEqual(sentBack, messages(comm, expected[1], -1, sentBack), `adjoint of ${name}, ${split}`);
      });
    }
  }
});

void test("products allocate no array once each direction has run, on one rank and on three", async () => {
  for (const [name, row] of Object.entries(table)) {
    const pick = (_: number, high: number) => high;
    const dims = row.dims?.(pick) ?? [9, 4, 3];
    const { make } = row.draw({ dims, axis: 0, dtype: "float64", pick });
    for (const size of [1, 3]) {
      await simulate(size, async (comm) => {
        const op = make(new Distribution(comm, dims));
        const [x, y] = [wave(op.model, op.dtype), wave(op.data, op.dtype)];
        const [image, back] = [op.data.zeros(op.dtype), op.model.zeros(op.dtype)];
        const both = async () => {
          await op.matvec(x, image);
          await op.rmatvec(y, back);
        };
        await both();
        await comm.barrier(); // the ranks share one heap here
        const { arrays } = heapStatistics();
        for (let k = 0; k < 3; k++) await both();
        await comm.barrier();
        assert.ok(
          heapStatistics().arrays <= arrays,
          `${name} on ${size}: ${heapStatistics().arrays}, ${arrays} before`,
        );
        await comm.barrier();
      });
    }
  }
});

interface Sent {
  readonly alltoall: number;
  readonly allreduce: number;
  readonly messages: number;
}

async function sentBy(comm: Communicator, product: () => PromiseLike<unknown>): Promise<Sent> {
  const before = { ...comm.statistics, calls: { ...comm.statistics.calls } };
  await product();
  const { calls, messagesSent } = comm.statistics;
  const made = (name: string) => (calls[name] ?? 0) - (before.calls[name] ?? 0);
  return {
    alltoall: made("alltoall"),
    allreduce: made("allreduce"),
    messages: messagesSent - before.messagesSent,
  };
}

/** What a cost means on this rank of three; collectives choose the messages they take themselves. */
function messages({ rank }: Communicator, cost: Cost, direction: 1 | -1, { messages }: Sent): Sent {
  const { alltoall = 0, allreduce = 0, halo = 0, scan = 0 } = cost;
  if (alltoall + allreduce > 0) return { alltoall, allreduce, messages };
  const neighbours = rank === 1 ? 2 : 1;
  const scanned = direction > 0 ? 2 - rank : rank; // to the next rank, and to the one after it
  return { alltoall, allreduce, messages: halo * neighbours + scan * scanned };
}

async function checkCase(row: Row, given: Case, size: number, layout: DistributionOptions): Promise<void> {
  const { dims, dtype } = given;
  const { make, ...definition } = row.draw(given);
  const local = make(new LocalSpace(dims));
  await checkMatrix(local);
  await checkDefinition(local, definition, given);
  const twin = await results(local);
  const all = await simulate(
    size,
    async (comm) => {
      const op = make(new Distribution(comm, dims, layout));
      await dottest(op, { rtol: tolerance(op.dtype) });
      return results(op);
    },
    { seed: size },
  );
  const what = `${local.constructor.name} of [${dims.join(", ")}] with ${JSON.stringify(layout)}`;
  for (const { forward, adjoint } of all) {
    const same = row.exact === false ? near(dtype) : assert.deepEqual;
    same(forward, twin.forward, what);
    same(adjoint, twin.adjoint, `adjoint of ${what}`);
  }
}

/** Both products with vectors that depend on the global index alone, whole. */
async function results(op: Op): Promise<{ forward: Complex[]; adjoint: Complex[] }> {
  const forward = await gatherAll(await op.matvec(wave(op.model, op.dtype)));
  const adjoint = await gatherAll(await op.rmatvec(wave(op.data, op.dtype)));
  return { forward, adjoint };
}

function wave<V>(space: Space<V>, dtype: DType): V {
  const vector = space.zeros(dtype);
  const complex = isComplex(dtype);
  fillByIndex(vector, (i) => (complex ? { re: Math.sin(i + 1), im: Math.cos(3 * i) } : Math.sin(i + 1)));
  return vector;
}

/** The adjoint's matrix is the conjugate transpose of the operator's, entry by entry; the dot test on top of it. */
async function checkMatrix(op: Op): Promise<void> {
  await dottest(op, { rtol: tolerance(op.dtype) });
  if (op.clinear === false) return; // has no matrix
  const A = await todense(op);
  const B = await todense(adjointOf(op));
  const step = numbersPerElement(op.dtype);
  const [rows, columns] = A.space.dims;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const [a, b] = [step * (i * columns + j), step * (j * rows + i)];
      assert.ok(Math.abs(A.local[a] - B.local[b]) <= tolerance(op.dtype) * (1 + Math.abs(A.local[a])));
      if (step === 2) assert.ok(Math.abs(A.local[a + 1] + B.local[b + 1]) <= tolerance(op.dtype) * 10);
    }
  }
}

function adjointOf(op: Op): Op {
  const { model: data, data: model, dtype } = op;
  return {
    model,
    data,
    dtype,
    shape: [data.size, model.size],
    matvec: (y, x) => op.rmatvec(y, x),
    rmatvec: (x, y) => op.matvec(x, y),
  };
}

/** The product with a complex vector is what the definition makes of it, part by part. */
async function checkDefinition(op: Op, definition: Definition, { axis }: Case): Promise<void> {
  const x = await gatherAll(wave(op.model, op.dtype));
  const y = await gatherAll(await op.matvec(wave(op.model, op.dtype)));
  const expected = expectedOf(definition, op, x, axis);
  assert.equal(y.length, expected.length);
  const scale = expected.reduce((max, { re, im }) => Math.max(max, Math.hypot(re, im)), 1);
  for (const [i, { re, im }] of expected.entries()) {
    const off = Math.hypot(y[i].re - re, y[i].im - im);
    assert.ok(
      off <= 10 * tolerance(op.dtype) * scale,
      `element ${i} is ${y[i].re} + ${y[i].im} i, not ${re} + ${im} i`,
    );
  }
}

function expectedOf(definition: Definition, op: Op, x: readonly Complex[], axis: number): Complex[] {
  const [re, im] = [x.map((value) => value.re), x.map((value) => value.im)];
  const image = (first: number[], second: number[]) =>
    imageOf(definition, op.model.dims, first, second, axis);
  const [real, imaginary] = [image(re, im), op.clinear === false ? [] : image(im, re)];
  return real.map((value, i) => {
    const other = imaginary[i] ?? { re: 0, im: 0 };
    return { re: value.re - other.im, im: value.im + other.re }; // D(re) + i D(im)
  });
}

function imageOf(
  definition: Definition,
  dims: readonly number[],
  re: number[],
  im: number[],
  axis: number,
): Complex[] {
  const complex = (value: Scalar): Complex => (typeof value === "number" ? { re: value, im: 0 } : value);
  if ("whole" in definition) return definition.whole(fieldOf(dims, re), fieldOf(dims, im)).map(complex);
  const { outer, length, inner } = alongAxis(dims, axis);
  const lineOf = (values: number[], o: number, i: number) =>
    Array.from({ length }, (_, k) => values[(o * length + k) * inner + i]);
  const image: Complex[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const line = definition.line(lineOf(re, o, i), lineOf(im, o, i));
      line.forEach((value, k) => (image[(o * line.length + k) * inner + i] = complex(value)));
    }
  }
  return image;
}

/** Any way of spreading an array over the ranks, along the first `splits` axes. */
function layoutOf(dims: readonly number[], size: number, splits: number): fc.Arbitrary<DistributionOptions> {
  return arbitraryDistribution(size, dims.slice(0, splits)).map(({ grid, ...rest }) => ({
    ...rest,
    grid: grid && dims.map((_, axis) => grid[axis] ?? 1),
  }));
}

function tolerance(dtype: DType): number {
  return realOf(dtype) === "float32" ? 1e-4 : 1e-11;
}

function near(dtype: DType) {
  return (actual: Complex[], expected: Complex[], what: string) => {
    assert.equal(actual.length, expected.length, what);
    const scale = expected.reduce((max, { re, im }) => Math.max(max, Math.hypot(re, im)), 1);
    const largest = actual.reduce(
      (max, { re, im }, i) => Math.max(max, Math.hypot(re - expected[i].re, im - expected[i].im)),
      0,
    );
    assert.ok(largest <= tolerance(promote(dtype, dtype)) * scale, `${what}: differs by ${largest}`);
  };
}
