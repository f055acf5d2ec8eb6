import assert from "node:assert/strict";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution, type DistributionOptions } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import type { Communicator } from "../../src/comm/types.js";
import { acrossRanks } from "../../src/ops/basic/across-ranks.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { Laplacian } from "../../src/ops/basic/laplacian.js";
import { lift } from "../../src/ops/basic/lift.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { BlockDiag, HStack, VStack } from "../../src/ops/basic/stacks.js";
import { Transpose } from "../../src/ops/basic/transpose.js";
import { dottest } from "../../src/ops/dottest.js";
import { Convolve1D } from "../../src/ops/signal/convolve1d.js";
import { todense } from "../../src/ops/todense.js";
import { realRanks, spmd } from "../spmd.js";

function spread(comm: Communicator, dims: readonly number[]): Distribution[] {
  const last = dims.length - 1;
  const uneven = Array.from({ length: comm.size }, () => 0);
  uneven[0] = Math.min(1, dims[0]);
  uneven[comm.size - 1] += dims[0] - uneven[0];
  const options: DistributionOptions[] = [
    {},
    { grid: dims.map((_, axis) => (axis === last ? comm.size : 1)) },
    { blocks: [uneven] },
    { replicated: true },
  ];
  if (comm.size === 4) options.push({ grid: dims.map((_, axis) => (axis < 2 ? 2 : 1)) });
  return options.map((option) => new Distribution(comm, dims, option));
}

await spmd(
  "a derivative along a split axis: one message to each neighbour; none along another axis, none to make it",
  async (comm) => {
    const space = new Distribution(comm, [4 * comm.size, 6]);
    const x = DistributedArray.fromFunction(space, (i, j) => i * j);
    const begun = comm.statistics.messagesSent;
    const split = new FirstDerivative(space, { axis: 0 });
    const along = new Convolve1D(space, [1, 2, 3], { axis: 1 });
    assert.equal(comm.statistics.messagesSent, begun);
    const y = space.zeros();
    await along.compose(along).matvec(x, y);
    assert.equal(comm.statistics.messagesSent, begun);
    await split.matvec(x, y); // the first also compares arguments
    const before = comm.statistics.messagesSent;
    await split.matvec(x, y);
    await split.rmatvec(x, y);
    const neighbours = Number(comm.rank > 0) + Number(comm.rank < comm.size - 1);
    assert.equal(comm.statistics.messagesSent - before, 2 * neighbours);
  },
);

await spmd(
  "Transpose: axes permuted from any distribution to any other, and back by the adjoint",
  async (comm) => {
    const dims = [4, 2, 5];
    const tag = (i: number, j: number, k: number) => 100 * i + 10 * j + k;
    for (const from of spread(comm, dims)) {
      for (const to of [undefined, ...spread(comm, [5, 4, 2])]) {
        const op = new Transpose(from, [2, 0, 1], { to });
        const x = DistributedArray.fromFunction(from, tag);
        const y = await op.matvec(x);
        assert.deepEqual(
          [...y.local],
          [...DistributedArray.fromFunction(y.distribution, (k, i, j) => tag(i, j, k)).local],
        );
        assert.deepEqual([...(await op.H.matvec(y)).local], [...x.local]);
      }
    }
  },
);

await spmd("Identity: pads and truncates, also where that moves elements between ranks", async (comm) => {
  const [long, short] = [new Distribution(comm, [9, 2]), new Distribution(comm, [5, 3])];
  const op = new Identity(long, short);
  await dottest(op);
  const y = await op.matvec(DistributedArray.fromFunction(long, (i, j) => 10 * i + j + 1));
  const expected = DistributedArray.fromFunction(short, (i, j) => (j < 2 ? 10 * i + j + 1 : 0));
  assert.deepEqual([...y.local], [...expected.local]);
});

