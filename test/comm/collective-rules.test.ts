import assert from "node:assert/strict";
import { reduceLocal } from "../../src/comm/reduce-local.js";
import type { Communicator, UserOp } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

const ranksOf = ({ size }: Communicator): number[] => Array.from({ length: size }, (_, rank) => rank);

/** Products of 2 × 2 matrices: associative, and the order shows. */
const product: UserOp<Float64Array> = {
  name: "matrix product",
  commute: false,
  combine: ([a, b, c, d], [e, f, g, h]) =>
    Float64Array.of(a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h),
};
const matrix = (rank: number): Float64Array => Float64Array.of(1, rank + 1, rank % 3, 1);
const products = (ranks: readonly number[]): Float64Array =>
  ranks.map(matrix).reduce((earlier, later) => product.combine(earlier, later));

await spmd(
  "rules 14 and 15: ops that do not commute combine in rank order, earlier first",
  async (comm) => {
    const { rank, size } = comm;
    const all = products(ranksOf(comm));
    assert.deepEqual(await comm.allreduce(matrix(rank), { op: product }), all);
    for (const root of ranksOf(comm))
      assert.deepEqual(
        await comm.reduce(matrix(rank), { op: product, root }),
        rank === root ? all : undefined,
      );
    assert.deepEqual(
      await comm.scan(matrix(rank), { op: product }),
      products(ranksOf(comm).slice(0, rank + 1)),
    );
    const before = await comm.exscan(matrix(rank), { op: product });
    assert.deepEqual(before, rank === 0 ? undefined : products(ranksOf(comm).slice(0, rank)));
    const into = matrix(rank);
    await comm.allreduce(into, { op: product, into });
    assert.deepEqual(into, all, "in place");
    const counts = ranksOf(comm).map((r) => (r === size - 1 ? 4 : 0));
    const part = await comm.reduceScatter(matrix(rank), { op: product, counts });
    assert.deepEqual([...part], rank === size - 1 ? [...all] : []);
  },
  { sizes: [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17] },
);

await spmd(
  "rule 11: in place by passing the same array, buffers that overlap otherwise are an error",
  async (comm) => {
    const { rank, size } = comm;
    const memory = new Float64Array(2 * size + 1);
    const [value, into] = [memory.subarray(0, 2 * size), memory.subarray(1)];
    const refused: (() => PromiseLike<unknown>)[] = [
      () => comm.allreduce(value, { into }),
      () => comm.scan(value, { into }),
      () => comm.exscan(value, { into }),
      () => comm.alltoall(value, { into }),
      () => comm.allgather(memory.subarray(1, 3), { into: value }),
      () => comm.bcast(value, { into, root: rank }),
    ];
    for (const call of refused.slice(0, size === 1 ? undefined : 4))
      await assert.rejects(async () => call(), /overlap/);
    const mine = ranksOf(comm).map((r) => (r === rank ? rank + 1 : 0));
    const gathered = Float64Array.from(mine);
    assert.deepEqual(
      [...(await comm.allgather(gathered, { into: gathered }))],
      ranksOf(comm).map((r) => r + 1),
    );
    const atRoot = Float64Array.from(mine);
    if (rank === 0) await comm.gather(atRoot, { into: atRoot });
    else await comm.gather(Float64Array.of(rank + 1), { into: undefined });
    if (rank === 0)
      assert.deepEqual(
        [...atRoot],
        ranksOf(comm).map((r) => r + 1),
      );
    const row = Float64Array.from(ranksOf(comm), (r) => 100 * rank + r);
    await comm.alltoall(row, { into: row });
    assert.deepEqual(
      [...row],
      ranksOf(comm).map((r) => 100 * r + rank),
    );
    const whole = Float64Array.from({ length: size }, (_, i) => i + rank);
    const block = await comm.reduceScatter(whole, { into: whole });
    assert.deepEqual([...block], [size * rank + (size * (size - 1)) / 2]);
  },
);

