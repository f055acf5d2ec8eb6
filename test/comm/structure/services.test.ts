import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Counter, Mutex } from "../../../src/comm/api/services.js";
import { TimeoutError } from "../../../src/comm/errors.js";
import type { Communicator } from "../../../src/comm/types.js";
import { realRanks, spmd } from "../../spmd.js";

const ranksOf = (comm: Communicator): number[] => Array.from({ length: comm.size }, (_, rank) => rank);

await spmd("counter: no number is given twice, none is left out, each rank's grow", async (comm) => {
  const counter = await comm.counter({ root: comm.size - 1, start: 5 });
  const mine: number[] = [];
  for (let i = 0; i < 20; i++) mine.push(await counter.next());
  assert.deepEqual(
    mine,
    [...mine].sort((a, b) => a - b),
  );
  const all = (await comm.allgather(mine)).flat().sort((a, b) => a - b);
  assert.deepEqual(
    all,
    Array.from({ length: 20 * comm.size }, (_, i) => 5 + i),
  );
  counter.free();
  assert.throws(() => counter.next(), /counter of ".*" has been freed/);
});

await spmd("counter: steps of any size, several in flight, in the order of the calls", async (comm) => {
  await using counter = await comm.counter();
  if (comm.rank === 0) {
    assert.deepEqual(
      await Promise.all([counter.next(3), counter.next(0), counter.next(-1), counter.next()]),
      [0, 3, 3, 2],
    );
    await assert.rejects(async () => counter.next(Number.MAX_SAFE_INTEGER), /is beyond/);
    assert.equal(await counter.next(), 3, "a step that is refused changes nothing");
  }
  assert.throws(() => counter.next(0.5), /next\(0.5\) on rank \d is no step/);
  await comm.barrier();
});

await spmd("counter: a root that waits for a timer, or has freed it, goes on answering", async (comm) => {
  const counter = await comm.counter();
  if (comm.rank === 0) counter.free();
  else assert.ok((await counter.next()) < comm.size - 1);
  if (comm.rank === 0) await delay(20);
  counter.free();
});

await spmd("mutex: one rank at a time is inside, over any number of rounds", async (comm) => {
  await using mutex = await comm.mutex({ root: comm.size - 1 });
  await using log = await comm.counter(); // enter and leave draw numbers: nobody else's come between
  for (let round = 0; round < 5; round++) {
    await using lock = await mutex.lock();
    const entered = await log.next();
    await comm.self.barrier();
    assert.equal(await log.next(), entered + 1);
    assert.equal(typeof lock.unlock, "function");
  }
  assert.equal(await comm.allreduce(1), comm.size);
});

await spmd("mutex: first come, first served", async (comm) => {
  const mutex = await comm.mutex();
  const order: number[] = [];
  const first = comm.rank === 0 ? await mutex.lock() : undefined;
  // Rank after rank gets in line, while rank 0 has the lock.
  let mine: Promise<void> | undefined;
  for (let rank = 1; rank < comm.size; rank++) {
    if (rank === comm.rank) {
      const waits = mutex.lock();
      await comm.send("in line", 0); // comes after the request: channels keep their order
      mine = (async () => {
        const lock = await waits;
        await comm.send(comm.rank, 0, { tag: 1 });
        lock.unlock();
      })();
    }
    if (comm.rank === 0) await comm.recv({ source: rank, tag: 0 });
    await comm.barrier();
  }
  first?.unlock();
  if (comm.rank === 0)
    for (let rank = 1; rank < comm.size; rank++) order.push(await comm.recv<number>({ tag: 1 }));
  await mine;
  if (comm.rank === 0) assert.deepEqual(order, ranksOf(comm).slice(1));
  mutex.free();
});

await spmd("mutex: a lock that is given back twice is given back once", async (comm) => {
  await using mutex = await comm.mutex();
  for (let i = 0; i < 3; i++) {
    const lock = await mutex.lock();
    lock.unlock();
    lock.unlock();
  }
  await comm.barrier();
});

await spmd("mutex: who frees it while holding gives it up", async (comm) => {
  const mutex = await comm.mutex();
  const lock = await mutex.lock();
  mutex.free();
  lock.unlock(); // nobody else's lock is touched
  await comm.barrier();
});

