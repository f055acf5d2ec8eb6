import assert from "node:assert/strict";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution, type DistributionOptions } from "../../src/array/distribution.js";
import type { DType } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import { StackedArray } from "../../src/array/stacked-array.js";
import type { Communicator } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

const DTYPES: readonly DType[] = ["float32", "float64", "complex64", "complex128"];

/** Ways of spreading an array of these dims over any number of ranks: balanced, uneven with empty blocks, grids. */
function distributions(comm: Communicator, dims: readonly number[]): Distribution[] {
  const { size } = comm;
  const last = dims.length - 1;
  const onLastRank = Array.from({ length: size }, (_, rank) => (rank === size - 1 ? dims[0] : 0));
  const uneven = Array.from({ length: size }, (_, rank) => (rank === 0 ? Math.min(dims[0], 2) : 0));
  uneven[size - 1] += dims[0] - uneven.reduce((sum, n) => sum + n, 0);
  const options: DistributionOptions[] = [
    {},
    { grid: dims.map((_, axis) => (axis === last ? size : 1)) },
    { blocks: [onLastRank] },
    { blocks: [uneven] },
    { replicated: true },
  ];
  if (size === 4 && dims.length > 1) options.push({ grid: dims.map((_, axis) => (axis < 2 ? 2 : 1)) });
  return options.map((option) => new Distribution(comm, dims, option));
}

/** Distinct for every index. */
const tagged = (...index: number[]) => index.reduce((sum, i) => 100 * sum + i + 1, 0);

await spmd(
  "Distribution: wrong grids and blocks are refused with both numbers",
  (comm) => {
    assert.throws(() => new Distribution(comm, [4, 4], { grid: [3, 1] }), /3 places for 2 ranks/);
    assert.throws(
      () => new Distribution(comm, [4], { blocks: [[1, 2]] }),
      /hold 3 elements on 2 ranks; the axis has 4 on 2/,
    );
    assert.throws(() => new Distribution(comm, [-1]), /length -1/);
    assert.throws(
      () => new Distribution(comm, [4], JSON.parse('{"gird": [2]}') as object),
      /unknown option "gird"/,
    );
  },
  { sizes: [2], real: false },
);

await spmd("Distribution: blocks cover the array once, and no rank asks another", (comm) => {
  const sent = comm.statistics.messagesSent;
  for (const dims of [[5], [7, 3], [4, 1, 6], [0, 3]]) {
    for (const distribution of distributions(comm, dims)) {
      const ranks = distribution.replicated ? 1 : comm.size;
      const total = Array.from({ length: ranks }, (_, rank) => distribution.sizeOf(rank)).reduce(
        (a, b) => a + b,
        0,
      );
      assert.equal(total, distribution.size);
      if (!distribution.replicated) {
        assert.equal(distribution.rankAt(distribution.coordinatesOf(comm.rank) ?? []), comm.rank);
      }
    }
  }
  assert.equal(comm.statistics.messagesSent, sent);
});

await spmd("DistributedArray: to and from the whole array on a root", async (comm) => {
  for (const dtype of DTYPES) {
    for (const distribution of distributions(comm, [5, 3])) {
      const root = comm.size - 1;
      const array = DistributedArray.fromFunction(distribution, tagged, dtype);
      const full = await array.toGlobal({ root });
      assert.equal(full !== undefined, comm.rank === root);
      const expected = LocalArray.fromFunction([5, 3], tagged, dtype);
      if (full) assert.deepEqual([...full.local], [...expected.local]);
      assert.deepEqual([...(await array.asarray()).local], [...expected.local]);
      const back = await DistributedArray.fromGlobal(distribution, full, { root });
      assert.equal(back.dtype, dtype);
      assert.deepEqual([...back.local], [...array.local]);
    }
  }
  const wrong = comm.rank === 0 ? new LocalArray([4]) : undefined;
  await assert.rejects(
    DistributedArray.fromGlobal(new Distribution(comm, [5]), wrong),
    /dims \[4\] on root 0/,
  );
});

await spmd(
  "reductions: equal to the local ones, the same bits on all ranks, one allreduce for all pairs",
  async (comm) => {
    for (const dtype of DTYPES) {
      const f = (i: number, j: number) => (dtype.startsWith("c") ? { re: i + 1, im: j - i } : i - 2 * j);
      const local = LocalArray.fromFunction([5, 3], f, dtype);
      const other = LocalArray.fromFunction([5, 3], (i, j) => f(j, i), dtype);
      for (const distribution of distributions(comm, [5, 3])) {
        const x = DistributedArray.fromFunction(distribution, f, dtype);
        const y = DistributedArray.fromFunction(distribution, (i, j) => f(j, i), dtype);
        assert.deepEqual(await x.vdot(y), await local.vdot(other));
        assert.deepEqual(await x.dot(y), await local.dot(other));
        for (const order of [0, 1, 2, Infinity]) {
          const [norm, expected] = [await x.norm(order), await local.norm(order)];
          assert.ok(Math.abs(norm - expected) <= 1e-6 * expected, `norm ${order}: ${norm}, ${expected}`);
        }
        const before = comm.statistics.calls.allreduce ?? 0;
        const sums = await x.vdots([[x, x], [x, y], [y, y]]); // prettier-ignore
        assert.deepEqual(sums, await local.vdots([[local, local], [local, other], [other, other]])); // prettier-ignore
        const calls = (comm.statistics.calls.allreduce ?? 0) - before;
        assert.equal(calls, distribution.replicated || comm.size === 1 ? 0 : 1);
      }
    }
  },
);

