import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { HaloPlan } from "../../src/array/halo.js";
import { LocalArray } from "../../src/array/local-array.js";
import { Redistribution } from "../../src/array/redistribute.js";
import type { Communicator } from "../../src/comm/types.js";
import { heapStatistics } from "../../src/kernels/index.js";
import { Halo } from "../../src/ops/basic/halo.js";
import { Laplacian } from "../../src/ops/basic/laplacian.js";
import { spmd } from "../spmd.js";

const ROUNDS = 4;
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
      await action();
      const states = [await usage(comm)];
      for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < TIMES; i++) await action();
        states.push(await usage(comm));
      }
      // What V8 compiles meanwhile is in some rounds; what an action leaves is in all of them.
      const grown = Math.min(...states.slice(1).map(({ js }, k) => js - states[k].js));
      assert.ok(grown < LIMIT, `${String(action)}: ${grown} bytes more on the heap each ${TIMES} times`);
      const [before, after] = [states[1], states[ROUNDS]];
      assert.deepEqual(after.wasm, before.wasm, String(action));
    }
  },
  { sizes: [2], real: false },
);

/** Bytes in use while all ranks are here, after a garbage collection. */
async function usage(comm: Communicator): Promise<{ js: number; wasm: unknown }> {
  await comm.barrier();
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // what the flag has put there
  collect();
  const { arrays, used, overflowed } = heapStatistics();
  const js = process.memoryUsage().heapUsed;
  await comm.barrier();
  return { js, wasm: { arrays, used, overflowed } };
}
