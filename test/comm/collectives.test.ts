import assert from "node:assert/strict";
import { Layout } from "../../src/comm/layout.js";
import type { Communicator, TypedArray } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

/** A value that tells its rank and index. */
const mark = (rank: number, i: number): number => 1000 * rank + i + 1;
const block = (rank: number, length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => mark(rank, i));
const ranksOf = (comm: Communicator): number[] => Array.from({ length: comm.size }, (_, rank) => rank);

await spmd("barrier: nobody leaves before everybody has come", async (comm) => {
  const before = comm.allgather(comm.rank);
  await comm.barrier();
  assert.deepEqual(await before, ranksOf(comm));
});

await spmd("bcast: every rank gets the root's value, for every root", async (comm) => {
  for (const root of ranksOf(comm)) {
    assert.deepEqual(
      await comm.bcast(comm.rank === root ? { root, list: [1n, new Date(0)] } : undefined, { root }),
      {
        root,
        list: [1n, new Date(0)],
      },
    );
    for (const length of [0, 1, 5, 20_000]) {
      const x = comm.rank === root ? block(root, length) : new Float64Array(length);
      await comm.bcast(x, { root, into: x });
      assert.deepEqual(x, block(root, length));
    }
  }
});

await spmd(
  "reduce and allreduce: sums in closed form, of numbers, bigints, booleans and arrays of any length",
  async (comm) => {
    const { rank, size } = comm;
    const total = (size * (size + 1)) / 2;
    assert.equal(await comm.allreduce(rank + 1), total);
    assert.equal(await comm.allreduce(BigInt(rank + 1)), BigInt(total));
    assert.equal(await comm.allreduce(rank === 0, { op: "land" }), size === 1);
    assert.equal(await comm.allreduce(rank + 1, { op: "max" }), size);
    assert.equal(await comm.allreduce(rank === size - 1 ? NaN : 1, { op: "min" }), NaN);
    for (const length of [0, 1, 3, 1000, 50_000]) {
      const x = block(rank, length);
      const expected = Float64Array.from({ length }, (_, i) =>
        ranksOf(comm).reduce((sum, r) => sum + mark(r, i), 0),
      );
      assert.deepEqual(await comm.allreduce(x), expected);
      assert.deepEqual(x, block(rank, length), "the input is left alone");
      for (const root of [0, size - 1]) {
        assert.deepEqual(await comm.reduce(x, { root }), rank === root ? expected : undefined);
      }
      await comm.allreduce(x, { into: x });
      assert.deepEqual(x, expected, "in place");
    }
  },
);

await spmd("allreduce: every rank gets the same bits", async (comm) => {
  for (const length of [1, 100, 40_000]) {
    const x = Float64Array.from({ length }, (_, i) => Math.sin(mark(comm.rank, i)) / 3);
    const sum = await comm.allreduce(x);
    const zero = await comm.bcast(sum);
    assert.deepEqual(sum, zero);
  }
});

await spmd("reductions by a user's op combine in rank order", async (comm) => {
  const op = { name: "concat", commute: false, combine: (a: string, b: string) => a + b };
  const all = ranksOf(comm).join("");
  const { rank, size } = comm;
  assert.equal(await comm.allreduce(String(rank), { op }), all);
  assert.equal(await comm.reduce(String(rank), { op, root: size - 1 }), rank === size - 1 ? all : undefined);
  assert.equal(await comm.scan(String(rank), { op }), all.slice(0, rank + 1));
  assert.equal(await comm.exscan(String(rank), { op }), rank === 0 ? undefined : all.slice(0, rank));
});

await spmd("gather, scatter and allgather: values of any kind, blocks of any length", async (comm) => {
  const { rank, size } = comm;
  const counts = ranksOf(comm).map((r) => (r * 3) % 4); // some blocks are empty
  const whole = Float64Array.from(ranksOf(comm).flatMap((r) => [...block(r, counts[r])]));
  const mine = block(rank, counts[rank]);
  assert.deepEqual(
    await comm.allgather({ rank }),
    ranksOf(comm).map((r) => ({ rank: r })),
  );
  assert.deepEqual(
    await comm.allgather(mine),
    ranksOf(comm).map((r) => block(r, counts[r])),
  );
  assert.deepEqual(await comm.allgather(mine, { into: new Float64Array(whole.length), counts }), whole);
  for (const root of [0, size - 1]) {
    const atRoot = rank === root;
    assert.deepEqual(
      await comm.gather(`r${rank}`, { root }),
      atRoot ? ranksOf(comm).map((r) => `r${r}`) : undefined,
    );
    const into = atRoot ? new Float64Array(whole.length) : undefined;
    assert.deepEqual(await comm.gather(mine, { root, into, counts }), atRoot ? whole : undefined);
    assert.equal(
      await comm.scatter(atRoot ? ranksOf(comm).map((r) => `s${r}`) : undefined, { root }),
      `s${rank}`,
    );
    assert.deepEqual(
      await comm.scatter(atRoot ? whole : undefined, { root, into: new Float64Array(counts[rank]), counts }),
      mine,
    );
  }
});

await spmd("gather: blocks land where displs say", async (comm) => {
  const { size } = comm;
  const displs = ranksOf(comm).map((r) => 2 * (size - 1 - r));
  const counts = ranksOf(comm).map(() => 1);
  const into = comm.rank === 0 ? new Int32Array(2 * size).fill(-1) : undefined;
  await comm.gather(Int32Array.of(comm.rank), { into, counts, displs });
  if (into !== undefined)
    assert.deepEqual(
      [...into],
      ranksOf(comm)
        .reverse()
        .flatMap((r) => [r, -1]),
    );
});

