import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { simulate } from "../../../src/comm/simulate.js";
import { type Communicator, PROC_NULL } from "../../../src/comm/types.js";
import { realRanks, spmd } from "../../spmd.js";

const ranksOf = (comm: Communicator): number[] => Array.from({ length: comm.size }, (_, rank) => rank);

/** The bodies run among the ranks of each host. */
function onNodes(title: string, body: (comm: Communicator) => Promise<void>): Promise<void> {
  return spmd(title, async (world) => {
    const comm = await world.splitNode();
    await body(comm);
    comm.free();
  });
}

await onNodes(
  "allocateShared: what a rank writes the others read in place; segments may be uneven and empty",
  async (comm) => {
    await using window = await comm.allocateShared(Float64Array, comm.rank);
    assert.deepEqual([...window.lengths], ranksOf(comm));
    assert.deepEqual(
      [...window.local],
      ranksOf(comm)
        .slice(0, comm.rank)
        .map(() => 0),
      "zeros at first",
    );
    await window.fence();
    window.local.forEach((_, i) => (window.local[i] = 10 * comm.rank + i));
    await window.fence();
    for (const rank of ranksOf(comm))
      assert.deepEqual(
        [...window.of(rank)],
        ranksOf(comm)
          .slice(0, rank)
          .map((i) => 10 * rank + i),
      );
    const all = ranksOf(comm).flatMap((rank) =>
      ranksOf(comm)
        .slice(0, rank)
        .map((i) => 10 * rank + i),
    );
    assert.deepEqual([...window.all], all, "one after the other, without gaps");
    await window.fence();
  },
);

await onNodes("rule 34: a barrier is no data fence; sync before and after it makes it one", async (comm) => {
  await using window = await comm.allocateShared(Int32Array, 1);
  const next = (comm.rank + 1) % comm.size;
  for (let round = 1; round <= 50; round++) {
    window.of(next)[0] = round * (comm.rank + 1);
    window.sync();
    await comm.barrier();
    window.sync();
    assert.equal(window.local[0], round * (((comm.rank + comm.size - 1) % comm.size) + 1));
    await window.fence();
  }
});

await onNodes("Atomics on a shared integer array lose no update", async (comm) => {
  await using window = await comm.allocateShared(Int32Array, comm.rank === 0 ? 1 : 0);
  for (let i = 0; i < 1000; i++) Atomics.add(window.all, 0, 1);
  await window.fence();
  assert.equal(window.of(0)[0], 1000 * comm.size);
  await window.fence();
});

await onNodes("accesses by rank are in place, at once and whole: no update is lost", async (comm) => {
  const { rank, size } = comm;
  await using window = await comm.allocateShared(Float64Array, 3);
  const rounds = 200;
  const seen: (number | undefined)[] = [];
  for (let round = 0; round < rounds; round++) {
    window.accumulate(Float64Array.of(1, rank), 0, { displ: 1 });
    seen.push(window.fetchAndOp(1, size - 1));
    for (let old = window.get(0, { count: 1 })[0]; ;) {
      const now = window.compareAndSwap(old, old + 2, 0);
      if (now === old) break;
      old = now ?? NaN;
    }
  }
  await window.fence();
  const [both, count, ranks] = window.of(0);
  assert.equal(both, rounds * size * (size === 1 ? 3 : 2));
  assert.equal(count, rounds * size);
  assert.equal(ranks, (rounds * size * (size - 1)) / 2);
  assert.equal(window.of(size - 1)[0], rounds * size * (size === 1 ? 3 : 1));
  assert.ok(
    seen.every((value, i) => value !== undefined && (i === 0 || value > (seen[i - 1] ?? 0))),
    "grows",
  );
  await window.fence();
});

