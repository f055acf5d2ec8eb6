/** What doc comments promise that products send, where the table of operators does not say it: messages, bytes, reductions. */
import assert from "node:assert/strict";
import { test } from "tap";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import type { AnyVector } from "../../src/array/vector.js";
import { simulate } from "../../src/comm/simulate.js";
import type { Communicator } from "../../src/comm/types.js";
import { acrossRanks } from "../../src/ops/basic/across-ranks.js";
import { BlockMatrixMult } from "../../src/ops/basic/block-matrix-mult.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Flip } from "../../src/ops/basic/flip.js";
import { Halo } from "../../src/ops/basic/halo.js";
import { lift } from "../../src/ops/basic/lift.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { MemoizeOperator } from "../../src/ops/basic/memoize-operator.js";
import { Restriction } from "../../src/ops/basic/restriction.js";
import { Roll } from "../../src/ops/basic/roll.js";
import { Summa } from "../../src/ops/basic/summa.js";
import { Transpose } from "../../src/ops/basic/transpose.js";
import type { LinearOperator } from "../../src/ops/linear-operator.js";
import type { LinearOperatorContract } from "../../src/ops/operator-products.js";
import { Convolve1D } from "../../src/ops/signal/convolve1d.js";
import { ConvolveND } from "../../src/ops/signal/convolve-nd.js";
import { FFT } from "../../src/ops/signal/fft.js";
import { Fredholm1 } from "../../src/ops/signal/fredholm1.js";

type Op = LinearOperatorContract<AnyVector, AnyVector>;
type Distributed = LinearOperator<DistributedArray, DistributedArray>;

/** Calls of collectives by name; of one rank, messages of its own and their bytes. */
interface Sent {
  readonly calls: Readonly<Record<string, number>>;
  readonly messages: number;
  readonly bytes: number;
}

async function sentBy(comm: Communicator, product: () => PromiseLike<unknown>): Promise<Sent> {
  const before = { ...comm.statistics, calls: { ...comm.statistics.calls } };
  await product();
  const { calls, messagesSent, bytesSent } = comm.statistics;
  const collectives = Object.entries(calls).filter(([name]) => !["send", "recv", "sendrecv"].includes(name));
  const made = collectives.map(([name, count]) => [name, count - (before.calls[name] ?? 0)] as const);
  return {
    calls: Object.fromEntries(made.filter(([, count]) => count > 0)),
    messages: messagesSent - before.messagesSent,
    bytes: bytesSent - before.bytesSent,
  };
}

/** What forward and adjoint send, after the first ones. */
async function costOf(comm: Communicator, op: Op): Promise<{ forward: Sent; adjoint: Sent }> {
  const [x, y] = [op.model.zeros(op.dtype), op.data.zeros(op.dtype)];
  await op.matvec(x, y);
  await op.rmatvec(y, x);
  const forward = await sentBy(comm, () => op.matvec(x, y));
  return { forward, adjoint: await sentBy(comm, () => op.rmatvec(y, x)) };
}

const SIZE = 3;
const matrix = (rows: number, columns: number) => new MatrixMult(new LocalArray([rows, columns]));

void test("halos: a message to each neighbour, of the cells that the operator reaches and nothing else", async () => {
  await simulate(SIZE, async (comm) => {
    const space = new Distribution(comm, [12, 5]);
    const { rank } = comm;
    const [up, down] = [Number(rank > 0), Number(rank < SIZE - 1)];
    const row = 5 * 8; // bytes
    /** Rows of this rank's that the rank before it needs, and the one behind it. */
    const expected = (toBefore: number, toAfter: number) => ({
      messages: up * Number(toBefore > 0) + down * Number(toAfter > 0),
      bytes: row * (up * toBefore + down * toAfter),
    });
    const cases: [Distributed, [number, number], [number, number]][] = [
      [new FirstDerivative(space, { axis: 0 }), [1, 1], [1, 1]],
      [new FirstDerivative(space, { axis: 0, order: 5 }), [2, 2], [2, 2]],
      [new FirstDerivative(space, { axis: 0, kind: "forward" }), [1, 0], [0, 1]],
      [new Convolve1D(space, [1, 2, 3, 4], { axis: 0, offset: 1 }), [1, 2], [2, 1]],
      [new Convolve1D(space, [1, 2, 3, 4], { axis: 0, offset: 1, method: "fft" }), [1, 2], [2, 1]],
      [new ConvolveND(space, new LocalArray([3, 3]).fill(1), { offset: [1, 1] }), [1, 1], [1, 1]],
      [new Halo(space, [[1, 2], [0, 0]]), [2, 1], [1, 2]], // prettier-ignore
    ];
    for (const [op, forward, adjoint] of cases) {
      const cost = await costOf(comm, op);
      const sent = ({ messages, bytes }: Sent) => ({ messages, bytes });
      assert.deepEqual(sent(cost.forward), expected(...forward), op.toString());
      assert.deepEqual(sent(cost.adjoint), expected(...adjoint), `adjoint of ${op.toString()}`);
    }
  });
});

