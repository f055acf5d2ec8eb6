import assert from "node:assert/strict";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { Halo } from "../../src/ops/basic/halo.js";
import { dottest } from "../../src/ops/dottest.js";
import { todense } from "../../src/ops/todense.js";
import { arbitraryDistribution, tagged } from "../array/arbitrary.js";
import { realRanks, spmd } from "../spmd.js";

const dimsOf = fc.constantFrom([7], [5, 4], [3, 4, 2], [1, 6]);

await spmd("Halo: the dot test, and Crop undoes it, for random grids, blocks and widths", async (comm) => {
  const cases = dimsOf.chain((dims) =>
    fc.record({
      dims: fc.constant(dims),
      options: arbitraryDistribution(comm.size, dims),
      widths: fc.tuple(...dims.map(() => fc.tuple(fc.nat(2), fc.nat(4)))),
      periodic: fc.boolean(),
      trim: fc.boolean(),
      dtype: fc.constantFrom("float32", "float64", "complex64", "complex128"),
    }),
  );
  for (const { dims, options, widths, periodic, trim, dtype } of fc.sample(cases, { seed: 8, numRuns: 10 })) {
    const space = new Distribution(comm, dims, options);
    const halo = new Halo(space, widths, { periodic, trim, dtype });
    await dottest(halo);
    await dottest(halo.crop());
    const x = DistributedArray.fromFunction(space, tagged(dtype), dtype);
    const back = await halo.crop().matvec(await halo.matvec(x));
    assert.deepEqual(back.local, x.local);
  }
});

await spmd("Halo: its matrix is one copy of a cell for each block that sees it", async (comm) => {
  const n = 2 * comm.size;
  const halo = new Halo(new Distribution(comm, [n]), 1);
  const matrix = await todense(halo);
  const rows = matrix.space.dims[0];
  assert.equal(rows, n + 2 * comm.size);
  for (let row = 0; row < rows; row++) {
    const cell = 2 * Math.floor(row / 4) + (row % 4) - 1; // blocks of 2 cells are padded to 4
    for (let j = 0; j < n; j++) assert.equal(matrix.local[row * n + j], cell === j ? 1 : 0);
  }
});

await spmd(
  "Halo, trimmed: no cells beyond the ends of the array, and no block that has any",
  async (comm) => {
    const space = new Distribution(comm, [3 * comm.size]);
    const halo = new Halo(space, [[2, 5]], { trim: true }); // prettier-ignore
    const data = await halo.matvec(DistributedArray.fromFunction(space, (i) => i + 1));
    const [start, end] = [3 * comm.rank, 3 * comm.rank + 3];
    const [first, last] = [Math.max(0, start - 2), Math.min(space.size, end + 5)];
    assert.deepEqual(
      [...data.local],
      Array.from({ length: last - first }, (_, k) => first + k + 1),
    );
  },
);

await realRanks(import.meta.url);
