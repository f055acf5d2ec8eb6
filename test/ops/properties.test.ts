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
} from "../../src/array/dtype.js";
import { type LocalArray, LocalSpace } from "../../src/array/local-array.js";
import { alongAxis } from "../../src/array/shape.js";
import type { AnyVector, Space } from "../../src/array/vector.js";
import type { Communicator } from "../../src/comm/types.js";
import { simulate } from "../../src/comm/simulate.js";
import { heapStatistics } from "../../src/kernels/index.js";
import { fillByIndex, gatherAll } from "../../src/ops/columns.js";
import { dottest } from "../../src/ops/dottest.js";
import { todense } from "../../src/ops/todense.js";
import { arbitraryDistribution } from "../array/arbitrary.js";
import { type Case, type Cost, type Line, type Op, type Row, table } from "./table.js";

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
      const make = row.draw({ dims, axis, dtype: "float64", pick });
      const expected = row.cost(axis === 0);
      await simulate(3, async (comm) => {
        const op = make(new Distribution(comm, dims));
        const [x, y] = [wave(op.model, op.dtype), wave(op.data, op.dtype)];
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
    const make = row.draw({ dims, axis: 0, dtype: "float64", pick });
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
  const make = row.draw(given);
  const local = make(new LocalSpace(dims));
  await checkMatrix(local);
  if (row.line) await checkLine(local, row.line(given), given);
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

async function checkLine(op: Op, line: (x: Line) => Line, { dims, axis }: Case): Promise<void> {
  const x = wave<AnyVector>(op.model, "float64") as unknown as LocalArray;
  const y = await gatherAll(await op.matvec(x));
  const { outer, length, inner } = alongAxis(dims, axis);
  const rows = outer * inner === 0 ? 0 : y.length / (outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const input = Array.from({ length }, (_, k) => x.local[(o * length + k) * inner + i]);
      const output = Array.from({ length: rows }, (_, k) => y[(o * rows + k) * inner + i].re);
      const expected = line(input);
      assert.equal(output.length, expected.length);
      for (const [k, value] of expected.entries())
        assert.ok(Math.abs(output[k] - value) < 1e-12 * (10 + Math.abs(value)));
    }
  }
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
