import assert from "node:assert/strict";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import type { Slice } from "../../src/array/slices.js";
import { realRanks, spmd } from "../spmd.js";
import { arbitraryDistribution, DTYPES, tagged } from "./arbitrary.js";

/** The array of `dims` whose elements are those of `x`, again and again along the axes that it has not. */
function stretched(x: LocalArray, dims: readonly number[]): LocalArray {
  const own = x.space.dims;
  const at = (index: readonly number[]) =>
    own.reduce((flat, length, axis) => flat * length + (length === 1 ? 0 : index[axis - own.length + dims.length]), 0); // prettier-ignore
  const complex = x.dtype.startsWith("complex");
  const element = (i: number) => (complex ? { re: x.local[2 * i], im: x.local[2 * i + 1] } : x.local[i]);
  return LocalArray.fromFunction(dims, (...index) => element(at(index)), x.dtype);
}

function assertBlock(actual: DistributedArray, expected: LocalArray): void {
  const { localStart, localShape, dims } = actual.distribution;
  assert.deepEqual(dims, expected.space.dims);
  assert.equal(actual.dtype, expected.dtype);
  const block = expected.slice(...localStart.map((start, axis): Slice => [start, start + localShape[axis]]));
  assert.deepEqual([...actual.local], [...block.local], actual.distribution.toString());
}

const shape = fc.constantFrom([5], [4, 3], [3, 0], [2, 5, 3]);
/** Some axes of length 1, and some leading ones left out. */
const reduced = (dims: readonly number[]) =>
  fc
    .tuple(fc.nat(dims.length - 1), ...dims.map(() => fc.boolean()))
    .map(([first, ...ones]) => dims.map((n, axis) => (ones[axis] ? 1 : n)).slice(first));

await spmd(
  "arithmetic of local arrays stretches axes of length 1, of both, as NumPy does",
  () => {
    const cases = shape.chain((dims) =>
      fc.record({
        dims: fc.constant(dims),
        a: reduced(dims),
        b: reduced(dims),
        types: fc.tuple(fc.constantFrom(...DTYPES), fc.constantFrom(...DTYPES)),
      }),
    );
    for (const { a, b, types } of fc.sample(cases, { seed: 5, numRuns: 60 })) {
      const [x, y] = [a, b].map((dims, k) => LocalArray.fromFunction(dims, tagged(types[k]), types[k]));
      const ndim = Math.max(a.length, b.length);
      const [m, n] = [a, b].map((dims) => [...new Array<number>(ndim - dims.length).fill(1), ...dims]);
      const dims = m.map((length, axis) => (length === 1 ? n[axis] : length));
      for (const name of ["add", "mul", "maximum", "less"] as const) {
        const [actual, expected] = [x.combine(name, y), stretched(x, dims).combine(name, stretched(y, dims))];
        assert.deepEqual(actual.space.dims, dims);
        assert.equal(actual.dtype, expected.dtype);
        assert.deepEqual([...actual.local], [...expected.local]);
      }
    }
    const z = new LocalArray([2, 3]);
    assert.equal(z.add(LocalArray.from([3], [1, 2, 3]), z), z);
    assert.deepEqual([...z.local], [1, 2, 3, 1, 2, 3]);
    assert.throws(() => z.add(new LocalArray([2])), /shapes differ, \[2, 3\] and \[2\]; axes must be equal/);
  },
  { sizes: [1], real: false },
);

await spmd(
  "a distributed array meets local, replicated and reduced ones, on its own ranks: nothing is sent",
  async (comm) => {
    const cases = shape.chain((dims) =>
      fc.record({
        dims: fc.constant(dims),
        small: reduced(dims),
        options: arbitraryDistribution(comm.size, dims),
        types: fc.tuple(fc.constantFrom(...DTYPES), fc.constantFrom(...DTYPES)),
      }),
    );
    for (const { dims, small, options, types } of fc.sample(cases, { seed: 6, numRuns: 25 })) {
      const space = new Distribution(comm, dims, options);
      const x = DistributedArray.fromFunction(space, tagged(types[0]), types[0]);
      const localX = LocalArray.fromFunction(dims, tagged(types[0]), types[0]);
      const sent = comm.statistics.messagesSent;
      const meet = (shape: readonly number[], at?: Distribution) => {
        const localY = LocalArray.fromFunction(shape, tagged(types[1]), types[1]);
        const y = at ? DistributedArray.fromFunction(at, tagged(types[1]), types[1]) : localY;
        assertBlock(x.sub(y), localX.sub(stretched(localY, dims)));
        if (y instanceof DistributedArray) assertBlock(y.sub(x), stretched(localY, dims).sub(localX));
      };
      meet(small);
      meet(dims);
      meet(small, new Distribution(comm, small, { replicated: true }));
      meet(dims, new Distribution(comm, dims, { replicated: true }));
      const axes = dims.flatMap((_, axis) =>
        small.length === dims.length && small[axis] === 1 ? [axis] : [],
      );
      const left = space.without(axes, true);
      meet(left.dims, left);
      assert.equal(comm.statistics.messagesSent, sent);
    }
  },
);

await spmd(
  "a local array of more axes spreads a distributed one; blocks that lie apart are an error",
  (comm) => {
    const row = DistributedArray.fromFunction(new Distribution(comm, [6]), (i) => i);
    const column = LocalArray.fromFunction([2, 1], (i) => 10 * i);
    const table = row.add(column);
    assertBlock(
      table,
      LocalArray.fromFunction([2, 6], (i, j) => 10 * i + j),
    );
    assert.deepEqual(table.distribution.grid, [1, comm.size]);
    const into = table.like();
    assert.equal(row.add(column, into), into);
    assert.deepEqual(into.local, table.local);
    if (comm.size === 1) return;
    assert.throws(() => row.add(column, row), /distributions differ/);
    const rows = new Distribution(comm, [6, 6]).zeros();
    const columns = new Distribution(comm, [6, 6], { grid: [1, comm.size] }).zeros();
    assert.throws(() => rows.add(columns), /distributions differ, \[6, 6\] .* use redistribute/);
    assert.throws(() => rows.add(row), /distributions differ/);
    assert.throws(() => rows.add(new LocalArray([4])), /shapes differ, \[6, 6\] and \[4\]/);
  },
);

await realRanks(import.meta.url);
