import assert from "node:assert/strict";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import type { DType } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import { Redistribution } from "../../src/array/redistribute.js";
import type { Slice } from "../../src/array/slices.js";
import type { Communicator } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";
import { arbitraryDistribution, DTYPES, tagged } from "./arbitrary.js";

const dimsOf = fc.constantFrom([7], [6, 4], [5, 3, 4], [4, 0, 3], [1, 9], [2, 3, 2, 3]);
const dtypeOf = fc.constantFrom(...DTYPES);

/** Random arrays, the same on all ranks, since the seed is. */
function arrays(comm: Communicator, numRuns: number): DistributedArray[] {
  const cases = dimsOf.chain((dims) =>
    fc.record({ dims: fc.constant(dims), dtype: dtypeOf, options: arbitraryDistribution(comm.size, dims) }),
  );
  return fc.sample(cases, { seed: 11, numRuns }).map(({ dims, dtype, options }) => {
    const distribution = new Distribution(comm, dims, options);
    return DistributedArray.fromFunction(distribution, tagged(dtype), dtype);
  });
}

/** Every rank holds what its place in the whole array says. */
function assertHolds(array: DistributedArray, whole: LocalArray): void {
  const { localStart, localShape, dims } = array.distribution;
  assert.deepEqual(dims, whole.space.dims);
  const block = whole.slice(...localStart.map((start, axis): Slice => [start, start + localShape[axis]]));
  assert.deepEqual([...array.local], [...block.local], array.distribution.toString());
}

function whole(array: DistributedArray): LocalArray {
  return LocalArray.fromFunction(array.distribution.dims, tagged(array.dtype), array.dtype);
}

await spmd("copies: each holds the array once, and reductions count one", async (comm) => {
  for (const array of arrays(comm, 15)) {
    const { distribution } = array;
    for (let copy = 0; copy < distribution.copies; copy++) {
      const ranks = Array.from({ length: comm.size }, (_, rank) => rank);
      const sizes = ranks.map((rank) => (distribution.copyOf(rank) === copy ? distribution.sizeOf(rank) : 0));
      assert.equal(sizes.reduce((sum, n) => sum + n, 0), distribution.size); // prettier-ignore
    }
    assert.equal(await array.norm(0), distribution.size);
    assert.deepEqual(await array.vdot(array), await whole(array).vdot(whole(array)));
  }
  const { size } = comm;
  const copies = Array.from({ length: size }, () => undefined);
  assert.throws(() => new Distribution(comm, [4], { copies }), /no rank holds anything/);
  assert.throws(() => new Distribution(comm, [4], { copies: [0, ...copies] }), /give one number for each/);
  if (size === 3)
    assert.throws(() => new Distribution(comm, [4], { copies: [0, 0, 1] }), /copies \[0, 0, 1\] .* as many/);
});

await spmd("redistribute, asarray, toGlobal, fromGlobal: any holders to any others", async (comm) => {
  for (const array of arrays(comm, 20)) {
    const { dims } = array.distribution;
    const [options] = fc.sample(arbitraryDistribution(comm.size, dims), { seed: array.length, numRuns: 1 });
    assertHolds(await array.redistribute(new Distribution(comm, dims, options)), whole(array));
    assert.deepEqual([...(await array.asarray()).local], [...whole(array).local]);
    const root = comm.size - 1;
    const full = await array.toGlobal({ root });
    assert.equal(full !== undefined, comm.rank === root);
    if (full) assert.deepEqual([...full.local], [...whole(array).local]);
    assertHolds(await DistributedArray.fromGlobal(array.distribution, full, { root }), whole(array));
  }
});

const cut = (length: number): fc.Arbitrary<Slice> => {
  const index = fc.option(fc.integer({ min: -length - 2, max: length + 2 }), { nil: undefined });
  const step = fc.constantFrom(1, 1, 2, 3, -1, -2);
  const range: fc.Arbitrary<Slice> = fc.tuple(index, index, step);
  const one: fc.Arbitrary<Slice> = length > 0 ? fc.integer({ min: -length, max: length - 1 }) : range;
  return fc.oneof(range, range, one, fc.constant(undefined));
};

await spmd("slice: as of the whole array, whatever the start, stop and step of each axis", async (comm) => {
  for (const [k, array] of arrays(comm, 15).entries()) {
    const { dims } = array.distribution;
    const [slices] = fc.sample(fc.tuple(...dims.map(cut)), { seed: k, numRuns: 1 });
    const calls = comm.statistics.messagesSent;
    const part = await array.slice(...slices);
    const backwards = slices.some((slice) => Array.isArray(slice) && Number(slice[2]) < 0);
    if (!backwards) assert.equal(comm.statistics.messagesSent, calls, "forward slices stay where they are");
    assertHolds(part, whole(array).slice(...slices));
    assert.deepEqual([...(await part.asarray()).local], [...whole(array).slice(...slices).local]);
  }
});

