import assert from "node:assert/strict";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { type DType, isComplex, type Scalar } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import { StackedArray } from "../../src/array/stacked-array.js";
import { realRanks, spmd } from "../spmd.js";
import { arbitraryDistribution, DTYPES } from "./arbitrary.js";

const ORDERS = [0, 1, 2, 3, 0.5, -1, Infinity, -Infinity];
const small =
  (dtype: DType) =>
  (...index: number[]): Scalar => {
    const re = ((index.reduce((sum, i) => 7 * sum + i, 3) * 5) % 11) - 4;
    return isComplex(dtype) ? { re, im: (re * re) % 5 } : re;
  };

await spmd(
  "reductions: equal to local ones, over all elements and along axes, masked and not",
  async (comm) => {
    const dimsOf = fc.constantFrom([7], [5, 4], [3, 4, 2], [2, 3, 2, 2]);
    const cases = dimsOf.chain((dims) =>
      fc.record({
        dims: fc.constant(dims),
        dtype: fc.constantFrom(...DTYPES),
        options: arbitraryDistribution(comm.size, dims),
        axes: fc.uniqueArray(fc.nat(dims.length - 1), { minLength: 1 }),
        masked: fc.boolean(),
        order: fc.constantFrom(...ORDERS),
      }),
    );
    for (const { dims, dtype, options, axes, masked, order } of fc.sample(cases, { seed: 9, numRuns: 20 })) {
      const space = new Distribution(comm, dims, options);
      const x = DistributedArray.fromFunction(space, small(dtype), dtype);
      const local = LocalArray.fromFunction(dims, small(dtype), dtype);
      const mask = (...index: number[]) => Number(index.reduce((sum, i) => sum + i, 0) % 3 > 0);
      const [where, localWhere] = masked
        ? [DistributedArray.fromFunction(space, mask, "int32"), LocalArray.fromFunction(dims, mask, "int32")]
        : [undefined, undefined];
      const all = { ...(where && { where }) };
      const allLocal = { ...(localWhere && { where: localWhere }) };
      close(await x.sum(all), await local.sum(allLocal));
      close(await x.prod(all), await local.prod(allLocal));
      close(await x.mean(all), await local.mean(allLocal));
      close(await x.norm(order, all), await local.norm(order, allLocal));
      assert.deepEqual(await x.min(all), await local.min(allLocal));
      assert.equal(await x.argmax(all), await local.argmax(allLocal));
      const compare = async (one: DistributedArray, two: LocalArray) => {
        assert.deepEqual(one.distribution.dims, two.space.dims);
        assert.equal(one.dtype, two.dtype);
        const [whole, sent] = [await one.asarray(), comm.statistics.messagesSent];
        whole.local.forEach((value, i) => close(value, two.local[i], `${one.distribution.toString()}, ${i}`));
        return sent;
      };
      const [along, alongLocal] = [
        { ...all, axis: axes },
        { ...allLocal, axis: axes },
      ];
      await compare(await x.sum(along), await local.sum(alongLocal));
      await compare(await x.prod(along), await local.prod(alongLocal));
      await compare(await x.mean(along), await local.mean(alongLocal));
      await compare(await x.norm(order, along), await local.norm(order, alongLocal));
      await compare(await x.max(along), await local.max(alongLocal));
      const [axis] = axes;
      await compare(await x.argmin({ ...all, axis }), await local.argmin({ ...allLocal, axis }));
    }
  },
);

await spmd(
  "reductions: one allreduce, none along axes that are not split nor of replicated arrays",
  async (comm) => {
    const calls = () => comm.statistics.calls.allreduce ?? 0;
    const x = new Distribution(comm, [2 * comm.size, 3]).zeros();
    const whole = new Distribution(comm, [4], { replicated: true }).zeros();
    const before = calls();
    const sent = comm.statistics.messagesSent;
    await x.sum({ axis: 1 });
    await whole.sum();
    (await x.max({ axis: 1 })).conj();
    assert.equal(calls(), before);
    assert.equal(comm.statistics.messagesSent, sent);
    await x.sum();
    assert.equal(calls(), before + (comm.size > 1 ? 1 : 0));
    const column = await x.sum({ axis: 0 }); // every rank holds it
    assert.equal(column.distribution.replicated, comm.size > 1);
  },
);