await onNodes("put and get by rank: parts of a segment, into a buffer, and PROC_NULL", async (comm) => {
  const { rank, size } = comm;
  const next = (rank + 1) % size;
  await using window = await comm.allocateShared(Int16Array, 5);
  window.put(Int16Array.of(rank, -rank), next, { displ: 2 });
  await window.fence();
  const previous = (rank - 1 + size) % size;
  assert.deepEqual([...window.local], [0, 0, previous, previous === 0 ? 0 : -previous, 0]);
  const into = new Int16Array(2);
  assert.equal(window.get(rank, { displ: 2, into }), into);
  assert.deepEqual(into, window.local.slice(2, 4));
  assert.deepEqual(window.get(rank), window.local.slice());
  assert.notEqual(window.get(rank).buffer, window.local.buffer, "a copy");
  const before = window.getAccumulate(Int16Array.of(7), rank, { displ: 4, op: "max" });
  assert.deepEqual([...before, window.local[4]], [0, 7]);
  window.put(into, PROC_NULL, { displ: 99 });
  assert.equal(window.get(PROC_NULL, { into }), into);
  assert.equal(window.get(PROC_NULL).length, 0);
  assert.equal(window.fetchAndOp(1, PROC_NULL), undefined);
  assert.throws(() => window.put(into, next, { displ: 4 }), /put: 2 elements from 4 on are not within the 5/);
  assert.throws(() => window.get(size), /target \d is not a rank of|target \d on rank \d is not a rank of/);
  assert.throws(() => window.accumulate(new Int32Array(1) as never, next), /int32, the window holds int16/);
  assert.throws(() => window.accumulate(into, next, { dipsl: 1 } as never), /did you mean "displ"/);
  await window.fence();
});

await onNodes(
  "accesses by rank and those of a window on the same segment keep each other out",
  async (comm) => {
    const { size } = comm;
    const shared = await comm.allocateShared(Float64Array, 1);
    const window = await comm.createWindow(shared.local);
    for (let round = 0; round < 100; round++) {
      shared.accumulate(Float64Array.of(1), 0);
      await window.accumulate(Float64Array.of(1), 0);
    }
    await window.fence();
    assert.equal(shared.of(0)[0], 200 * size);
    await window.fence();
    window.free();
    shared.free();
    assert.throws(() => shared.put(Float64Array.of(1), 0), /has been freed/);
  },
);

await onNodes("free: local; afterwards the window throws, and old arrays are harmless", async (comm) => {
  const window = await comm.allocateShared(Float64Array, 4);
  const { local } = window;
  window.of((comm.rank + 1) % comm.size).fill(1);
  await window.fence();
  window.free();
  window.free();
  assert.throws(() => window.local, /has been freed/);
  local.fill(2); // private, or nobody's
  await comm.barrier();
});

await onNodes("a wrong count, and different types, are errors on every rank", async (comm) => {
  await assert.rejects(async () => comm.allocateShared(Float64Array, -1), /count -1 on rank \d/);
  if (comm.size > 1) {
    const type = comm.rank === 0 ? Float32Array : Float64Array;
    await assert.rejects(
      async () => comm.allocateShared<Float32Array | Float64Array>(type, 1),
      /allocateShared: rank 0 passes float32 and rank 1 float64/,
    );
  }
  await using window = await comm.allocateShared(Float64Array, 0);
  assert.throws(() => window.of(comm.size), /\d is not a rank of/);
});

await onNodes("nothing is left behind: no open descriptor, no name", async (comm) => {
  const before = memfds();
  const window = await comm.allocateShared(Float64Array, 1000);
  await comm.barrier(); // the first rank closes its descriptor when all have mapped
  await window.fence();
  assert.deepEqual(memfds(), before);
  window.free();
});

if (process.env["TSMPI_SIZE"] === undefined) {
  const { test } = await import("tap");

  test("ranks of different hosts share no memory: an error that names both; splitNode's do", async () => {
    await simulate(
      4,
      async (comm) => {
        await assert.rejects(
          async () => comm.allocateShared(Float64Array, 1),
          /rank 0 of "world" is on host 0 and rank 2 on host 1; splitNode\(\)/,
        );
        const node = await comm.splitNode();
        await using window = await node.allocateShared(Float64Array, 1);
        window.local[0] = comm.rank;
        await window.fence();
        assert.deepEqual([...window.all], comm.rank < 2 ? [0, 1] : [2, 3]);
      },
      { hosts: [0, 0, 1, 1] },
    );
  });
}

/** Descriptors of memory without a name, in this process. */
function memfds(): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const link = readlinkSync(`/proc/self/fd/${fd}`);
      return link.includes("memfd:") ? [link] : [];
    } catch {
      return []; // the descriptor of the listing itself
    }
  });
}

await realRanks(import.meta.url);