await spmd("sequential: sections run one after the other, in rank order", async (comm) => {
  const log = await comm.counter();
  const at = await comm.sequential(async () => {
    const begun = await log.next();
    await delay(1);
    return [begun, await log.next()];
  });
  assert.deepEqual(at, [2 * comm.rank, 2 * comm.rank + 1]);
  log.free();
});

await spmd("sequential: a section that throws ends it on all ranks after", async (comm) => {
  const bad = Math.min(1, comm.size - 1);
  const run = async (): Promise<void> =>
    comm.sequential(() => {
      if (comm.rank === bad) throw new Error("no paper");
    });
  if (comm.rank < bad) await run();
  else await assert.rejects(run, /no paper/);
  assert.equal(await comm.allreduce(1), comm.size);
});

await spmd("a wrong root is an error on every rank", async (comm) => {
  await assert.rejects(async () => comm.mutex({ root: comm.size }), /root \d is not a rank|root \d on rank/);
  await assert.rejects(async () => comm.counter({ start: 0.5 }), /start 0.5/);
  assert.equal(await comm.allreduce(1), comm.size);
});

await spmd("a program may end with counters open: the root answers until nobody can ask", async (comm) => {
  const counter = await comm.counter();
  if (comm.rank > 0) for (let i = 0; i < 10; i++) await counter.next();
});

await spmd(
  "counter and mutex: a wait ends by time or signal, and a lock that comes later goes on",
  async (comm) => {
    const mutex = await comm.mutex({ root: comm.size - 1 });
    const counter = await comm.counter({ root: comm.size - 1 });
    const held = comm.rank === 0 ? await mutex.lock() : undefined;
    await comm.barrier();
    if (comm.rank > 0) {
      await assert.rejects(async () => mutex.lock({ timeoutMs: 5 }), TimeoutError);
      const controller = new AbortController();
      const waiting = mutex.lock({ signal: controller.signal });
      controller.abort(new Error("changed my mind"));
      await assert.rejects(async () => waiting, /changed my mind/);
      const gone = AbortSignal.abort(new Error("too late"));
      await assert.rejects(async () => mutex.lock({ signal: gone }), /too late/);
      await assert.rejects(async () => counter.next(1, { signal: gone }), /too late/);
    }
    await comm.barrier();
    held?.unlock();
    const lock = await mutex.lock({ timeoutMs: 30_000 });
    assert.ok((await counter.next(1, { timeoutMs: 30_000 })) >= 0);
    lock.unlock();
    assert.throws(() => mutex.lock({ timeoutMs: NaN }), /lock: timeoutMs NaN/);
    const misspelt: object = { timeoutMS: 1 };
    assert.throws(() => counter.next(1, misspelt), /did you mean "timeoutMs"/);
  },
);

await spmd("counter and mutex: the timeoutMs of the communicator holds for them, too", async (comm) => {
  const mutex = await comm.mutex();
  const held = comm.rank === 0 ? await mutex.lock() : undefined;
  await comm.barrier();
  if (comm.rank > 0) {
    comm.configure({ timeoutMs: 5 });
    await assert.rejects(async () => mutex.lock(), TimeoutError);
    comm.configure({ timeoutMs: Infinity });
  }
  await comm.barrier();
  held?.unlock();
});

await spmd(
  "counter, mutex: a root may have freed it before others have it, and answers them",
  async (comm) => {
    const { rank, size } = comm;
    const signals = comm.dup();
    /** Makes a service when the root has let go of it. */
    const late = async <S extends Counter | Mutex>(make: () => PromiseLike<S>): Promise<S> => {
      if (rank > 0) await signals.recv({ source: 0 });
      const service = await make();
      if (rank === 0) {
        service.free();
        for (let peer = 1; peer < size; peer++) await signals.send("freed", peer);
      }
      return service;
    };
    const counter = await late(() => comm.counter({ start: 5 }));
    if (rank > 0) assert.ok((await counter.next()) < 5 + size);
    await comm.barrier();
    const mutex = await late(() => comm.mutex());
    if (rank > 0) (await mutex.lock()).unlock();
    await comm.barrier();
    for (const each of [counter, mutex, signals]) each.free();
  },
);

await realRanks(import.meta.url);
