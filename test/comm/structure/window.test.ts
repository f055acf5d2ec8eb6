import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { simulate } from "../../../src/comm/simulate.js";
import { RevokedError, TimeoutError } from "../../../src/comm/errors.js";
import { type Communicator, PROC_NULL, type TypedArray } from "../../../src/comm/types.js";
import type {
  SharedArrayConstructor,
  SharedWindow,
  Window,
  WindowOp,
} from "../../../src/comm/api/windows.js";
import { realRanks, spmd, type SpmdOptions } from "../../spmd.js";

const LENGTH = 3;
const ranksOf = (comm: Communicator): number[] => Array.from({ length: comm.size }, (_, rank) => rank);
const next = (comm: Communicator): number => (comm.rank + 1) % comm.size;
const previous = (comm: Communicator): number => (comm.rank + comm.size - 1) % comm.size;

type Create = <A extends TypedArray>(array: A) => Promise<Window<A>>;

/** Windows on arrays of the ranks' own, and on memory that ranks of a host share, must behave alike. */
async function windows(
  title: string,
  body: (comm: Communicator, create: Create) => Promise<void>,
  options: SpmdOptions = {},
): Promise<void> {
  await spmd(title, (comm) => body(comm, async (array) => comm.createWindow(array)), options);
  await spmd(
    `${title}: in shared memory`,
    async (comm) => withShared(comm, (create) => body(comm, create)),
    options,
  );
}

async function withShared<T>(comm: Communicator, body: (create: Create) => Promise<T>): Promise<T> {
  await using node = await comm.splitNode();
  const made: SharedWindow<TypedArray>[] = [];
  const result = await body(async <A extends TypedArray>(array: A) => {
    const type = array.constructor as SharedArrayConstructor<A>;
    const shared = await node.allocateShared(type, array.length);
    made.push(shared);
    (shared.local as Float64Array).set(array as Float64Array);
    return comm.createWindow(shared.local);
  });
  await comm.barrier(); // others may still look at what is here
  for (const shared of made) shared.free();
  return result;
}

await windows(
  "put and fence: what the neighbour has written is there, and nothing else",
  async (comm, create) => {
    await using window = await create(new Float64Array(4).fill(-1));
    const request = window.put(Float64Array.of(comm.rank, comm.rank + 0.5), next(comm), { displ: 1 });
    await window.fence();
    await request;
    assert.deepEqual([...window.local], [-1, previous(comm), previous(comm) + 0.5, -1]);
  },
);

await windows(
  "get: a part, all of it, or into an array; parts may be uneven and empty",
  async (comm, create) => {
    const mine = Int32Array.from({ length: comm.rank }, (_, i) => 10 * comm.rank + i);
    await using window = await create(mine);
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
  },
);

await windows(
  "accumulate: every rank's contribution counts once, with every operation",
  async (comm, create) => {
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
      const window = await create(Int32Array.of(1, 0));
      for (const target of ranksOf(comm))
        await window.accumulate(Int32Array.of(comm.rank + 1), target, { op });
      await window.fence();
      assert.deepEqual([...window.local], [expected, 0], op);
      window.free();
    }
  },
);

