import assert from "node:assert/strict";
import { inspect } from "node:util";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import { StackedArray } from "../../src/array/stacked-array.js";
import { spmd } from "../spmd.js";

await spmd(
  "arrays print themselves: dtype, dims, whose block, and its first and last numbers",
  (comm) => {
    const x = DistributedArray.fromFunction(new Distribution(comm, [4, 20]), (i, j) => i + j / 8, "float32");
    const [first, second] = [2 * comm.rank, 2 * comm.rank + 1];
    const row = (i: number) =>
      `[${[0, 1, 2].map((j) => i + j / 8).join(" ")} … ${[17, 18, 19].map((j) => i + j / 8).join(" ")}]`;
    const expected =
      `DistributedArray float32 [4, 20] over 2 ranks, grid [2, 1]; rank ${comm.rank} has [${first}:${first + 2}, 0:20]\n` +
      `[${row(first)}\n ${row(second)}]`;
    assert.equal(x.toString(), expected);
    assert.equal(inspect(x), expected);
    const z = LocalArray.from([2], [1, -2, 1 / 3, 0], "complex128");
    assert.equal(`${z}`, "LocalArray complex128 [2]\n[1-2j 0.333333+0j]");
    assert.equal(`${new LocalArray([0, 3])}`, "LocalArray float64 [0, 3]\n[]");
    const stack = new StackedArray([z, new StackedArray([new LocalArray([1])])]);
    const lines = inspect(stack).split("\n");
    assert.equal(lines[0], "StackedArray of 2, complex128 [3]");
    assert.deepEqual(lines.slice(-2), ["    LocalArray float64 [1]", "    [0]"]);
  },
  { sizes: [2], real: false },
);
