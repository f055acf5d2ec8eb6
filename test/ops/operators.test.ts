import assert from "node:assert/strict";
import type { BlockSpace, BlockVector } from "../../src/array/blocks.js";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution, type DistributionOptions } from "../../src/array/distribution.js";
import { type DType, isComplex, numbersPerElement } from "../../src/array/dtype.js";
import { LocalArray, LocalSpace } from "../../src/array/local-array.js";
import { boxIn, copyBox } from "../../src/array/strided-copy.js";
import type { Communicator } from "../../src/comm/types.js";
import { acrossRanks } from "../../src/ops/basic/across-ranks.js";
import { Diagonal } from "../../src/ops/basic/diagonal.js";
import { FirstDerivative, type FirstDerivativeOptions } from "../../src/ops/basic/first-derivative.js";
import { Flip } from "../../src/ops/basic/flip.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { Laplacian } from "../../src/ops/basic/laplacian.js";
import { lift } from "../../src/ops/basic/lift.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { Pad } from "../../src/ops/basic/pad.js";
import { Restriction } from "../../src/ops/basic/restriction.js";
import { Roll } from "../../src/ops/basic/roll.js";
import { SecondDerivative } from "../../src/ops/basic/second-derivative.js";
import { BlockDiag, HStack, VStack } from "../../src/ops/basic/stacks.js";
import { Symmetrize } from "../../src/ops/basic/symmetrize.js";
import { Transpose } from "../../src/ops/basic/transpose.js";
import { Zero } from "../../src/ops/basic/zero.js";
import { fillByIndex } from "../../src/ops/columns.js";
import { dottest } from "../../src/ops/dottest.js";
import type { LinearOperator } from "../../src/ops/linear-operator.js";
import { Convolve1D } from "../../src/ops/signal/convolve1d.js";
import { Interp } from "../../src/ops/signal/interp.js";
import { Smoothing1D } from "../../src/ops/signal/smoothing1d.js";
import { PoststackLinearModelling } from "../../src/ops/signal/poststack.js";
import { ricker } from "../../src/ops/signal/wavelets.js";
import { todense } from "../../src/ops/todense.js";
import { realRanks, spmd } from "../spmd.js";

const VARIANTS: readonly Pick<FirstDerivativeOptions, "kind" | "order" | "edge">[] = [
  { kind: "forward" },
  { kind: "backward" },
  { kind: "centered" },
  { kind: "centered", edge: true },
  { order: 5 },
  { order: 5, edge: true },
];

/** Every operator on blocks of these dims, for local arrays and for distributed ones alike. */
function blockOperators<V extends BlockVector<V>>(
  space: BlockSpace<V>,
  dtype: DType,
): LinearOperator<V, V>[] {
  const operators: LinearOperator<V, V>[] = [];
  const complexFilter = LocalArray.from([3], [1, 2, -1, 0.5, 0, 3], isComplex(dtype) ? dtype : "complex128");
  for (let axis = 0; axis < space.dims.length; axis++) {
    for (const variant of VARIANTS) {
      operators.push(new FirstDerivative(space, { ...variant, axis, sampling: 0.5, dtype }));
      if (variant.order === 5) continue;
      const { kind, edge } = variant;
      operators.push(new SecondDerivative(space, { kind, edge, axis, sampling: 2, dtype }));
    }
    operators.push(new Convolve1D(space, [1, 2, 3, -1], { axis, offset: 1, dtype }));
    operators.push(new Convolve1D(space, complexFilter, { axis, offset: 2 }));
    operators.push(new PoststackLinearModelling(ricker(4, 0.004, 30), space, { axis, dtype }));
    operators.push(Diagonal.along(space, axis, Array.from({ length: space.dims[axis] }, (_, i) => i + 1), dtype)); // prettier-ignore
  }
  operators.push(new Laplacian(space, { weights: [2, 3], sampling: [0.5, 2], edge: true, dtype }));
  operators.push(new Identity(space, space, { dtype }));
  return operators;
}