await spmd("rule 12: zero lengths take part in every collective", async (comm) => {
  const none = new Float64Array(0);
  const counts = ranksOf(comm).map(() => 0);
  assert.equal((await comm.allreduce(none)).length, 0);
  assert.equal((await comm.bcast(none, { into: new Float64Array(0) })).length, 0);
  assert.equal((await comm.scan(none)).length, 0);
  assert.equal((await comm.allgather(none, { into: none })).length, 0);
  assert.equal(
    (await comm.alltoall(none, { into: new Float64Array(0), counts, recvCounts: counts })).length,
    0,
  );
  assert.equal((await comm.reduceScatter(none, { counts })).length, 0);
  assert.equal(
    (await comm.scatter(comm.rank === 0 ? none : undefined, { into: new Float64Array(0), counts })).length,
    0,
  );
  await comm.gather(none, { into: comm.rank === 0 ? new Float64Array(0) : undefined, counts });
  assert.deepEqual(
    await comm.allgather(none),
    ranksOf(comm).map(() => none),
  );
});

await spmd("rule 13: who is not the root needs neither value nor buffer", async (comm) => {
  const root = comm.size - 1;
  const atRoot = comm.rank === root;
  const list = atRoot ? ranksOf(comm) : undefined;
  assert.equal(await comm.scatter(list, { root }), comm.rank);
  assert.equal(await comm.bcast(atRoot ? 7 : undefined, { root }), 7);
  const sum = await comm.reduce(Float64Array.of(1), {
    root,
    ...(atRoot ? { into: new Float64Array(1) } : {}),
  });
  assert.deepEqual(sum, atRoot ? Float64Array.of(comm.size) : undefined);
});

await spmd("rule 16: every rank gets the same bits, and rule 17: run after run", async (comm) => {
  for (const length of [1, 1000, 30_000]) {
    const x = Float64Array.from({ length }, (_, i) => Math.sin(comm.rank * length + i) / 3);
    const first = await comm.allreduce(x);
    for (let run = 0; run < 3; run++) assert.deepEqual(await comm.allreduce(x), first);
    const all = await comm.allgather(first);
    for (const other of all) assert.deepEqual(other, first);
  }
});

await spmd(
  "rule 18: minloc and maxloc give the smaller index among equals, NaN wins, integers wrap",
  async (comm) => {
    const { rank, size } = comm;
    assert.deepEqual(await comm.allreduce({ value: rank % 2, index: size - rank }, { op: "maxloc" }), {
      value: size > 1 ? 1 : 0,
      index: size === 1 ? 1 : size - (size % 2 ? size - 2 : size - 1),
    });
    const nan = await comm.allreduce({ value: rank === size - 1 ? NaN : -1, index: rank }, { op: "minloc" });
    assert.deepEqual(nan, { value: NaN, index: size - 1 });
    const pairs = BigInt64Array.of(BigInt(-rank), BigInt(rank), 5n, BigInt(rank));
    assert.deepEqual(
      [...(await comm.allreduce(pairs, { op: "minloc" }))],
      [BigInt(1 - size), BigInt(size - 1), 5n, 0n],
    );
    await assert.rejects(async () => comm.allreduce(new Float64Array(3), { op: "minloc" }), /no pairs/);
    const byte = await comm.allreduce(Uint8Array.of(200));
    assert.equal(byte[0], (200 * size) % 256);
  },
);

await spmd(
  "complexProd multiplies complex numbers, of either precision and any length, and gives every rank the same bits",
  async (comm) => {
    const { rank, size } = comm;
    const turn = (k: number): number => (2 * Math.PI * (k % 7)) / 7;
    for (const type of [Float32Array, Float64Array]) {
      for (const length of [0, 1, 40, 20_000]) {
        // Numbers on the unit circle: angles add up.
        const z = new type(2 * length);
        for (let i = 0; i < length; i++) z.set([Math.cos(turn(rank + i)), Math.sin(turn(rank + i))], 2 * i);
        const product = await comm.allreduce(z, { op: "complexProd" });
        const all = (size * (size - 1)) / 2;
        const eps = type === Float32Array ? 1e-5 : 1e-13;
        for (let i = 0; i < length; i++) {
          assert.ok(Math.abs(product[2 * i] - Math.cos(turn(all + size * i))) < eps);
          assert.ok(Math.abs(product[2 * i + 1] - Math.sin(turn(all + size * i))) < eps);
        }
        for (const other of await comm.allgather(product)) assert.deepEqual(other, product);
        const root = size - 1;
        const atRoot = await comm.reduce(z, { op: "complexProd", root });
        assert.equal(atRoot?.length, rank === root ? 2 * length : undefined);
        const block = await comm.reduceScatter(z, {
          op: "complexProd",
          counts: Array.from({ length: size }, (_, r) => (r === 0 ? 2 * length : 0)),
        });
        if (rank === 0) for (let i = 0; i < 2 * length; i++) assert.ok(Math.abs(block[i] - product[i]) < eps);
      }
    }
    const i = { re: 0, im: 1 };
    const power = [
      { re: 1, im: 0 },
      { re: 0, im: 1 },
      { re: -1, im: 0 },
      { re: 0, im: -1 },
    ];
    const same = (a: typeof i, b: typeof i): boolean => a.re === b.re && a.im === b.im; // −0 is 0
    assert.ok(same(await comm.allreduce(i, { op: "complexProd" }), power[size % 4]));
    assert.ok(same(await comm.scan(i, { op: "complexProd" }), power[(rank + 1) % 4]));
    assert.deepEqual(await comm.allreduce({ re: rank, im: 1 }), { re: (size * (size - 1)) / 2, im: size });
    const wrong = /pairs of a real and an imaginary part/;
    await assert.rejects(async () => comm.allreduce(new Float64Array(3), { op: "complexProd" }), wrong);
    await assert.rejects(async () => comm.allreduce(new Int32Array(2), { op: "complexProd" }), /Int32Array/);
    await assert.rejects(async () => comm.allreduce(1, { op: "complexProd" }), wrong);
    const counts = Array.from({ length: size }, () => 1);
    const odd = new Float64Array(size);
    await assert.rejects(async () => comm.reduceScatter(odd, { op: "complexProd", counts }), /pairs/);
  },
);