void test("what moves samples sends each one that another rank needs once", async () => {
  await simulate(SIZE, async (comm) => {
    const space = new Distribution(comm, [12, 5]);
    const columns = new Distribution(comm, [12, 5], { grid: [1, SIZE] });
    const bytes = async (op: Op) => (await costOf(comm, op)).forward;
    const flip = await bytes(new Flip(space, { axis: 0 }));
    const roll = await bytes(new Roll(space, 1, { axis: 0 }));
    const picked = await bytes(new Restriction(space, [11, 11, 0], { axis: 0 }));
    const turned = await bytes(new Transpose(space, [0, 1], { to: columns }));
    const spectrum = await bytes(new FFT(space, { axis: 0 }));
    const row = 5 * 8;
    const sums = await comm.allreduce(Float64Array.of(flip.bytes, roll.bytes, picked.bytes, turned.bytes, spectrum.bytes)); // prettier-ignore
    // Flip: the rank in the middle keeps its rows. Roll: three rows cross a border. Restriction: the last row goes to two
    // ranks, the first to one. A rank keeps the part of its rows that is in its columns.
    const expected = [8 * row, 3 * row, 3 * row];
    assert.deepEqual([...sums.slice(0, 3)], expected);
    for (const { calls } of [flip, roll, picked, turned]) assert.deepEqual(calls, { alltoall: 1 });
    assert.deepEqual(spectrum.calls, { alltoall: 2 });
    const own = 4 * columns.localShape[1] * 8;
    assert.equal(turned.bytes, 4 * row - own);
  });
});

void test("stacks over the ranks: a block diagonal sends nothing, others one allreduce in one direction", async () => {
  await simulate(SIZE, async (comm) => {
    const mine = [matrix(2, 4), matrix(3, 4)];
    const none = { calls: {}, messages: 0, bytes: 0 };
    const diagonal = await costOf(comm, await acrossRanks(comm, "diagonal", mine));
    assert.deepEqual(diagonal, { forward: none, adjoint: none });
    const vertical = await costOf(comm, await acrossRanks(comm, "vertical", mine));
    assert.deepEqual(vertical.forward, none);
    assert.deepEqual(vertical.adjoint.calls, { allreduce: 1 });
    const horizontal = await costOf(comm, await acrossRanks(comm, "horizontal", mine.map((op) => op.H))); // prettier-ignore
    assert.deepEqual(horizontal.forward.calls, { allreduce: 1 });
    assert.deepEqual(horizontal.adjoint, none);
    const space = new Distribution(comm, [4 * SIZE]);
    assert.deepEqual(await costOf(comm, lift(matrix(4, 4), space)), { forward: none, adjoint: none });
  });
});

void test("matrices: one allreduce inside a row or a column of the grid; Summa broadcasts tiles; Fredholm1 is silent", async () => {
  await simulate(4, async (comm) => {
    const grid = [2, 2];
    const A = new DistributedArray(new Distribution(comm, [8, 6], { grid }));
    const block = await costOf(comm, new BlockMatrixMult(A));
    // Two ranks add up 4 rows, or 3: each sends half of it or all, at most.
    for (const [{ messages, bytes, calls }, rows] of [
      [block.forward, 4],
      [block.adjoint, 3],
    ] as const) {
      // prettier-ignore
      assert.deepEqual(calls, {}, "it has communicators of its own");
      assert.ok(messages >= 0 && bytes <= 8 * rows * 2, `${messages} messages, ${bytes} bytes`);
    }
    const tiles = await costOf(comm, new Summa(A, [4]));
    assert.ok(tiles.forward.bytes < 4 * A.local.byteLength + 4 * 8 * 8 * 4);
    const slices = new Distribution(comm, [4, 3, 2]);
    const silent = await costOf(comm, new Fredholm1(new LocalArray([1, 5, 3]), { model: slices }));
    assert.deepEqual([silent.forward.messages, silent.adjoint.messages], [0, 0]);
  });
});

void test("MemoizeOperator: a product that it remembers costs one reduction, and none of the operator", async () => {
  await simulate(SIZE, async (comm) => {
    const space = new Distribution(comm, [12]);
    const op = new FirstDerivative(space);
    const memory = new MemoizeOperator(op, { products: 1 });
    const { forward } = await costOf(comm, memory);
    assert.deepEqual(forward.calls, { allreduce: 1 });
    assert.equal(op.calls.matvec, 1);
  });
});
