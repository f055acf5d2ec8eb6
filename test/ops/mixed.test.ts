/** Local operators in sums and products with distributed ones. */
import assert from "node:assert/strict";
import { test } from "tap";
import type { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import type { AnyVector } from "../../src/array/vector.js";
import { simulate } from "../../src/comm/simulate.js";
import type { Communicator } from "../../src/comm/types.js";
import { Batched } from "../../src/ops/basic/batched.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Flip } from "../../src/ops/basic/flip.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { Block } from "../../src/ops/basic/block.js";
import { BlockDiag, HStack, VStack } from "../../src/ops/basic/stacks.js";
import { Sum } from "../../src/ops/basic/sum.js";
import { dottest } from "../../src/ops/dottest.js";
import type { LinearOperatorContract } from "../../src/ops/operator-products.js";
import { todense } from "../../src/ops/todense.js";

const SIZES = [1, 2, 3, 4, 7];
const matrix = (rows: number, columns: number, dtype: "float64" | "complex128" = "float64") =>
  new MatrixMult(
    LocalArray.fromFunction(
      [rows, columns],
      (i, j) => (dtype === "float64" ? Math.sin(3 * i + j) : { re: i, im: j - 1 }),
      dtype,
    ),
  );

async function same(
  a: LinearOperatorContract<AnyVector, AnyVector>,
  b: LinearOperatorContract<AnyVector, AnyVector>,
) {
  await dottest(a);
  const [A, B] = [await todense(a), await todense(b)];
  assert.deepEqual([...A.space.dims], [...B.space.dims]);
  assert.equal(A.dtype, B.dtype);
  assert.ok(A.local.every((value, i) => Math.abs(value - B.local[i]) < 1e-12));
}

const onAll = (title: string, program: (comm: Communicator) => Promise<void>) =>
  void test(title, async () => {
    for (const size of SIZES) await simulate(size, program);
  });

onAll(
  "on the last axes, whole on every rank: each item is mapped, on either side of a product",
  async (comm) => {
    for (const options of [
      {},
      { replicated: true },
      { blocks: [[5, ...new Array<number>(comm.size - 1).fill(0)]] },
    ]) {
      const space = new Distribution(comm, [5, 3], options);
      const [D, flat] = [new FirstDerivative(space, { axis: 0 }), new FirstDerivative([5, 3], { axis: 0 })];
      const M = matrix(2, 3);
      const each = new FirstDerivative([5, 2], { axis: 0 });
      const onRows = (m: MatrixMult) => m.compose(new Identity([3])); // one item
      const after = onRows(M).compose(D);
      assert.deepEqual([...after.dimsd], [5, 2]);
      const twin = await todense(after);
      const local = await todense(flat);
      assert.deepEqual([...twin.space.dims], [10, 15]);
      // (I ⊗ M)(D ⊗ I): the entries are products.
      for (let i = 0; i < 5; i++) {
        for (let k = 0; k < 2; k++) {
          for (let j = 0; j < 5; j++) {
            for (let l = 0; l < 3; l++) {
              const expected = Math.sin(3 * k + l) * local.local[3 * i * 15 + 3 * j];
              assert.ok(Math.abs(twin.local[(2 * i + k) * 15 + 3 * j + l] - expected) < 1e-12);
            }
          }
        }
      }
      await dottest(after);
      const before = new FirstDerivative(after.data as Distribution, { axis: 0 }).compose(M);
      assert.deepEqual([...before.dims], [5, 3]);
      await same(before, each.compose(new Batched(M, [5, 3])));
      assert.equal(D.compose(matrix(3, 3, "complex128")).dtype, "complex128");
    }
  },
);

onAll("sums: the local one acts on every item, or on every block", async (comm) => {
  const space = new Distribution(comm, [2 * comm.size, 3]);
  const D = new FirstDerivative(space, { axis: 0 });
  const twin = new FirstDerivative([2 * comm.size, 3], { axis: 0 });
  const flip = new Flip([2 * comm.size, 3], { axis: 1 });
  await same(D.add(new Flip([3])), twin.add(flip));
  await same(new Flip([3]).sub(D), flip.sub(twin));
  const blocks = D.add(new Flip([2, 3], { axis: 0 })); // each rank turns its own two rows
  await dottest(blocks);
  const { local } = await todense(blocks.sub(D));
  const n = 6 * comm.size;
  for (let i = 0; i < n; i++) {
    const [row, column] = [Math.floor(i / 3), i % 3];
    const partner = 3 * (row % 2 === 0 ? row + 1 : row - 1) + column;
    for (let j = 0; j < n; j++) assert.ok(Math.abs(local[i * n + j] - Number(j === partner)) < 1e-12);
  }
});

onAll("blocks of every rank become a block diagonal, also of other dims", async (comm) => {
  const space = new Distribution(comm, [4 * comm.size]);
  const op = matrix(2, 4).compose(new Flip(space));
  assert.deepEqual([...op.dimsd], [2 * comm.size]);
  await dottest(op);
  assert.deepEqual([...new Sum([4]).compose(new Flip(space)).dimsd], [comm.size]);
});

onAll("stacks: a local part acts on every item, as its distributed twin does", async (comm) => {
  for (const replicated of [false, true]) {
    const space = new Distribution(comm, [5, 3], { replicated });
    const [D, flat] = [new FirstDerivative(space, { axis: 0 }), new FirstDerivative([5, 3], { axis: 0 })];
    const [M, rows] = [matrix(2, 3, "complex128").compose(new Identity([3])), new Flip([3])];
    const [each, flips] = [new Batched(M, [5, 3]), new Flip([5, 3], { axis: 1 })];
    await same(new VStack<DistributedArray, DistributedArray>([D, M]), new VStack([flat, each]));
    await same(new VStack<DistributedArray, DistributedArray>([rows, D]), new VStack([flips, flat]));
    await same(new HStack<DistributedArray, DistributedArray>([D, rows]), new HStack([flat, flips]));
    await same(new HStack<DistributedArray, DistributedArray>([rows, D]).H, new HStack([flips, flat]).H);
    await same(new Block<DistributedArray, DistributedArray>([[D, rows], [rows, D]]), new Block([[flat, flips], [flips, flat]])); // prettier-ignore
    await same(new Block<DistributedArray, DistributedArray>([[D, rows], [rows, rows]]), new Block([[flat, flips], [flips, flips]])); // prettier-ignore
    const stack = new VStack<DistributedArray, DistributedArray>([D, rows]);
    await same(stack.H.compose(stack), new VStack([flat, flips]).H.compose(new VStack([flat, flips])));
  }
});

onAll("BlockDiag: the member of a local part is replicated", async (comm) => {
  const D = new FirstDerivative(new Distribution(comm, [5, 3]), { axis: 0 });
  const M = matrix(2, 3);
  const op = new BlockDiag<DistributedArray, DistributedArray>([D, M]);
  await same(op, new BlockDiag([new FirstDerivative([5, 3], { axis: 0 }), M]));
  const replicated = new Distribution(comm, [3], { replicated: true });
  const both = new Identity(replicated).scale(2);
  const twice = op.compose(new BlockDiag([new Identity(D.model), both])); // meets what lives on the same ranks
  await dottest(twice);
});

void test("what does not fit is an error when composed, naming both shapes, and nothing is sent", async () => {
  await simulate(3, async (comm) => {
    const space = new Distribution(comm, [7, 4]);
    const D = new FirstDerivative(space, { axis: 0 });
    const sent = comm.statistics.messagesSent;
    const message =
      /from \[5\] to \[3\], and distributed arrays of \[7, 4\] over 3 ranks.*last axes, whole on every rank/;
    assert.throws(() => D.compose(matrix(3, 5)), message);
    assert.throws(() => matrix(3, 5).compose(D), message);
    assert.throws(() => D.add(matrix(3, 5)), message);
    assert.throws(() => D.add(matrix(3, 4)), /add: .*\[7, 4\].*spaces of a sum must be the same/);
    assert.throws(
      () => new VStack<DistributedArray, DistributedArray>([D, matrix(3, 5)]),
      /^RangeError: VStack: a local operator.*last axes/,
    );
    assert.throws(
      () => new HStack<DistributedArray, DistributedArray>([matrix(3, 5), D]),
      /^RangeError: HStack: a local operator.*its data must be/,
    );
    assert.throws(() => D.compose(new Flip([7, 4])), RangeError); // no rank has the whole array
    assert.throws(() => D.compose(new FirstDerivative(new Distribution(comm, [4, 7]))), /\[4, 7\].*\[7, 4\]/);
    assert.equal(comm.statistics.messagesSent, sent);
    await Promise.resolve();
  });
});
