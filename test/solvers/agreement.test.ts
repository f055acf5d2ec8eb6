import assert from "node:assert/strict";
import { Distribution } from "../../src/array/distribution.js";
import type { DistributedArray } from "../../src/array/distributed-array.js";
import { simulate } from "../../src/comm/simulate.js";
import { Diagonal } from "../../src/ops/basic/diagonal.js";
import { cg } from "../../src/solvers/cg.js";
import { cgls } from "../../src/solvers/cgls.js";
import { divide } from "../../src/solvers/divide.js";
import { cond, eigs, eigsh, svds } from "../../src/solvers/eigs.js";
import { test } from "tap";

type Solve = (A: Diagonal<DistributedArray>, data: DistributedArray, odd: boolean) => Promise<unknown>;

/** One rank asks for something else than the others. */
const SOLVES: Readonly<Record<string, Solve>> = {
  "cg: rank 1 asks for maxIterations 3": (A, data, odd) => cg(A, data, { maxIterations: odd ? 3 : 4 }),
  "cg: rank 1 asks for atol 0.5": (A, data, odd) => cg(A, data, { atol: odd ? 0.5 : 0 }),
  "cg: rank 1 asks for x0 given": (A, data, odd) => cg(A, data, { x0: odd ? data : undefined }),
  "cgls: rank 1 asks for damp 2": (A, data, odd) => cgls(A, data, { damp: odd ? 2 : 1 }),
  "cgls: rank 1 asks for rtol 0.25": (A, data, odd) => cgls(A, data, { rtol: odd ? 0.25 : 1e-3 }),
  "cgls: rank 1 asks for maxIterations 9": (A, data, odd) => divide(A, data, { maxIterations: odd ? 9 : 8 }),
  "eigs: rank 1 asks for count 2": (A, _, odd) => eigs(A, { count: odd ? 2 : 1 }),
  "eigsh: rank 1 asks for which smallest": (A, _, odd) => eigsh(A, { which: odd ? "smallest" : "largest" }),
  "svds: rank 1 asks for seed 5": (A, _, odd) => svds(A, { seed: odd ? 5 : 0 }),
  "svds: rank 1 asks for rtol 0.001": (A, _, odd) => cond(A, { rtol: odd ? 0.001 : 0.01 }),
};

for (const [message, solve] of Object.entries(SOLVES)) {
  void test(`another option on one rank is one error on all: ${message}`, { timeout: 30_000 }, async () => {
    const errors = await simulate(3, async (comm) => {
      const space = new Distribution(comm, [24]);
      const A = Diagonal.along(space, 0, Float64Array.from({ length: 24 }, (_, i) => i + 1)); // prettier-ignore
      const data = space.zeros().fill(1);
      const error: unknown = await solve(A, data, comm.rank === 1).catch((reason: unknown) => reason);
      assert.equal(await comm.allreduce(1), 3, "the next call works");
      assert.ok(error instanceof RangeError, String(error));
      return error.message;
    });
    assert.match(errors[0], new RegExp(`^${message}, rank 0 for .*; all ranks must ask for the same$`));
    assert.deepEqual(errors, [errors[0], errors[0], errors[0]]);
  });
}
