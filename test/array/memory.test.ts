import assert from "node:assert/strict";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { HaloPlan } from "../../src/array/halo.js";
import { LocalArray } from "../../src/array/local-array.js";
import { Redistribution } from "../../src/array/redistribute.js";
import { Halo } from "../../src/ops/basic/halo.js";
import { Laplacian } from "../../src/ops/basic/laplacian.js";
import { heapGrowth } from "../heap.js";
import { spmd } from "../spmd.js";

const ROUNDS = 6;
const TIMES = 500;
const LIMIT = 20 * TIMES; // bytes: an object that stayed each time would take more

await spmd(
  "memory: 10,000 halo exchanges, redistributions and products with operators leave both heaps as they were",
  async (comm) => {
    const space = new Distribution(comm, [8, 6], { grid: [2, 1] });
    const [x, y] = [DistributedArray.fromFunction(space, (i, j) => i - j), space.zeros()];
    const plan = new HaloPlan(space, [[1, 1], [1, 1]]); // prettier-ignore
    const padded = new LocalArray(plan.paddedShape);
    const columns = new Distribution(comm, [8, 6], { grid: [1, 2] });
    const [move, turned] = [new Redistribution(space, columns), columns.zeros()];
    const laplacian = new Laplacian(space, { axes: [0, 1] });
    const halo = new Halo(space, 1);
    const data = halo.data.zeros();
    const actions: readonly (() => Promise<unknown>)[] = [
      () => plan.pad(x, padded),
      () => plan.fold(padded, y),
      () => move.run("float64", x.local, turned.local),
      () => laplacian.matvec(x, y),
      () => halo.matvec(x, data),
    ];
    for (const action of actions) {
      const { js, wasm } = await heapGrowth(comm, action, { rounds: ROUNDS, times: TIMES });
      assert.ok(js < LIMIT, `${String(action)}: ${js} bytes more on the heap each ${TIMES} times`);
      assert.deepEqual(wasm[1], wasm[0], String(action));
    }
  },
  { sizes: [2], real: false },
);
