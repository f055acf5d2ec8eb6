import assert from "node:assert/strict";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { StackedArray } from "../../src/array/stacked-array.js";
import type { Communicator } from "../../src/comm/types.js";
import { Diagonal } from "../../src/ops/basic/diagonal.js";
import { Laplacian } from "../../src/ops/basic/laplacian.js";
import { VStack } from "../../src/ops/basic/stacks.js";
import { cg } from "../../src/solvers/cg.js";
import { cgls } from "../../src/solvers/cgls.js";
import { realRanks, spmd } from "../spmd.js";
import { reference } from "./lapdiag-reference.js";

/** A uniform number that depends on a counter and a seed alone. */
function u01(i: number, seed: number): number {
  let h = (Math.imul(i, 0x9e3779b1) + seed) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * Completes a smooth 3-D field from noisy samples at three cells in ten, with a roughness penalty:
 * the stack [D; 0.1 Lap] x = [d; 0].
 */
function problem(comm: Communicator, n: number, grid?: readonly number[]) {
  const space = new Distribution(comm, [n, n, n], { grid });
  const flat = (f: (i: number) => number) =>
    DistributedArray.fromFunction(space, (x, y, z) => f((x * n + y) * n + z));
  const diagonal = flat((i) => (u01(i, 11) < 0.3 ? 0.5 + u01(i, 12) : 0));
  const truth = DistributedArray.fromFunction(
    space,
    (x, y, z) =>
      Math.sin((2 * Math.PI * x) / n) * Math.cos((4 * Math.PI * y) / n) +
      0.5 * Math.sin((6 * Math.PI * z) / n),
  );
  const d = truth.clone().multiply(diagonal).axpy(0.05, flat((i) => u01(i, 13) - 0.5)); // prettier-ignore
  const laplacian = new Laplacian(space, { axes: [0, 1, 2] });
  const A = new VStack<DistributedArray, DistributedArray>([new Diagonal(diagonal), laplacian.scale(0.1)]);
  return { A, data: new StackedArray([d, space.zeros()]), space };
}

function close(actual: number, expected: number, what: string, rtol = 1e-9): void {
  const error = Math.abs(actual - expected) / Math.abs(expected);
  assert.ok(error <= rtol, `${what}: ${actual} instead of ${expected}, off by ${error}`);
}

await spmd(
  "cgls: 50 iterations on a stack of operators follow PyLops-MPI to 1e-9",
  async (comm) => {
    const { A, data } = problem(comm, 32);
    const { model, status, cost } = await cgls(A, data, { rtol: 0, maxIterations: 50 });
    assert.equal(status, "max-iterations");
    assert.equal(cost.length, reference.cost.length);
    cost.forEach((norm, i) => close(norm, reference.cost[i], `cost ${i}`));
    const { final } = reference;
    close(await model.norm(1), final.l1, "1-norm");
    close(await model.norm(2), final.l2, "2-norm");
    close(await model.norm(Infinity), final.linf, "maximum");
    const whole = await model.asarray();
    final.probe.forEach((value, i) =>
      close(whole.local[i * final.step], value, `element ${i * final.step}`, 1e-8),
    );
  },
  { sizes: [1, 2, 4, 7] },
);

await spmd("cgls: the same run again gives the same bits, other grids the same numbers", async (comm) => {
  const run = async (grid?: readonly number[]) => {
    const { A, data } = problem(comm, 12, grid);
    return cgls(A, data, { rtol: 0, maxIterations: 8, damp: 0.1 });
  };
  const [first, again] = [await run(), await run()];
  assert.deepEqual(again.cost, first.cost);
  assert.deepEqual(again.model.local, first.model.local);
  for (const grid of [
    [1, comm.size, 1],
    [1, 1, comm.size],
  ]) {
    const other = await run(grid);
    other.cost.forEach((norm, i) => close(norm, first.cost[i], `cost ${i} on [${grid.join(", ")}]`));
  }
});

await spmd(
  "cg, cgls: an iteration makes two allreduces and no other call, damped or not, on stacks too",
  async (comm) => {
    const { A, data, space } = problem(comm, 12);
    const identity = new Diagonal(space.zeros().fill(1));
    const laplacian = new Laplacian(space, { axes: [0, 1, 2] });
    const normal = identity.add(laplacian.H.compose(laplacian));
    const solvers = {
      cgls: (maxIterations: number) => cgls(A, data, { rtol: 0, maxIterations }),
      "damped cgls": (maxIterations: number) => cgls(A, data, { rtol: 0, damp: 1, maxIterations }),
      cg: (maxIterations: number) => cg(normal, data.members[0], { rtol: 0, maxIterations }),
    };
    for (const [name, solve] of Object.entries(solvers)) {
      await solve(1); // the first products also compare arguments
      const counted = async (iterations: number) => {
        const before = { ...comm.statistics.calls };
        await solve(iterations);
        const calls = Object.entries(comm.statistics.calls);
        return new Map(calls.map(([call, count]) => [call, count - (before[call] ?? 0)]));
      };
      const [three, five] = [await counted(3), await counted(5)];
      for (const [call, count] of five) {
        const perIteration = (count - (three.get(call) ?? 0)) / 2;
        assert.equal(perIteration, call === "allreduce" ? 2 : 0, `${call} in ${name}`);
      }
      assert.equal(five.has("allreduce"), comm.size > 1, name);
    }
  },
  { sizes: [1, 2, 4] },
);

await realRanks(import.meta.url);
