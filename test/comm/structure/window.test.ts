import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { simulate } from "../../../src/comm/simulate.js";
import { type Communicator, PROC_NULL } from "../../../src/comm/types.js";
import type { WindowOp } from "../../../src/comm/api/windows.js";
import { realRanks, spmd } from "../../spmd.js";

const LENGTH = 3;
const ranksOf = (comm: Communicator): number[] => Array.from({ length: comm.size }, (_, rank) => rank);
const next = (comm: Communicator): number => (comm.rank + 1) % comm.size;
const previous = (comm: Communicator): number => (comm.rank + comm.size - 1) % comm.size;

await spmd("put and fence: what the neighbour has written is there, and nothing else", async (comm) => {
  await using window = await comm.createWindow(new Float64Array(4).fill(-1));
  const request = window.put(Float64Array.of(comm.rank, comm.rank + 0.5), next(comm), { displ: 1 });
  await window.fence();
  await request;
  assert.deepEqual([...window.local], [-1, previous(comm), previous(comm) + 0.5, -1]);
});

await spmd("get: a part, all of it, or into an array; parts may be uneven and empty", async (comm) => {
  const mine = Int32Array.from({ length: comm.rank }, (_, i) => 10 * comm.rank + i);
  await using window = await comm.createWindow(mine);
  assert.deepEqual([...window.lengths], ranksOf(comm));
  await window.fence();
  for (const target of ranksOf(comm)) {
    const all = Int32Array.from({ length: target }, (_, i) => 10 * target + i);
    assert.deepEqual(await window.get(target), all);
    if (target > 0)
      assert.deepEqual(await window.get(target, { displ: target - 1, count: 1 }), all.slice(-1));
    const into = new Int32Array(target);
    assert.equal(await window.get(target, { into }), into);
    assert.deepEqual(into, all);
  }
});

await spmd("accumulate: every rank's contribution counts once, with every operation", async (comm) => {
  const { size } = comm;
  const outcomes: readonly [WindowOp, number][] = [
    ["sum", 1 + (size * (size + 1)) / 2],
    ["prod", ranksOf(comm).reduce((product, rank) => product * (rank + 1), 1)],
    ["max", size],
    ["min", 1],
    ["bor", ranksOf(comm).reduce((bits, rank) => bits | (rank + 1), 1)],
    ["noOp", 1],
  ];
  for (const [op, expected] of outcomes) {
    const window = await comm.createWindow(Int32Array.of(1, 0));
    for (const target of ranksOf(comm)) await window.accumulate(Int32Array.of(comm.rank + 1), target, { op });
    await window.fence();
    assert.deepEqual([...window.local], [expected, 0], op);
    window.free();
  }
});

await spmd(
  "getAccumulate and fetchAndOp read and write in one step: each value is seen once",
  async (comm) => {
    await using window = await comm.createWindow(new BigInt64Array(2));
    const seen = [await window.fetchAndOp(1n, 0), await window.fetchAndOp(1n, 0)].map(Number);
    const before = await window.getAccumulate(BigInt64Array.of(1n), 0, { displ: 1 });
    await window.fence();
    const all = (await comm.allgather(seen)).flat().sort((a, b) => a - b);
    assert.deepEqual(
      all,
      Array.from({ length: 2 * comm.size }, (_, i) => i),
    );
    const others = (await comm.allgather(before)).map(([value]) => Number(value)).sort((a, b) => a - b);
    assert.deepEqual(others, ranksOf(comm));
  },
);

await spmd("compareAndSwap: of all that try, one succeeds", async (comm) => {
  await using window = await comm.createWindow(Float64Array.of(-1));
  const was = await window.compareAndSwap(-1, comm.rank, 0);
  await window.fence();
  const wins = await comm.allreduce(was === -1 ? 1 : 0);
  assert.equal(wins, 1);
  assert.equal(await window.get(0).then(([value]) => value), was === -1 ? comm.rank : was);
});