await spmd("norms along axes and of parts neither overflow nor vanish, of any order", async (comm) => {
  for (const grid of [
    [comm.size, 1],
    [1, comm.size],
  ])
    // prettier-ignore
    for (const dtype of ["float64", "complex128"] as const)
      for (const scale of [1e-300, 1e-200, 1, 1e200, 1e300]) {
        const value = (i: number, j: number) => (i + 1) * (j + 2) * scale;
        const complex = (i: number, j: number) => ({ re: 0.6 * value(i, j), im: -0.8 * value(i, j) });
        const space = new Distribution(comm, [4, 3], { grid });
        const x = DistributedArray.fromFunction(space, dtype === "float64" ? value : complex, dtype);
        for (const p of [2, 3, 0.5, -1, -2, 40]) {
          const line = (factors: readonly number[]) =>
            factors.reduce((sum, factor) => sum + factor ** p, 0) ** (1 / p);
          const rows = await (await x.norm(p, { axis: 0 })).asarray();
          rows.local.forEach((found, j) => near(found / scale, (j + 2) * line([1, 2, 3, 4])));
          const where = DistributedArray.fromFunction(space, (i) => Number(i === 1), "int32");
          near((await x.norm(p, { where })) / scale, 2 * line([2, 3, 4]));
        }
      }
  const mixed = DistributedArray.fromFunction(
    new Distribution(comm, [4]),
    (i) => [3e-200, 0, 4e-200, 1e-250][i],
  );
  near((await (await mixed.norm(2, { axis: 0 })).asarray()).local[0] / 1e-200, 5);
  const wide = DistributedArray.fromFunction(new Distribution(comm, [4]), (i) => [3, 1e-200, 4, 0][i]);
  near((await (await wide.norm(2, { axis: 0 })).asarray()).local[0], 5);
  assert.equal((await (await wide.norm(-1, { axis: 0 })).asarray()).local[0], 0);
});

await spmd("complex extremes: NumPy's order, the first NaN, wherever the elements are", async (comm) => {
  const numbers = [3, 1, 3, 2, -1, 5, 3, 2, -1, 4, 0, 0];
  const at = (list: readonly number[]) => (i: number) => ({ re: list[2 * i], im: list[2 * i + 1] });
  const make = (list: readonly number[]) =>
    DistributedArray.fromFunction(new Distribution(comm, [list.length / 2]), at(list), "complex128");
  const x = make(numbers);
  assert.deepEqual([await x.max(), await x.min()], [{ re: 3, im: 2 }, { re: -1, im: 4 }]); // prettier-ignore
  assert.deepEqual([await x.argmax(), await x.argmin()], [1, 4]);
  const y = make(numbers.with(5, NaN).with(8, NaN)); // elements 2 and 4
  assert.deepEqual([await y.max(), await y.min()], [{ re: -1, im: NaN }, { re: -1, im: NaN }]); // prettier-ignore
  assert.deepEqual([await y.argmax(), await y.argmin()], [2, 2]);
  const where = DistributedArray.fromFunction(x.distribution, (i) => Number(i > 2), "int32");
  assert.deepEqual([await y.max({ where }), await y.argmin({ where })], [{ re: NaN, im: 4 }, 4]);
  const none = where.like();
  assert.deepEqual([await x.max({ where: none }), await x.argmax({ where: none })], [{ re: -Infinity, im: -Infinity }, -1]); // prettier-ignore
  const plane = await y.reshape([3, 2]);
  assert.deepEqual([...(await (await plane.max({ axis: 1 })).asarray()).local], [3, 2, -1, NaN, NaN, 4]);
  assert.deepEqual([...(await (await plane.argmax({ axis: 0 })).asarray()).local], [1, 0]);
});

await spmd("keepdims: reduced axes have length 1, and the result meets the array again", async (comm) => {
  for (const grid of [
    [comm.size, 1],
    [1, comm.size],
  ]) {
    const space = new Distribution(comm, [5, 4], { grid });
    const x = DistributedArray.fromFunction(space, (i, j) => i * i + 3 * j);
    for (const axis of [0, 1, [0, 1]]) {
      const means = await x.mean({ axis, keepdims: true });
      assert.deepEqual(
        means.distribution.dims,
        [5, 4].map((n, k) => ([axis].flat().includes(k) ? 1 : n)),
      );
      close(await x.sub(means).sum(), 0, "sum of deviations");
      const sums = await (await x.sub(means).sum({ axis })).asarray();
      for (const sum of sums.local) assert.ok(Math.abs(sum) < 1e-12);
    }
  }
  await assert.rejects(async () => new Distribution(comm, [3]).zeros().sum({ keepdims: true }), /keepdims without axis/); // prettier-ignore
});

await spmd("norms of stacks: of every order, over all members at once", async (comm) => {
  const split = DistributedArray.fromFunction(new Distribution(comm, [5]), (i) => i - 2);
  const whole = LocalArray.fromFunction([3], (i) => 2 * i + 1);
  const stack = new StackedArray([split, new StackedArray([whole])]);
  const flat = LocalArray.from([8], [-2, -1, 0, 1, 2, 1, 3, 5]);
  for (const order of ORDERS) {
    const before = comm.statistics.calls.allreduce ?? 0;
    close(await stack.norm(order), await flat.norm(order));
    if (order > 0) assert.equal((comm.statistics.calls.allreduce ?? 0) - before, comm.size > 1 ? 1 : 0);
  }
});

await realRanks(import.meta.url);

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-12 * expected, `${actual}, not ${expected}`);
}

function close(actual: Scalar, expected: Scalar, message = ""): void {
  const parts = (value: Scalar) => (typeof value === "number" ? [value, 0] : [value.re, value.im]);
  const [a, b] = [parts(actual), parts(expected)];
  const size = Math.hypot(...b);
  const same = a.every((value, k) => Object.is(value, b[k]) || Math.abs(value - b[k]) <= 1e-6 * size + 1e-12);
  assert.ok(same, `${JSON.stringify(actual)}, not ${JSON.stringify(expected)} ${message}`);
}