await spmd(
  "VStack, HStack and BlockDiag of distributed operators equal their dense matrices",
  async (comm) => {
    const space = new Distribution(comm, [4, 2]);
    const A = new Laplacian(space, { edge: true });
    const B = new FirstDerivative(space, { axis: 0 });
    const [a, b] = [await todense(A), await todense(B)];
    const stack = await todense(new VStack([A, B]));
    assert.deepEqual([...stack.local], [...a.local, ...b.local]);
    const beside = await todense(new HStack([A, B]));
    const row = Array.from({ length: 8 }, (_, i) => [
      ...a.local.subarray(8 * i, 8 * i + 8),
      ...b.local.subarray(8 * i, 8 * i + 8),
    ]);
    assert.deepEqual([...beside.local], row.flat());
    await dottest(new VStack([A, B]));
    const parts = [new VStack([A, B]), new VStack([B, A])];
    await dottest(new VStack(parts));
    await dottest(new HStack([A, B]));
    await dottest(new BlockDiag([A, B]));
    await dottest(new BlockDiag([A, B]).compose(new VStack([B, B])));
  },
);

/** Distinct on every rank, and of other shapes; none on rank 1. */
function ownMatrices(rank: number): MatrixMult[] {
  const matrix = (rows: number, seed: number) =>
    new MatrixMult(LocalArray.fromFunction([rows, 3], (i, j) => Math.sin(seed + 10 * rank + 3 * i + j)));
  return rank === 1 ? [] : [matrix(rank + 1, 0), matrix(2, 5)];
}

await spmd(
  "acrossRanks: diagonal, vertical and horizontal stacks of each rank's own operators",
  async (comm) => {
    const ops = ownMatrices(comm.rank);
    const everyone = Array.from({ length: comm.size }, (_, rank) => ownMatrices(rank)).flat();
    const diagonal = await acrossRanks(comm, "diagonal", ops);
    const vertical = await acrossRanks(comm, "vertical", ops);
    const horizontal = await acrossRanks(
      comm,
      "horizontal",
      ops.map((op) => op.H),
    );
    for (const op of [diagonal, vertical, horizontal]) await dottest(op);
    const dense: number[] = [];
    for (const op of everyone) dense.push(...(await todense(op)).local);
    assert.deepEqual([...(await todense(vertical)).local], dense);
    assert.deepEqual(diagonal.shape, [vertical.shape[0], 3 * everyone.length]);
    const before = comm.statistics.messagesSent;
    const x = diagonal.model.zeros();
    await diagonal.rmatvec(await diagonal.matvec(x));
    assert.equal(comm.statistics.messagesSent, before);
  },
);

await spmd(
  "acrossRanks: another arrangement on one rank, or none that there is, is one error on all",
  async (comm) => {
    const last = comm.size - 1;
    const stack = (arrangement: string) =>
      acrossRanks(comm, arrangement as "diagonal", ownMatrices(comm.rank)); // prettier-ignore
    await assert.rejects(
      stack(comm.rank === last ? "vertical" : "horizontal"),
      new RegExp(`rank ${last} asks for vertical, rank 0 for horizontal; all ranks`),
    );
    await assert.rejects(
      stack(comm.rank === last ? "Diagonal" : "diagonal"),
      new RegExp(`arrangement "Diagonal" on rank ${last}; use diagonal`),
    );
  },
  { sizes: [2, 3, 7] },
);

await spmd("lift: a local operator on every block, with uneven and empty ones", async (comm) => {
  for (const distribution of [new Distribution(comm, [5, 8]), new Distribution(comm, [1, 8])]) {
    const lifted = lift(new FirstDerivative(distribution.localShape), distribution);
    const x = DistributedArray.fromFunction(distribution, (i, j) => (i + 1) * j * j);
    assert.deepEqual(
      [...(await lifted.matvec(x)).local],
      [...(await new FirstDerivative(distribution).matvec(x)).local],
    );
    await dottest(lifted);
  }
});

await realRanks(import.meta.url);
