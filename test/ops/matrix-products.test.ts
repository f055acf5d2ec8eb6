import assert from "node:assert/strict";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { type DType, promote, realOf, type Scalar } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import type { Communicator } from "../../src/comm/types.js";
import { BlockMatrixMult } from "../../src/ops/basic/block-matrix-mult.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { Summa } from "../../src/ops/basic/summa.js";
import { Transpose } from "../../src/ops/basic/transpose.js";
import { fillByIndex, gatherAll } from "../../src/ops/columns.js";
import { dottest } from "../../src/ops/dottest.js";
import type { LinearOperator } from "../../src/ops/linear-operator.js";
import { Fredholm1 } from "../../src/ops/signal/fredholm1.js";
import { realRanks, spmd } from "../spmd.js";

const DTYPES = ["float32", "float64", "complex64", "complex128"] as const;
type Operator = LinearOperator<DistributedArray, DistributedArray>;

const entry =
  (dtype: DType) =>
  (...index: number[]): Scalar => {
    const k = index.reduce((sum, i) => 7 * sum + i, 1);
    return dtype.startsWith("complex") ? { re: Math.sin(k), im: Math.cos(2 * k) } : Math.sin(k);
  };

/** Matrices of all shapes on all grids, with uneven and empty blocks. */
function* matrices(comm: Communicator, dtype: DType): Generator<DistributedArray, undefined> {
  const { size } = comm;
  const last = (n: number, blocks: number) =>
    Array.from({ length: blocks }, (_, i) => (i === blocks - 1 ? n : 0));
  const grids: [number, number][] = [[size, 1], [1, size], ...(size === 4 ? [[2, 2] as [number, number]] : [])]; // prettier-ignore
  for (const [N, K] of [
    [5, 8],
    [1, 1],
  ]) {
    for (const grid of grids) {
      yield DistributedArray.fromFunction(new Distribution(comm, [N, K], { grid }), entry(dtype), dtype);
      const blocks = [last(N, grid[0]), last(K, grid[1])];
      yield DistributedArray.fromFunction(
        new Distribution(comm, [N, K], { grid, blocks }),
        entry(dtype),
        dtype,
      );
    }
  }
  return undefined;
}

/** Whether products, both ways and in mixed dtypes, are those of the whole matrix on one rank. */
async function compareWithLocal(op: Operator, A: DistributedArray, extra: readonly number[], dtype: DType) {
  const local = new MatrixMult(LocalArray.fromFunction(A.distribution.dims, entry(A.dtype), A.dtype), extra);
  const type = promote(op.dtype, dtype);
  const wave = <V>(vector: V) => {
    fillByIndex(vector, entry(dtype));
    return vector;
  };
  const [x, localX] = [wave(op.model.zeros(dtype)), wave(local.model.zeros(dtype))];
  near(await gatherAll(await op.matvec(x)), await gatherAll(await local.matvec(localX)), type);
  const [y, localY] = [wave(op.data.zeros(dtype)), wave(local.data.zeros(dtype))];
  near(await gatherAll(await op.rmatvec(y)), await gatherAll(await local.rmatvec(localY)), type);
}

await spmd(
  "BlockMatrixMult and Summa are the matrix, on every grid and in every dtype, and pass the dot test",
  async (comm) => {
    for (const dtype of comm.size === 4 ? (["float32", "complex128"] as const) : (["complex64"] as const)) {
      for (const A of matrices(comm, dtype)) {
        for (const extra of A.distribution.size > 1 ? [[], [2, 2]] : [[3]]) {
          const operators: Operator[] = [new BlockMatrixMult(A, extra)];
          if (extra.length > 0) operators.push(new Summa(A, extra));
          for (const op of operators) {
            await compareWithLocal(op, A, extra, dtype);
            await dottest(op);
          }
        }
      }
    }
  },
);

await spmd("matrix products take vectors of other dtypes, and promote", async (comm) => {
  const grid = comm.size === 4 ? [2, 2] : [comm.size, 1];
  for (const dtype of DTYPES) {
    const A = DistributedArray.fromFunction(new Distribution(comm, [7, 5], { grid }), entry(dtype), dtype);
    for (const other of DTYPES) {
      await compareWithLocal(new Summa(A, [4]), A, [4], other);
      await compareWithLocal(new BlockMatrixMult(A, [4]), A, [4], other);
    }
  }
});

await spmd(
  "BlockMatrixMult sends nothing where a row, or a column, is whole; Fredholm1 sends nothing",
  async (comm) => {
    const sent = async (product: () => PromiseLike<unknown>) => {
      const before = comm.statistics.messagesSent;
      await product();
      return comm.statistics.messagesSent - before;
    };
    for (const [grid, quiet] of [
      [[comm.size, 1], "matvec"],
      [[1, comm.size], "rmatvec"],
    ] as const) {
      const op: Operator = new BlockMatrixMult(
        new DistributedArray(new Distribution(comm, [4, 4], { grid })),
      );
      const [x, y] = [op.model.zeros(), op.data.zeros()];
      assert.equal(await sent(() => (quiet === "matvec" ? op.matvec(x, y) : op.rmatvec(y, x))), 0);
    }
    const model = new Distribution(comm, [5, 2, 3]);
    const op = new Fredholm1(new LocalArray([model.localShape[0], 4, 2]), { model });
    assert.equal(await sent(() => op.matvec(model.zeros())), 0);
    assert.equal(await sent(() => op.rmatvec(op.data.zeros())), 0);
  },
  { real: false },
);

