import assert from "node:assert/strict";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { HaloPlan, type HaloWidths } from "../../src/array/halo.js";
import { LocalArray } from "../../src/array/local-array.js";
import { realRanks, spmd } from "../spmd.js";
import { arbitraryDistribution, DTYPES, tagged } from "./arbitrary.js";

const width = fc.tuple(fc.nat(3), fc.nat(5));
const dimsOf = fc.constantFrom([7], [5, 4], [3, 4, 2], [4, 1, 3]);

await spmd(
  "halo: of any widths on all axes, corners too, every cell is that of the global array",
  async (comm) => {
    const cases = dimsOf.chain((dims) =>
      fc.record({
        dims: fc.constant(dims),
        dtype: fc.constantFrom(...DTYPES),
        options: arbitraryDistribution(comm.size, dims),
        widths: fc.tuple(...dims.map(() => width)),
        periodic: fc.tuple(...dims.map(() => fc.boolean())),
      }),
    );
    for (const { dims, dtype, options, widths, periodic } of fc.sample(cases, { seed: 5, numRuns: 25 })) {
      const x = DistributedArray.fromFunction(new Distribution(comm, dims, options), tagged(dtype), dtype);
      const padded = await x.halo(widths, { periodic });
      if (x.block.length === 0) continue;
      const start = x.distribution.localStart.map((first, axis) => first - widths[axis][0]);
      const expected = padded.like().fillFrom((...index) => {
        const ring = index.map((i, axis) => (periodic[axis] ? mod(i, dims[axis]) : i));
        return ring.every((i, axis) => i >= 0 && i < dims[axis]) ? tagged(dtype)(...ring) : 0;
      }, start);
      assert.deepEqual([...padded.local], [...expected.local], x.distribution.toString());
    }
  },
);

await spmd("fold: is the adjoint of pad, and has the same bits every time", async (comm) => {
  const cases = dimsOf.chain((dims) =>
    fc.record({
      dims: fc.constant(dims),
      options: arbitraryDistribution(comm.size, dims),
      widths: fc.tuple(...dims.map(() => width)),
      periodic: fc.boolean(),
    }),
  );
  for (const { dims, options, widths, periodic } of fc.sample(cases, { seed: 6, numRuns: 10 })) {
    for (const dtype of ["float64", "complex64"] as const) {
      const x = DistributedArray.fromFunction(new Distribution(comm, dims, options), tagged(dtype), dtype);
      const plan = new HaloPlan(x.distribution, widths, { periodic });
      const padded = new LocalArray(plan.paddedShape, dtype);
      await plan.pad(x, padded);
      const y = padded
        .like()
        .fillFrom((...index) => tagged(dtype)(...index.map((i) => i % 3), x.distribution.localStart[0]));
      const [folded, again] = [x.like(), x.like().fill(7)];
      await plan.fold(y, folded);
      await plan.fold(y, again);
      assert.deepEqual(folded.local, again.local);
      // ⟨pad x, y⟩ over one copy of the array = ⟨x, fold y⟩; all numbers are integers, so exactly
      const share = x.distribution.primary ? await padded.vdots([[padded, y]]) : [0];
      const left = await comm.allreduce(share[0], { op: "sum" });
      assert.deepEqual(await x.vdots([[x, folded]]), [left], x.distribution.toString());
    }
  }
});

await spmd(
  "HaloPlan: one message to each neighbour, diagonal ones too, whatever the number of axes",
  async (comm) => {
    const grid = { 1: [1, 1], 2: [2, 1], 3: [3, 1], 4: [2, 2], 7: [7, 1] }[comm.size] ?? [comm.size, 1];
    const x = new Distribution(comm, [14, 8], { grid }).zeros();
    const plan = new HaloPlan(x.distribution, [[1, 1], [2, 1]]); // prettier-ignore
    const padded = new LocalArray(plan.paddedShape);
    await plan.pad(x, padded); // the first also compares widths
    const before = comm.statistics.messagesSent;
    await plan.pad(x, padded);
    const along = Number(comm.rank > 0) + Number(comm.rank < comm.size - 1);
    assert.equal(comm.statistics.messagesSent - before, comm.size === 4 ? 3 : along);
  },
);

await spmd(
  "HaloPlan: wrong widths are refused",
  (comm) => {
    const space = new Distribution(comm, [4, 4]);
    const plan = (widths: number | HaloWidths | readonly HaloWidths[]) => new HaloPlan(space, widths);
    assert.throws(() => plan(-1), /\[-1, -1\]/);
    assert.throws(() => plan([[1, 1]]), /widths \[\[1, 1\]\] for an array with 2 axes/); // prettier-ignore
    assert.throws(() => plan([1, 0.5]), /integers from 0 on/);
    assert.throws(() => new HaloPlan(space, 1, { axis: 2 }), /axis 2 of an array with 2/);
  },
  { sizes: [2], real: false },
);

await realRanks(import.meta.url);

function mod(i: number, n: number): number {
  return ((i % n) + n) % n;
}