await spmd(
  "rule 25: many collectives in flight, on several communicators, awaited in any order",
  async (comm) => {
    const other = comm.dup();
    const requests = Array.from({ length: 24 }, (_, i) => {
      const on = i % 3 ? comm : other;
      if (i % 4 === 0) return on.barrier().then(() => i);
      if (i % 4 === 1) return on.bcast(comm.rank === i % comm.size ? i : undefined, { root: i % comm.size });
      if (i % 4 === 2) return on.allreduce(i).then((sum) => sum / comm.size);
      return on.allgather(i).then((list) => list[comm.size - 1]);
    });
    const order = requests.map((_, i) => (i * 7 + comm.rank) % requests.length);
    for (const i of order) assert.equal(await requests[i], i);
  },
);

await spmd(
  "persistent: an allreduce is started again and again, and not while it is active",
  async (comm) => {
    const buffer = Float64Array.of(1);
    const sum = comm.allreduceInit(buffer);
    assert.equal(sum.active, false);
    for (let round = 0, expected = 1; round < 5; round++) {
      // The last rank starts when all others have tried to start twice.
      const last = comm.size - 1;
      if (comm.rank === last) for (let rank = 0; rank < last; rank++) await comm.recv({ source: rank });
      const request = sum.start();
      if (comm.rank !== last) {
        await assert.rejects(async () => sum.start(), /is active/);
        await comm.send(round, last);
      }
      await request;
      assert.equal(buffer[0], (expected *= comm.size));
      assert.equal(sum.active, false);
    }
    assert.throws(() => comm.allreduceInit(Float64Array.of(1), { op: "bor" }), /bits of integers/);
    const ring = await comm.cart([comm.size], { periods: true });
    assert.ok(ring);
    const [out, halo] = [Float64Array.of(0, 0), new Float64Array(2)];
    const exchange = ring.neighborAlltoallInit(out, { into: halo });
    for (let round = 0; round < 3; round++) {
      out.set([ring.rank + 10 * round, ring.rank + 10 * round]);
      await exchange.start();
      const below: number = (ring.rank + ring.size - 1) % ring.size;
      const above: number = (ring.rank + 1) % ring.size;
      assert.deepEqual([...halo], [below + 10 * round, above + 10 * round]);
    }
  },
);

await spmd("reduceLocal combines two arrays as ranks would", () => {
  assert.deepEqual(reduceLocal(Int32Array.of(1, 2), Int32Array.of(3, 4)), Int32Array.of(4, 6));
  assert.deepEqual(
    reduceLocal(Float64Array.of(2, 7), Float64Array.of(2, 3), "minloc"),
    Float64Array.of(2, 3),
  );
  assert.throws(
    () => reduceLocal(new Float64Array(1), new Float64Array(2)),
    /Float64Array\(1\).*Float64Array\(2\)/,
  );
  assert.throws(() => reduceLocal(new Float64Array(1), new Float64Array(1), "bor"), /bits/);
});

await realRanks(import.meta.url);