await spmd(
  "Fredholm1: every slice its own matrix; split slices, split columns, all dtypes, one slice and none",
  async (comm) => {
    const { size } = comm;
    for (const dtype of DTYPES) {
      for (const [slices, nx, ny, nz] of [
        [5, 3, 2, 4],
        [1, 1, 2, 1],
      ]) {
        // prettier-ignore
        // prettier-ignore
        const whole = LocalArray.fromFunction([slices, nx, ny], entry(dtype), dtype);
        const serial = new Fredholm1(whole, { nz });
        const grids = [[size, 1, 1], [1, 1, size], ...(size === 4 ? [[2, 1, 2]] : [])]; // prettier-ignore
        for (const grid of grids) {
          const model = new Distribution(comm, [slices, ny, nz], { grid });
          const [first, count] = [model.localStart[0], model.localShape[0]];
          const G = LocalArray.fromFunction(
            [count, nx, ny],
            (k, i, j) => entry(dtype)(first + k, i, j),
            dtype,
          );
          for (const saveGt of dtype === "complex64" ? [false, true] : [false]) {
            const op = new Fredholm1(G, { model, saveGt });
            await dottest(op);
            const [x, y] = [model.zeros(dtype), op.data.zeros(dtype)];
            const [localX, localY] = [serial.model.zeros(dtype), serial.data.zeros(dtype)];
            for (const vector of [x, y, localX, localY]) fillByIndex(vector, entry(dtype));
            near(await gatherAll(await op.matvec(x)), await gatherAll(await serial.matvec(localX)), dtype);
            near(await gatherAll(await op.rmatvec(y)), await gatherAll(await serial.rmatvec(localY)), dtype);
          }
        }
      }
    }
  },
);

await spmd(
  "Fredholm1 on vectors that every rank holds: between two transpositions that only move",
  async (comm) => {
    const [slices, nx, ny, nz] = [5, 3, 2, 2];
    const split = new Distribution(comm, [slices, ny, nz]);
    const everywhere = new Distribution(comm, [slices, ny, nz], { replicated: true });
    const [first, count] = [split.localStart[0], split.localShape[0]];
    const G = LocalArray.fromFunction([count, nx, ny], (k, i, j) => entry("float64")(first + k, i, j));
    const own = new Fredholm1(G, { model: split });
    const toEverywhere = new Distribution(comm, [slices, nx, nz], { replicated: true });
    const spread = new Transpose(everywhere, [0, 1, 2], { to: split });
    const gather = new Transpose<DistributedArray>(own.data as Distribution, [0, 1, 2], { to: toEverywhere });
    const op = gather.compose(own).compose(spread);
    await dottest(op);
    const serial = new Fredholm1(LocalArray.fromFunction([slices, nx, ny], entry("float64")), { nz });
    const [x, localX] = [everywhere.zeros(), serial.model.zeros()];
    for (const vector of [x, localX]) fillByIndex(vector, entry("float64"));
    near(await gatherAll(await op.matvec(x)), await gatherAll(await serial.matvec(localX)), "float64");
  },
);

await spmd(
  "Fredholm1 is what its formula says, on local arrays",
  async () => {
    const [slices, nx, ny, nz] = [2, 3, 2, 2];
    const G = LocalArray.fromFunction([slices, nx, ny], entry("float64"));
    const op = new Fredholm1(G, { nz });
    const m = LocalArray.fromFunction([slices, ny, nz], entry("float64"));
    const d = await op.matvec(m);
    const expected = LocalArray.fromFunction([slices, nx, nz], (k, i, z) => {
      let sum = 0;
      for (let j = 0; j < ny; j++) sum += G.local[(k * nx + i) * ny + j] * m.local[(k * ny + j) * nz + z];
      return sum;
    });
    near(await gatherAll(d), await gatherAll(expected), "float64");
  },
  { sizes: [1], real: false },
);

await spmd("matrix products refuse what does not fit", async (comm) => {
  const cube = new DistributedArray(new Distribution(comm, [2, 2, 2]));
  assert.throws(() => new BlockMatrixMult(cube), /BlockMatrixMult: a matrix of \[2, 2, 2\]/);
  assert.throws(
    () => new Summa(new DistributedArray(new Distribution(comm, [2, 2])), []),
    /Summa: no columns/,
  );
  if (comm.size > 1) {
    const copies = new DistributedArray(new Distribution(comm, [2, 2], { replicated: true }));
    assert.throws(() => new BlockMatrixMult(copies), /held once/);
  }
  assert.throws(() => new Fredholm1(new LocalArray([2, 3])), /a kernel of dims \[2, 3\]/);
  const model = new Distribution(comm, [3, 2, 2]);
  assert.throws(() => new Fredholm1(new LocalArray([4, 3, 2]), { model }), /4 slices with 2 columns on rank/);
  assert.throws(() => new Fredholm1(new LocalArray([3, 3, 2]), { nz: -1 }), /nz -1/);
});

function near(
  actual: { re: number; im: number }[],
  expected: { re: number; im: number }[],
  dtype: DType,
): void {
  const tolerance = realOf(dtype) === "float32" ? 1e-5 : 1e-13;
  assert.equal(actual.length, expected.length);
  actual.forEach(({ re, im }, i) =>
    assert.ok(Math.hypot(re - expected[i].re, im - expected[i].im) < tolerance),
  );
}

await realRanks(import.meta.url, [[3, "shm"]]); // prettier-ignore