/** Those that are a sparse matrix along an axis, whose length may change. */
function axisOperators<V extends BlockVector<V>>(space: BlockSpace<V>, dtype: DType): LinearOperator<V, V>[] {
  const operators: LinearOperator<V, V>[] = [new Zero(space, space, { dtype })];
  for (let axis = 0; axis < space.dims.length; axis++) {
    const n = space.dims[axis];
    operators.push(new Flip(space, { axis, dtype }), new Symmetrize(space, { axis, dtype }));
    for (const shift of [1, -2, 3 * n + 1]) operators.push(new Roll(space, shift, { axis, dtype }));
    operators.push(new Pad(space, [2, 0], { axis, dtype }), new Pad(space, [0, 3], { axis, dtype }));
    operators.push(new Restriction(space, n === 0 ? [] : [n - 1, 0, n - 1], { axis, dtype }));
    const positions = n === 0 ? [] : [n - 1, 0, (n - 1) / 2, (n - 1) * 0.9, (n - 1) / 3];
    for (const kind of ["nearest", "linear", "sinc"] as const)
      operators.push(new Interp(space, positions, { kind, axis, dtype }));
    operators.push(new Smoothing1D(space, 4, { axis, dtype }));
  }
  return operators;
}

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

const complexWave = (index: number) => ({ re: Math.sin(index + 1), im: Math.cos(3 * index) });
const realWave = (index: number) => Math.sin(index + 1);

/** This rank's block of a whole array. */
function blockOf(full: LocalArray, { localStart, localShape }: Distribution): number[] {
  const step = numbersPerElement(full.dtype);
  const block = new LocalArray(localShape, full.dtype);
  copyBox(
    localShape,
    boxIn(full.local, full.space.dims, localStart),
    boxIn(
      block.local,
      localShape,
      localShape.map(() => 0),
    ),
    step,
  );
  return [...block.local];
}

/** Whether operators give the bits of their local twins, forward and adjoint, however the arrays are spread. */
async function compareWithLocal(
  comm: Communicator,
  make: <V extends BlockVector<V>>(space: BlockSpace<V>, dtype: DType) => LinearOperator<V, V>[],
  dims: readonly number[],
  dtype: DType,
): Promise<void> {
  const local = new LocalSpace(dims);
  const serial = make(local, dtype);
  for (const distribution of spread(comm, dims)) {
    for (const [i, op] of make(distribution, dtype).entries()) {
      const wave = isComplex(op.dtype) ? complexWave : realWave;
      const waves = <W>(space: BlockSpace<W>): W => {
        const vector = space.zeros(op.dtype);
        fillByIndex(vector, wave);
        return vector;
      };
      const y = await op.matvec(waves(distribution));
      const forward = blockOf(await serial[i].matvec(waves(local)), y.distribution);
      assert.deepEqual([...y.local], forward, `${i}: ${op.toString()}`);
      const x = await op.rmatvec(waves(y.distribution));
      const adjoint = blockOf(await serial[i].rmatvec(waves(new LocalSpace(op.dimsd))), distribution);
      assert.deepEqual([...x.local], adjoint, `${i}: adjoint of ${op.toString()}`);
    }
  }
}

await spmd(
  "operators on blocks: the bits of local ones, forward and adjoint, however the arrays are spread",
  async (comm) => {
    for (const dtype of comm.size === 4 ? (["float64", "complex64"] as const) : (["float32"] as const)) {
      for (const dims of [
        [9, 3],
        [2, 5, 3],
        [1, 2],
        [0, 2],
      ])
        await compareWithLocal(comm, blockOperators, dims, dtype);
    }
  },
  { sizes: [1, 4, 7], real: false },
);

await spmd(
  "operators along an axis: the bits of local ones, forward and adjoint, however the arrays are spread",
  async (comm) => {
    const dtype = comm.size === 4 ? "complex64" : "float64";
    for (const dims of [
      [5, 3],
      [0, 2],
    ])
      await compareWithLocal(comm, axisOperators, dims, dtype);
  },
  { sizes: [1, 4, 7], real: false },
);

await spmd(
  "operators on blocks: dot tests in every dtype, on lengths from 0 and 1 on",
  async () => {
    for (const dtype of ["float32", "float64", "complex64", "complex128"] as const) {
      for (const dims of [
        [0, 2],
        [1, 3],
        [2, 4],
        [5, 6],
        [2, 12, 2],
      ]) {
        const space = new LocalSpace(dims);
        for (const op of [...blockOperators(space, dtype), ...axisOperators(space, dtype)]) await dottest(op);
      }
    }
  },
  { sizes: [1], real: false },
);

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
    await split.matvec(x, y);
    await split.rmatvec(x, y);
    const neighbours = Number(comm.rank > 0) + Number(comm.rank < comm.size - 1);
    assert.equal(comm.statistics.messagesSent - begun, 2 * neighbours);
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
