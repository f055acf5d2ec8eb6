import assert from "node:assert/strict";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import type { Scalar } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import type { Slice } from "../../src/array/slices.js";
import { realRanks, spmd } from "../spmd.js";
import { arbitraryDistribution, DTYPES, tagged } from "./arbitrary.js";

const cut = (length: number): fc.Arbitrary<Slice> => {
  const index = fc.option(fc.integer({ min: -length - 1, max: length + 1 }), { nil: undefined });
  const range: fc.Arbitrary<Slice> = fc.tuple(index, index, fc.constantFrom(1, 2, -1, -2));
  const one: fc.Arbitrary<Slice> = length > 0 ? fc.integer({ min: -length, max: length - 1 }) : range;
  return fc.oneof(range, range, one, fc.constant(undefined));
};
const dimsOf = fc.constantFrom([7], [6, 4], [3, 2, 4], [4, 0]);

/** Which elements of an array of `dims` a part has, in the order of the part: by slicing their numbers. */
function elements(
  dims: readonly number[],
  slices: readonly Slice[],
): { at: number[]; dims: readonly number[] } {
  const length = dims.reduce((total, n) => total * n, 1);
  const part = LocalArray.from(
    dims,
    Array.from({ length }, (_, i) => i),
  ).slice(...slices);
  return { at: [...part.local], dims: part.space.dims };
}

await spmd("assign: writes the part, and nothing else, whatever the value and where it is", async (comm) => {
  const cases = dimsOf.chain((dims) =>
    fc.record({
      dims: fc.constant(dims),
      options: arbitraryDistribution(comm.size, dims),
      slices: fc.tuple(...dims.map(cut)),
      dtype: fc.constantFrom(...DTYPES),
      ones: fc.array(fc.boolean(), { minLength: dims.length, maxLength: dims.length }),
    }),
  );
  for (const { dims, options, slices, dtype, ones } of fc.sample(cases, { seed: 8, numRuns: 25 })) {
    const space = new Distribution(comm, dims, options);
    const step = dtype.startsWith("complex") ? 2 : 1;
    const { at, dims: part } = elements(dims, slices);
    const valueDims = part.map((n, axis) => (ones[axis] ? 1 : n));
    const value = LocalArray.fromFunction(valueDims, tagged(dtype), dtype);
    const spread = new LocalArray(part, dtype).add(value);
    const expect = async (given: DistributedArray | LocalArray | Scalar, numbers: (i: number) => number) => {
      const x = new DistributedArray(space, dtype).fill(-7);
      assert.equal(await x.assign(given, ...slices), x);
      const local = new LocalArray(dims, dtype).fill(-7);
      at.forEach((element, i) => {
        for (let k = 0; k < step; k++) local.local[step * element + k] = numbers(step * i + k);
      });
      assert.deepEqual([...(await x.asarray()).local], [...local.local], JSON.stringify(slices));
      if (given instanceof DistributedArray) return;
      const alone = new LocalArray(dims, dtype).fill(-7);
      assert.deepEqual([...alone.assign(given, ...slices).local], [...local.local]);
    };
    await expect(4, (i) => (step === 2 && i % 2 === 1 ? 0 : 4));
    await expect(value, (i) => spread.local[i]);
    const [where] = fc.sample(arbitraryDistribution(comm.size, valueDims), { seed: at.length, numRuns: 1 });
    const distributed = DistributedArray.fromFunction(
      new Distribution(comm, valueDims, where),
      tagged(dtype),
      dtype,
    );
    await expect(distributed, (i) => spread.local[i]);
  }
});

await spmd(
  "assign: local values and parts that lie where they go send nothing; a move is one all-to-all",
  async (comm) => {
    const x = new Distribution(comm, [3 * comm.size, 4]).zeros();
    const sent = comm.statistics.messagesSent;
    await x.assign(1);
    await x.assign(LocalArray.from([4], [1, 2, 3, 4]), [1, -1]);
    await x.assign(await x.slice([1, -1]), [1, -1]);
    await x.assign(await x.sum({ axis: 1, keepdims: true }));
    assert.equal(comm.statistics.messagesSent, sent);
    const before = comm.statistics.calls.alltoall ?? 0;
    await x.assign(await x.slice([0, -1]), [1]);
    assert.equal((comm.statistics.calls.alltoall ?? 0) - before, comm.size > 1 ? 1 : 0);
  },
);

await spmd("assign: an array to itself, backwards", async (comm) => {
  const x = DistributedArray.fromFunction(new Distribution(comm, [5]), (i) => i);
  await x.assign(x, [undefined, undefined, -1]);
  assert.deepEqual([...(await x.asarray()).local], [4, 3, 2, 1, 0]);
  const y = LocalArray.from([4], [0, 1, 2, 3]);
  assert.deepEqual([...y.assign(y, [undefined, undefined, -1]).local], [3, 2, 1, 0]);
});

await spmd("assign: what does not fit is an error, before anything is sent", async (comm) => {
  const x = new Distribution(comm, [5, 4]).zeros("float32");
  const refuses = (value: DistributedArray | LocalArray | Scalar, slices: readonly Slice[], text: RegExp) =>
    assert.rejects(x.assign(value, ...slices), text);
  await refuses(new LocalArray([3]), [], /shapes differ, \[5, 4\] and \[3\]/);
  await refuses(new LocalArray([2, 5, 4]), [], /a value of \[2, 5, 4\] for a part of \[5, 4\]/);
  await refuses(new LocalArray([4]), [undefined, [0, 1]], /a value of \[4\] for a part of \[5, 1\]/);
  await refuses(new Distribution(comm, [5, 4]).zeros("complex64"), [], /lose its imaginary part/);
  await refuses({ re: 1, im: 1 }, [], /complex64 result into a float32 array would lose its imaginary part/);
  await refuses(1, [5], /assign: index 5 along axis 0, which has 5/);
  const whole = new Distribution(comm, [2]).zeros("int32");
  await assert.rejects(whole.assign(0.5), /would lose its fraction/);
  assert.equal(await x.norm(0), 0);
});

await realRanks(import.meta.url);