await spmd(
  "slice of a local array: as NumPy's, index by index",
  () => {
    const x = LocalArray.fromFunction([4, 6], (i, j) => 10 * i + j, "int32");
    assert.deepEqual([...x.slice(1).local], [10, 11, 12, 13, 14, 15]);
    assert.deepEqual([...x.slice(undefined, -1).local], [5, 15, 25, 35]);
    assert.deepEqual([...x.slice([1, 3], [undefined, undefined, 2]).local], [10, 12, 14, 20, 22, 24]);
    assert.deepEqual([...x.slice([undefined, undefined, -2], [-1, -4, -2]).local], [35, 33, 15, 13]);
    assert.deepEqual(x.slice(0, [9, 12]).space.dims, [0]);
    assert.throws(() => x.slice(4), /index 4 along axis 0, which has 4/);
    assert.throws(() => x.slice([0, 1, 0]), /no step of 0/);
    assert.throws(() => x.slice(0, 0, 0), /3 slices of an array with 2 axes/);
  },
  { sizes: [1], real: false },
);

await spmd("reshape and ravel: the same elements in C order, with −1 for what is left", async (comm) => {
  for (const [k, array] of arrays(comm, 20).entries()) {
    const flat = whole(array).reshape([array.length]);
    assertHolds(await array.ravel(), flat);
    const dims = [[-1], [1, -1], [array.length, 1]].concat(array.length % 4 === 0 ? [[2, -1, 2]] : []);
    const lengths = dims[k % dims.length];
    const inferred = lengths.map((n) => (n < 0 ? array.length / lengths.filter((m) => m > 0).reduce((a, b) => a * b, 1) : n)); // prettier-ignore
    assertHolds(await array.reshape(lengths), flat.reshape(inferred));
    const [options] = fc.sample(arbitraryDistribution(comm.size, inferred), { seed: k, numRuns: 1 });
    assertHolds(await array.reshape(inferred, new Distribution(comm, inferred, options)), flat.reshape(inferred)); // prettier-ignore
  }
  const x = new Distribution(comm, [6]).zeros();
  assert.throws(() => x.reshape([4, -1]), /dims \[4, -1\] for 6 elements/);
});

await spmd("reshape and transpose: no message where blocks stay with their ranks", async (comm) => {
  const x = DistributedArray.fromFunction(new Distribution(comm, [2 * comm.size, 3, 4]), tagged("float64"));
  const sent = comm.statistics.messagesSent;
  await x.reshape([2 * comm.size, 12]);
  await x.ravel();
  const turned = await x.transpose([2, 0, 1]);
  await turned.slice(1, [0, -1]);
  assert.equal(comm.statistics.messagesSent, sent);
});

await spmd("transpose: axes in any order, to any distribution", async (comm) => {
  for (const [k, array] of arrays(comm, 15).entries()) {
    const axes = array.distribution.dims.map((_, axis) => axis);
    const [order] = fc.sample(fc.shuffledSubarray(axes, { minLength: axes.length }), { seed: k, numRuns: 1 });
    const dims = order.map((axis) => array.distribution.dims[axis]);
    const expected = LocalArray.fromFunction(dims, (...index) => tagged(array.dtype)(...axes.map((axis) => index[order.indexOf(axis)])), array.dtype); // prettier-ignore
    assertHolds(await array.transpose(order), expected);
    const [options] = fc.sample(arbitraryDistribution(comm.size, dims), { seed: k, numRuns: 1 });
    assertHolds(await array.transpose(order, new Distribution(comm, dims, options)), expected);
  }
});

await spmd(
  "a plan of redistribution runs again and again, in one collective call each time",
  async (comm) => {
    const [from, to] = [
      new Distribution(comm, [6, 5]),
      new Distribution(comm, [6, 5], { grid: [1, comm.size] }),
    ];
    const plan = new Redistribution(from, to);
    for (const dtype of DTYPES) {
      const x = DistributedArray.fromFunction(from, tagged(dtype), dtype);
      const y = new DistributedArray(to, dtype);
      const before = comm.statistics.calls.alltoall ?? 0;
      await plan.run(dtype, x.local, y.local);
      assert.equal((comm.statistics.calls.alltoall ?? 0) - before, comm.size === 1 ? 0 : 1);
      assertHolds(y, whole(x));
    }
  },
);

await spmd("fromBlocks: blocks of any lengths become one array, and are not copied", async (comm) => {
  const dims = [2, 3, 2].with(1, comm.rank % 3);
  const block = LocalArray.fromFunction(dims, () => comm.rank, "complex64");
  const array = await DistributedArray.fromBlocks(comm, block, { axis: 1 });
  assert.equal(array.local, block.local);
  assert.deepEqual(array.distribution.localShape, dims);
  const ranks = Array.from({ length: comm.size }, (_, rank) => rank);
  const expected = ranks.flatMap((rank) => Array.from({ length: rank % 3 }, () => rank));
  const row = await (await array.slice(0, undefined, 0)).asarray();
  assert.deepEqual([...row.local].filter((_, i) => i % 2 === 0), expected); // prettier-ignore
  if (comm.size === 1) return;
  const odd: DType = comm.rank === 1 ? "float64" : "float32";
  await assert.rejects(
    DistributedArray.fromBlocks(comm, new LocalArray([2], odd)),
    /float64 \[2\] on rank 1/,
  );
  const dims2 = comm.rank === 1 ? [2, 2] : [2, 3];
  await assert.rejects(DistributedArray.fromBlocks(comm, new LocalArray(dims2)), /along axis 0 only/);
});

await realRanks(import.meta.url);