await spmd("alltoall: block i of rank r becomes block r of rank i", async (comm) => {
  const { rank, size } = comm;
  assert.deepEqual(
    await comm.alltoall(ranksOf(comm).map((i) => `${rank}→${i}`)),
    ranksOf(comm).map((r) => `${r}→${rank}`),
  );
  const counts = ranksOf(comm).map((i) => (rank + 2 * i) % 3);
  const recvCounts = ranksOf(comm).map((r) => (r + 2 * rank) % 3);
  const x = Float32Array.from(
    counts.flatMap((count, i) => Array.from({ length: count }, (_, k) => 100 * rank + 10 * i + k)),
  );
  const into = new Float32Array(recvCounts.reduce((sum, n) => sum + n, 0));
  await comm.alltoall(x, { counts, into, recvCounts });
  assert.deepEqual(
    [...into],
    recvCounts.flatMap((count, r) => Array.from({ length: count }, (_, k) => 100 * r + 10 * rank + k)),
  );
  assert.equal(size, comm.size);
});

await spmd("alltoallw: a matrix split by rows is transposed into one split by columns", async (comm) => {
  const { rank, size } = comm;
  const [rows, width] = [2, 3]; // this rank's rows, and its columns of the transpose
  const mine = Float64Array.from({ length: rows * width * size }, (_, i) => 1000 * rank + i);
  const columns = new Float64Array(rows * size * width);
  const pieces = ranksOf(comm).map((peer) => ({
    data: mine,
    layout: Layout.vector({ count: rows, blockLength: width, stride: width * size }),
    offset: peer * width,
  }));
  const into = ranksOf(comm).map((peer) => ({
    data: columns,
    layout: Layout.vector({ count: rows * width, blockLength: 1, stride: 1 }),
    offset: peer * rows * width,
  }));
  assert.equal(await comm.alltoallw(pieces, { into }), into);
  const expected = ranksOf(comm).flatMap((peer) =>
    [0, 1].flatMap((row) =>
      [0, 1, 2].map((column) => 1000 * peer + row * width * size + rank * width + column),
    ),
  );
  assert.deepEqual([...columns], expected);
  await assert.rejects(
    async () => comm.alltoallw(rank === 0 ? pieces.slice(1) : pieces, { into }),
    /one \{ data, layout \} for each rank/,
  );
});

await spmd("scan, exscan and reduceScatter: prefixes and blocks of the sum", async (comm) => {
  const { rank, size } = comm;
  assert.equal(await comm.scan(rank + 1), ((rank + 1) * (rank + 2)) / 2);
  assert.equal(await comm.exscan(rank + 1), rank === 0 ? undefined : (rank * (rank + 1)) / 2);
  const into = Int32Array.of(-7);
  await comm.exscan(Int32Array.of(1), { into });
  assert.equal(into[0], rank === 0 ? -7 : rank, "rank 0 keeps its buffer");
  const counts = ranksOf(comm).map((r) => r % 3);
  const length = counts.reduce((sum, n) => sum + n, 0);
  const part = await comm.reduceScatter(
    Float64Array.from({ length }, (_, i) => rank + i),
    { counts },
  );
  const start = counts.slice(0, rank).reduce((sum, n) => sum + n, 0);
  assert.deepEqual(
    [...part],
    Array.from({ length: counts[rank] }, (_, i) => (size * (size - 1)) / 2 + size * (start + i)),
  );
});

await spmd("every element type sums", async (comm) => {
  const arrays: TypedArray[] = [
    new Int8Array(3),
    new Uint8Array(3),
    new Int16Array(3),
    new Uint16Array(3),
    new Int32Array(3),
    new Uint32Array(3),
    new Float32Array(3),
    new Float64Array(3),
    new BigInt64Array(3),
    new BigUint64Array(3),
  ];
  for (const array of arrays) {
    if (array instanceof BigInt64Array || array instanceof BigUint64Array) array.fill(BigInt(comm.rank + 1));
    else array.fill(comm.rank + 1);
    const sum = await comm.allreduce(array);
    assert.equal(sum.constructor, array.constructor);
    assert.equal(Number(sum[2]), (comm.size * (comm.size + 1)) / 2);
  }
});

await spmd("several collectives in flight match in call order", async (comm) => {
  const requests = Array.from({ length: 8 }, (_, i) => comm.allreduce(i * (comm.rank + 1)));
  const total = (comm.size * (comm.size + 1)) / 2;
  assert.deepEqual(
    await Promise.all(requests.reverse()),
    Array.from({ length: 8 }, (_, i) => (7 - i) * total),
  );
});

await spmd("split: colors part, keys order; nobody without a color joins", async (comm) => {
  const { rank, size } = comm;
  const half = await comm.split(rank % 2, -rank);
  assert.ok(half);
  const members = ranksOf(comm)
    .filter((r) => r % 2 === rank % 2)
    .reverse();
  assert.equal(half.size, members.length);
  assert.equal(half.rank, members.indexOf(rank));
  assert.deepEqual(await half.allgather(rank), members);
  const none = await comm.split(rank === 0 ? undefined : 1);
  assert.equal(none?.size, rank === 0 ? undefined : size - 1);
  assert.equal(await comm.self.allreduce(rank), rank);
  const copy = comm.dup();
  const [a, b] = [comm.allreduce(1), copy.allreduce(2)];
  assert.deepEqual([await b, await a], [2 * size, size]);
});

await realRanks(import.meta.url, [
  [3, "shm"],
  [8, "shm"], // more ranks than cores: they wait asleep
  [2, "zmq"],
  [5, "hosts"],
]);