await spmd("accesses of one rank to another take place in the order of the calls", async (comm) => {
  await using window = await comm.createWindow(new Float64Array(comm.size));
  const at = { displ: comm.rank };
  const writes = Array.from({ length: 10 }, (_, i) => window.put(Float64Array.of(i), 0, at));
  const got = window.get(0, { ...at, count: 1 });
  assert.deepEqual(await got, Float64Array.of(9));
  for (const write of writes) assert.ok(write.test());
});

await spmd("flush: afterwards this rank's accesses are complete at the target", async (comm) => {
  await using window = await comm.createWindow(new Float64Array(1));
  await window.fence();
  const request = window.put(Float64Array.of(comm.rank + 1), next(comm));
  await window.flush(next(comm));
  assert.ok(request.test());
  await comm.barrier();
  assert.equal(window.local[0], previous(comm) + 1);
  await window.flushAll();
});

await spmd("lock: a read, changed and written back is no other rank's meanwhile", async (comm) => {
  await using window = await comm.createWindow(new Float64Array(1));
  const target = comm.size - 1;
  for (let i = 0; i < 5; i++) {
    await window.lock(target);
    const [value] = await window.get(target);
    await window.put(Float64Array.of(value + 1), target); // not atomic by itself
    await window.unlock(target);
  }
  await window.fence();
  if (comm.rank === target) assert.equal(window.local[0], 5 * comm.size);
});

await spmd("lock: shared ones are held together, lockAll is one of each", async (comm) => {
  await using window = await comm.createWindow(new Float64Array(1));
  await window.lock(0, "shared");
  await comm.barrier(); // all of them have it
  await window.unlock(0);
  await window.lockAll();
  await comm.barrier();
  await window.unlockAll();
  await window.lock(comm.rank, "exclusive");
  await window.unlock(comm.rank);
});

await spmd("rule 7: PROC_NULL as a target moves nothing", async (comm) => {
  await using window = await comm.createWindow(new Float64Array(1));
  const into = Float64Array.of(7);
  await window.put(into, PROC_NULL, { displ: 99 });
  await window.accumulate(into, PROC_NULL);
  assert.equal(await window.get(PROC_NULL, { into }), into);
  assert.equal((await window.get(PROC_NULL)).length, 0);
  assert.equal((await window.getAccumulate(into, PROC_NULL)).length, 0);
  assert.equal(await window.fetchAndOp(1, PROC_NULL), undefined);
  assert.equal(await window.compareAndSwap(0, 1, PROC_NULL), undefined);
  await window.lock(PROC_NULL);
  await window.unlock(PROC_NULL);
  await window.flush(PROC_NULL);
  assert.deepEqual([into[0], window.local[0]], [7, 0]);
});

await spmd("wrong accesses throw before anything is sent, and name both numbers", async (comm) => {
  await using window = await comm.createWindow(new Float64Array(3));
  assert.throws(
    () => window.put(new Float64Array(2), 0, { displ: 2 }),
    /2 elements from 2 on are not within the 3 that rank 0 has/,
  );
  assert.throws(() => window.get(0, { count: 4 }), /4 elements from 0 on/);
  assert.throws(() => window.get(0, { displ: -1, count: 1 }), /from -1 on/);
  assert.throws(() => window.fetchAndOp(1, 0, { displ: 3 }), /1 elements from 3/);
  assert.throws(
    () => window.put(new Float32Array(1) as never, 0),
    /passes float32, the window holds float64/,
  );
  assert.throws(() => window.fetchAndOp(1n as never, 0), /passes a bigint/);
  assert.throws(
    () => window.accumulate(new Float64Array(1), 0, { op: "bor" }),
    /"bor" combines bits of integers/,
  );
  assert.throws(
    () => window.accumulate(new Float64Array(1), 0, { op: "average" as never }),
    /"average" is none of/,
  );
  assert.throws(() => window.put(new Float64Array(1), 99), /target 99 on rank \d is not a rank of/);
  assert.throws(() => window.unlock(0), /has not locked rank 0/);
  await window.lock(0, "shared");
  assert.throws(() => window.lock(0), /has locked rank 0 already/);
  await window.unlock(0);
});