await spmd(
  "StackedArray: nested members of any kind are one vector, reduced in one allreduce",
  async (comm) => {
    const split = DistributedArray.fromFunction(new Distribution(comm, [5]), (i) => i + 1);
    const whole = DistributedArray.fromFunction(
      new Distribution(comm, [2], { replicated: true }),
      (i) => 10 * (i + 1),
    );
    const local = LocalArray.fromFunction([3], (i) => 100 * (i + 1));
    const stack = new StackedArray([split, new StackedArray([whole, local]), split]);
    const expected = 2 * (1 + 4 + 9 + 16 + 25) + 100 + 400 + 1e4 + 4e4 + 9e4;
    const before = comm.statistics.calls.allreduce ?? 0;
    assert.deepEqual(await stack.vdots([[stack, stack], [split, split]]), [expected, 55]); // prettier-ignore
    assert.equal((comm.statistics.calls.allreduce ?? 0) - before, comm.size === 1 ? 0 : 1);
    assert.equal(await stack.norm(), Math.sqrt(expected));
    assert.equal(await stack.norm(Infinity), 300);
    assert.equal(stack.length, 15);
    const flat = await stack.asarray();
    assert.deepEqual([...flat.local], [1, 2, 3, 4, 5, 10, 20, 100, 200, 300, 1, 2, 3, 4, 5]);
    const z = LocalArray.from([1], [7, 8], "complex64");
    assert.deepEqual(
      [...(await new StackedArray<DistributedArray | LocalArray>([split, z]).asarray()).local],
      [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 7, 8],
    );
    const twice = stack.like().copyFrom(stack).axpy(1, stack).scale(0.5).xpay(3, stack);
    assert.equal(await twice.norm(), 4 * Math.sqrt(expected));
    assert.ok(twice.space.equals(stack.space));
  },
);

await spmd(
  "halo: every cell is that of the global array, for widths beyond blocks, empty blocks and rings",
  async (comm) => {
    for (const dims of [
      [5, 3],
      [1, 4],
      [9, 2, 2],
    ]) {
      for (const distribution of distributions(comm, dims)) {
        for (const dtype of ["float64", "complex64"] as const) {
          const x = DistributedArray.fromFunction(distribution, tagged, dtype);
          for (let axis = 0; axis < dims.length; axis++) {
            for (const periodic of [false, true]) {
              for (const [before, after] of [
                [1, 1],
                [0, 3],
                [7, 2],
              ] as const) {
                const padded = await x.halo([before, after], { axis, periodic });
                if (distribution.localShape.includes(0)) continue;
                const n = dims[axis];
                const start = distribution.localStart.with(axis, distribution.localStart[axis] - before);
                const expected = new LocalArray(padded.space.dims, dtype).fillFrom((...index) => {
                  const global = index.with(axis, periodic ? ((index[axis] % n) + n) % n : index[axis]);
                  return global[axis] < 0 || global[axis] >= n ? 0 : tagged(...global);
                }, start);
                assert.deepEqual([...padded.local], [...expected.local]);
              }
            }
          }
        }
      }
    }
  },
  { real: false },
);

await spmd(
  "redistribute: any distribution to any other",
  async (comm) => {
    for (const dims of [
      [5, 3],
      [2, 6, 3],
    ]) {
      for (const from of distributions(comm, dims)) {
        for (const to of distributions(comm, dims)) {
          const moved = await DistributedArray.fromFunction(from, tagged, "complex128").redistribute(to);
          assert.deepEqual(
            [...moved.local],
            [...DistributedArray.fromFunction(to, tagged, "complex128").local],
          );
        }
      }
    }
  },
  { real: false },
);

/** A distribution with random blocks on a random grid; the same on all ranks, since the seed is. */
function arbitraryDistribution(size: number, dims: readonly number[]): fc.Arbitrary<DistributionOptions> {
  const grids = dims.map((_, axis) => dims.map((_, k) => (k === axis ? size : 1)));
  if (size % 2 === 0 && dims.length > 1) grids.push(dims.map((_, axis) => [2, size / 2][axis] ?? 1));
  return fc.constantFrom(...grids).chain((grid) =>
    fc
      .tuple(
        ...dims.map((length, axis) =>
          fc.array(fc.nat(length), { minLength: grid[axis] - 1, maxLength: grid[axis] - 1 }).map((cuts) => {
            const ends = [...cuts.sort((a, b) => a - b), length];
            return ends.map((end, k) => end - (ends[k - 1] ?? 0));
          }),
        ),
      )
      .map((blocks) => ({ grid, blocks })),
  );
}

await spmd(
  "redistribute and halo: as the global array says, for random grids and blocks",
  async (comm) => {
    const dims = [6, 4, 3];
    const cases = fc.sample(
      fc.record({
        from: arbitraryDistribution(comm.size, dims),
        to: arbitraryDistribution(comm.size, dims),
        axis: fc.nat(2),
        width: fc.tuple(fc.nat(4), fc.nat(4)),
      }),
      { seed: 7, numRuns: 15 },
    );
    for (const { from, to, axis, width } of cases) {
      const x = DistributedArray.fromFunction(new Distribution(comm, dims, from), tagged);
      const moved = await x.redistribute(new Distribution(comm, dims, to));
      const expected = DistributedArray.fromFunction(moved.distribution, tagged);
      assert.deepEqual([...moved.local], [...expected.local]);
      const padded = await x.halo(width, { axis });
      const { localStart, localShape } = x.distribution;
      if (localShape.includes(0)) continue;
      const start = localStart.with(axis, localStart[axis] - width[0]);
      const inside = (...index: number[]) => index[axis] >= 0 && index[axis] < dims[axis];
      const cells = padded.like().fillFrom((...index) => (inside(...index) ? tagged(...index) : 0), start);
      assert.deepEqual([...padded.local], [...cells.local]);
    }
  },
  { sizes: [2, 4, 6], real: false },
);

await realRanks(import.meta.url);
