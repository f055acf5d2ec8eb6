import assert from "node:assert/strict";
import { test } from "tap";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import { simulate } from "../../src/comm/simulate.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { VStack } from "../../src/ops/basic/stacks.js";
import { divide } from "../../src/solvers/divide.js";

void test("divide: the model that was mapped to the data, on any number of ranks", async () => {
  for (const size of [1, 2, 3, 4, 7]) {
    await simulate(size, async (comm) => {
      const space = new Distribution(comm, [9, 2]);
      const A = new VStack([new FirstDerivative(space, { axis: 0 }), new Identity(space)]);
      const truth = DistributedArray.fromFunction(space, (i, j) => Math.sin(i * (j + 1)));
      const model = await divide(A, await A.matvec(truth));
      assert.ok((await model.axpy(-1, truth).norm()) < 1e-9);
    });
  }
});

void test("divide: of several models the one of least norm, of inconsistent data the nearest", async () => {
  const wide = new MatrixMult(LocalArray.from([1, 2], [3, 4]));
  const { local } = await divide(wide, LocalArray.from([1], [50]));
  assert.ok(Math.hypot(local[0] - 6, local[1] - 8) < 1e-9);
  const tall = new MatrixMult(LocalArray.from([2, 1], [1, 1]));
  assert.ok(Math.abs((await divide(tall, LocalArray.from([2], [1, 3]))).local[0] - 2) < 1e-12);
  await assert.rejects(divide(tall, LocalArray.from([2], [1, NaN])), /divide: a residual of NaN/);
});