await spmd(
  "createWindow: different types are an error on every rank that names both",
  async (comm) => {
    const array = comm.rank === 0 ? new Float32Array(1) : new Float64Array(1);
    await assert.rejects(
      async () => comm.createWindow<Float32Array | Float64Array>(array),
      /passes float32 and rank 1 float64/,
    );
    await comm.barrier();
  },
  { sizes: [2, 3, 4, 7] },
);

await spmd(
  "a target that waits for a timer serves, and one whose program has left the window",
  async (comm) => {
    const window = await comm.createWindow(new Float64Array(1));
    if (comm.rank === 0) {
      window.free();
      await delay(20);
    } else await window.accumulate(Float64Array.of(1), 0);
    window.free();
    assert.throws(() => window.put(new Float64Array(1), 0), /has been freed/);
    await comm.barrier();
    if (comm.rank === 0) assert.equal(window.local[0], comm.size - 1);
  },
);

await spmd(
  "large accesses go in pieces, and arrive whole",
  async (comm) => {
    const length = 1_200_000;
    await using window = await comm.createWindow(new Float64Array(length));
    await window.put(
      Float64Array.from({ length }, (_, i) => comm.rank + i),
      next(comm),
    );
    await window.fence();
    const [first, last] = [window.local[0], window.local[length - 1]];
    assert.deepEqual([first, last], [previous(comm), previous(comm) + length - 1]);
    const [got] = await window.get(next(comm), { displ: length - 1 });
    assert.equal(got, comm.rank + length - 1);
  },
  { sizes: [1, 2] },
);

if (process.env["TSMPI_SIZE"] === undefined) {
  const { test } = await import("tap");
  type Step = {
    readonly rank: number;
    readonly target: number;
    readonly displ: number;
    readonly value: number;
    readonly kind: number;
  };

  test(
    "random traffic under locks comes out as if it were sequential in the order of the locks",
    { timeout: 60_000 },
    async () => {
      const step = fc.record({
        rank: fc.nat(3),
        target: fc.nat(3),
        displ: fc.nat(LENGTH - 1),
        value: fc.integer({ min: -9, max: 9 }),
        kind: fc.nat(4),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 4 }),
          fc.array(step, { maxLength: 25 }),
          fc.nat(),
          async (size, drawn, seed) => {
            const steps = drawn.map((one) => ({ ...one, rank: one.rank % size, target: one.target % size }));
            type Entry = { order: number; step: Step; saw: number | undefined };
            const outcome = await simulate(
              size,
              async (comm) => {
                const window = await comm.createWindow(new Int32Array(LENGTH));
                await using order = await comm.counter();
                const log: Entry[] = [];
                for (const mine of steps.filter(({ rank }) => rank === comm.rank)) {
                  const { target, displ, value, kind } = mine;
                  await window.lock(target, "exclusive");
                  let saw: number | undefined;
                  if (kind === 0) await window.put(Int32Array.of(value), target, { displ });
                  else if (kind === 1) saw = (await window.get(target, { displ, count: 1 }))[0];
                  else if (kind === 2) void window.accumulate(Int32Array.of(value), target, { displ });
                  else if (kind === 3) saw = await window.fetchAndOp(value, target, { displ });
                  else saw = await window.compareAndSwap(0, value, target, { displ });
                  log.push({ order: await order.next(), step: mine, saw });
                  await window.unlock(target);
                }
                await window.fence();
                return { log, local: window.local };
              },
              { seed },
            );
            const memory = ranksMemory(size);
            for (const {
              step: { target, displ, value, kind },
              saw,
            } of outcome.flatMap(({ log }) => log).sort((a, b) => a.order - b.order)) {
              const was = memory[target][displ];
              if (kind === 1 || kind >= 3) assert.equal(saw, was);
              if (kind === 0 || (kind === 4 && was === 0)) memory[target][displ] = value;
              if (kind === 2 || kind === 3) memory[target][displ] += value;
            }
            assert.deepEqual(
              outcome.map(({ local }) => [...local]),
              memory,
            );
          },
        ),
        { numRuns: 60 },
      );
    },
  );
}

function ranksMemory(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(LENGTH).fill(0));
}

await realRanks(import.meta.url);
