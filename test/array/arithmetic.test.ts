import assert from "node:assert/strict";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import type { Scalar } from "../../src/array/dtype.js";
import type { BinaryName, UnaryName } from "../../src/array/operations.js";
import { LocalArray } from "../../src/array/local-array.js";
import type { Slice } from "../../src/array/slices.js";
import { StackedArray } from "../../src/array/stacked-array.js";
import { realRanks, spmd } from "../spmd.js";
import { arbitraryDistribution, DTYPES, tagged } from "./arbitrary.js";

const BINARY = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "less", "greater", "equal"] as const;
const UNARY = [
  "neg",
  "abs",
  "conj",
  "real",
  "imag",
  "angle",
  "sqrt",
  "exp",
  "log",
  "sin",
  "cos",
  "sign",
] as const;

await spmd("distributed and stacked arrays: every operation has the bits of local ones", async (comm) => {
  const dims = [4, 3];
  const cases = fc.record({
    options: arbitraryDistribution(comm.size, dims),
    a: fc.constantFrom(...DTYPES),
    b: fc.constantFrom(...DTYPES),
  });
  for (const { options, a, b } of fc.sample(cases, { seed: 3, numRuns: 12 })) {
    const space = new Distribution(comm, dims, options);
    const [f, g] = [tagged(a), (...index: number[]) => tagged(b)(...index.map((i) => i % 2))];
    const [x, y] = [DistributedArray.fromFunction(space, f, a), DistributedArray.fromFunction(space, g, b)];
    const [localX, localY] = [LocalArray.fromFunction(dims, f, a), LocalArray.fromFunction(dims, g, b)];
    const pairs: [StackedArray, StackedArray] = [
      new StackedArray([x, localX]),
      new StackedArray([y, localY]),
    ];
    const sent = comm.statistics.messagesSent;
    const results: [DistributedArray, StackedArray, LocalArray][] = [];
    const record = (name: BinaryName | UnaryName, other: Scalar | undefined) => {
      const apply = <V extends { combine(n: BinaryName, o: V | Scalar): V; map(n: UnaryName): V }>(
        one: V,
        two: V,
      ) => (isUnary(name) ? one.map(name) : one.combine(name, other ?? two));
      results.push([apply(x, y), apply(...pairs), apply(localX, localY)]);
    };
    for (const name of BINARY) {
      record(name, undefined);
      record(name, 2);
      record(name, { re: 1, im: -0.5 });
    }
    for (const name of UNARY) record(name, undefined);
    assert.equal(comm.statistics.messagesSent, sent, "arithmetic is local");
    for (const [distributed, stacked, local] of results) {
      assert.equal(distributed.dtype, local.dtype);
      const { localStart, localShape } = space;
      const block = local.slice(...localStart.map((start, axis): Slice => [start, start + localShape[axis]]));
      assert.deepEqual(distributed.local, block.local);
      assert.deepEqual((stacked.members[1] as unknown as LocalArray).local, local.local);
    }
  }
});

await realRanks(import.meta.url);

function isUnary(name: BinaryName | UnaryName): name is UnaryName {
  return (UNARY as readonly string[]).includes(name);
}