await windows(
  "getAccumulate and fetchAndOp read and write in one step: each value is seen once",
  async (comm, create) => {
    await using window = await create(new BigInt64Array(2));
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

await windows("compareAndSwap: of all that try, one succeeds", async (comm, create) => {
  await using window = await create(Float64Array.of(-1));
  const was = await window.compareAndSwap(-1, comm.rank, 0);
  await window.fence();
  const wins = await comm.allreduce(was === -1 ? 1 : 0);
  assert.equal(wins, 1);
  assert.equal(await window.get(0).then(([value]) => value), was === -1 ? comm.rank : was);
});

await windows(
  "accesses of one rank to another take place in the order of the calls",
  async (comm, create) => {
    await using window = await create(new Float64Array(comm.size));
    const at = { displ: comm.rank };
    const writes = Array.from({ length: 10 }, (_, i) => window.put(Float64Array.of(i), 0, at));
    const got = window.get(0, { ...at, count: 1 });
    assert.deepEqual(await got, Float64Array.of(9));
    for (const write of writes) assert.ok(write.test());
  },
);

await windows("flush: afterwards this rank's accesses are complete at the target", async (comm, create) => {
  await using window = await create(new Float64Array(1));
  await window.fence();
  const request = window.put(Float64Array.of(comm.rank + 1), next(comm));
  await window.flush(next(comm));
  assert.ok(request.test());
  await comm.barrier();
  assert.equal(window.local[0], previous(comm) + 1);
  await window.flushAll();
});

await windows("lock: a read, changed and written back is no other rank's meanwhile", async (comm, create) => {
  await using window = await create(new Float64Array(1));
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

await windows("lock: shared ones are held together, lockAll is one of each", async (comm, create) => {
  await using window = await create(new Float64Array(1));
  await window.lock(0, "shared");
  await comm.barrier(); // all of them have it
  await window.unlock(0);
  await window.lockAll();
  await comm.barrier();
  await window.unlockAll();
  await window.lock(comm.rank, "exclusive");
  await window.unlock(comm.rank);
});

await windows("rule 7: PROC_NULL as a target moves nothing", async (_, create) => {
  await using window = await create(new Float64Array(1));
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

await windows("wrong accesses throw before anything is sent, and name both numbers", async (_, create) => {
  await using window = await create(new Float64Array(3));
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

await windows(
  "large accesses go in pieces, and arrive whole",
  async (comm, create) => {
    const length = 1_200_000;
    await using window = await create(new Float64Array(length));
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

await windows("waits end by time or signal, and what was waited for goes on", async (comm, create) => {
  const window = await create(new Float64Array(1));
  const last = comm.size - 1;
  if (comm.rank === 0) await window.lock(last);
  await comm.barrier();
  if (comm.rank > 0) {
    await assert.rejects(async () => window.lock(last, "exclusive", { timeoutMs: 5 }), TimeoutError);
    await assert.rejects(
      async () => window.lock(last, "shared", { signal: AbortSignal.abort(new Error("no more")) }),
      /no more/,
    );
    await assert.rejects(async () => window.lockAll({ timeoutMs: 5 }), TimeoutError);
  }
  await comm.barrier();
  if (comm.rank === 0) await window.unlock(last);
  // The locks that nobody wants any more have gone on, those of lockAll too.
  for (const target of ranksOf(comm)) {
    await window.lock(target, "exclusive", { timeoutMs: 30_000 });
    await window.unlock(target, { timeoutMs: 30_000 });
  }
  await window.put(Float64Array.of(1), last, { timeoutMs: 30_000 });
  await window.flush(last, { timeoutMs: 30_000 });
  await window.flushAll({ timeoutMs: 30_000 });
  await window.fence({ timeoutMs: 30_000 });
  if (comm.size > 1) {
    // The last one does not come: the fence has ended for all.
    const fenced = async (): Promise<void> => window.fence({ timeoutMs: 10 });
    if (comm.rank < last) await assert.rejects(fenced, RevokedError);
    await comm.barrier();
    if (comm.rank === last) await assert.rejects(async () => window.fence(), RevokedError);
    assert.deepEqual(await window.get(last), Float64Array.of(1));
  }
  await comm.barrier();
  window.free();
});

await windows("misspelt options of accesses are errors", async (comm, create) => {
  await using window = await create(new Float64Array(1));
  const options: object = { dipsl: 0 };
  const x = new Float64Array(1);
  for (const call of [
    () => window.put(x, 0, options),
    () => window.get(0, options),
    () => window.accumulate(x, 0, options),
    () => window.getAccumulate(x, 0, options),
    () => window.fetchAndOp(1, 0, options),
    () => window.compareAndSwap(0, 1, 0, options),
  ])
    assert.throws(call, /unknown option "dipsl"; did you mean "displ"/);
  assert.throws(() => window.flush(0, { timeoutMs: -1 }), /flush: timeoutMs -1/);
  await comm.barrier();
});

await windows(
  "accumulate: each element counts every contribution, of ranks that run into each other, in every type",
  async (comm, create) => {
    const types = [Int8Array, Uint16Array, Int32Array, Float32Array, Float64Array, BigInt64Array] as const;
    for (const type of types) {
      const one = (value: number): number | bigint => (type === BigInt64Array ? BigInt(value) : value);
      const make = type as unknown as { from(values: readonly unknown[]): TypedArray };
      const array = make.from([one(0), one(1), one(0)]);
      const window = await create(array);
      const add = make.from([one(1), one(2)]);
      for (let i = 0; i < 20; i++)
        for (const target of ranksOf(comm)) void window.accumulate(add, target, { displ: 1 });
      await window.fence();
      const times = 20 * comm.size;
      const expected = make.from([one(0), one(1 + times), one(2 * times)]);
      assert.deepEqual(window.local.slice(), expected);
      await comm.barrier();
      window.free();
    }
  },
);

await spmd("allocateWindow: zeros, which ranks of a host reach without a message", async (comm) => {
  const window = await comm.allocateWindow(Float64Array, comm.rank + 1);
  assert.deepEqual(
    [...window.lengths],
    ranksOf(comm).map((rank) => rank + 1),
  );
  assert.ok(window.local.every((value) => value === 0));
  await comm.barrier();
  const sent = comm.statistics.messagesSent;
  const target = next(comm);
  await window.put(Float64Array.of(comm.rank + 1), target);
  await window.accumulate(Float64Array.of(2), target);
  assert.equal(await window.fetchAndOp(1, target), comm.rank + 3);
  assert.equal(await window.compareAndSwap(comm.rank + 4, -1, target), comm.rank + 4);
  assert.deepEqual(await window.get(target, { count: 1 }), Float64Array.of(-1));
  const node = await comm.splitNode();
  if (node.size === comm.size) {
    const before = comm.statistics.messagesSent;
    await window.put(Float64Array.of(5), target);
    assert.equal(comm.statistics.messagesSent, before);
  }
  assert.ok(comm.statistics.messagesSent >= sent);
  await window.fence();
  window.free();
  assert.throws(() => window.put(new Float64Array(1), target), /has been freed/);
  await comm.barrier();
  await assert.rejects(async () => comm.allocateWindow(Float64Array, -1), /count -1 on rank/);
});

await spmd(
  "a window on shared memory that was freed refuses accesses instead of losing them",
  async (comm) => {
    await using node = await comm.splitNode();
    const shared = await node.allocateShared(Int32Array, 2);
    const window = await node.createWindow(shared.local);
    await node.barrier();
    shared.free();
    const { rank, size } = node;
    for (const target of [rank, (rank + 1) % size])
      assert.throws(() => window.put(Int32Array.of(1), target), /has been freed; free it after the window/);
    await node.barrier();
    window.free();
  },
);

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
    { timeout: 150_000 },
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
          fc.boolean(),
          async (size, drawn, seed, shared) => {
            const steps = drawn.map((one) => ({ ...one, rank: one.rank % size, target: one.target % size }));
            type Entry = { order: number; step: Step; saw: number | undefined };
            const outcome = await simulate(
              size,
              async (comm) => {
                const array = new Int32Array(LENGTH);
                const window = shared
                  ? await comm.allocateWindow(Int32Array, LENGTH)
                  : await comm.createWindow(array);
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
