import assert from "node:assert/strict";
import { test } from "tap";
import { Distribution } from "../../src/array/distribution.js";
import type { AnyVector } from "../../src/array/vector.js";
import { simulate } from "../../src/comm/simulate.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Gradient } from "../../src/ops/basic/gradient.js";
import type { LinearOperatorContract } from "../../src/ops/operator-products.js";
import { FFT } from "../../src/ops/signal/fft.js";
import { todense } from "../../src/ops/todense.js";
import { tosparse } from "../../src/ops/tosparse.js";

void test("tosparse: the entries of the dense matrix that are not zero, for operators of all kinds", async () => {
  for (const size of [1, 2, 3, 4, 7]) {
    await simulate(size, async (comm) => {
      const space = new Distribution(comm, [5, 2]);
      const local = [5, 2];
      const operators: LinearOperatorContract<AnyVector, AnyVector>[] = [
        new FirstDerivative(local, { axis: 0 }),
        new FirstDerivative(space, { axis: 0 }),
        new Gradient(space),
        new FFT(space, { axis: 0, dtype: "complex128" }),
      ];
      for (const op of operators) {
        const { shape, rows, columns, values } = await tosparse(op);
        const { local: dense, dtype } = await todense(op);
        assert.deepEqual(shape, op.shape);
        assert.equal(values.dtype, dtype);
        const step = dtype === "complex128" ? 2 : 1;
        const back = new Float64Array(dense.length);
        rows.forEach((row, k) => {
          for (let part = 0; part < step; part++)
            back[step * (row * shape[1] + columns[k]) + part] = values.local[step * k + part];
        });
        assert.deepEqual([...back], [...dense].map((x) => x + 0)); // prettier-ignore
        for (let k = 0; k < rows.length; k++) assert.ok(values.local.subarray(step * k, step * (k + 1)).some((x) => x !== 0)); // prettier-ignore
      }
      const few = await tosparse(new FirstDerivative(space, { axis: 0, order: 5 }), { threshold: 0.5 });
      assert.ok(few.values.local.every((x) => Math.abs(x) > 0.5));
      assert.ok(few.rows.length > 0);
    });
  }
});
