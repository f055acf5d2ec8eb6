import assert from "node:assert/strict";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { realRanks, spmd } from "../spmd.js";

const pairs = (size: number) => Array.from({ length: size }, (_, rank) => rank % 2);

await spmd(
  "checkCopies: copies that differ in one bit are found on all ranks, with the element",
  async (comm) => {
    for (const options of [{ replicated: true }, comm.size % 2 === 0 ? { copies: pairs(comm.size) } : {}]) {
      const space = new Distribution(comm, [6, 4], options);
      const x = DistributedArray.fromFunction(space, (i, j) => i / (j + 1));
      await x.checkCopies();
      if (space.copies === 1) continue;
      const last = comm.size - 1;
      if (comm.rank === last) x.local[5] += 2 ** -50;
      const [i, j] = [space.startOf(last)[0] + 1, 1];
      await assert.rejects(
        x.checkCopies(),
        new RegExp(`element \\[${i}, ${j}\\] is .* on rank ${last} and on rank`),
      );
    }
  },
);

await spmd(
  "checked: reductions and redistribution compare copies first; otherwise they trust them",
  async (comm) => {
    const make = (checked: boolean) => {
      const space = new Distribution(comm, [3], { replicated: true, checked });
      return DistributedArray.fromFunction(space, (i) => i + (comm.rank === 1 ? 1 : 0));
    };
    const split = new Distribution(comm, [3]);
    const checks: ((x: DistributedArray) => PromiseLike<unknown>)[] = [
      (x) => x.norm(),
      (x) => x.vdots([[x, x]]), // prettier-ignore
      (x) => x.sum(),
      (x) => x.max({ axis: 0 }),
      (x) => x.redistribute(split),
      (x) => x.slice([0, 2]),
      (x) => x.ravel(),
    ];
    for (const check of checks) {
      await check(make(false));
      if (comm.size > 1)
        await assert.rejects(async () => check(make(true)), /copies of float64 \[3\] .* differ/);
      else await check(make(true));
    }
  },
);

await realRanks(import.meta.url);
