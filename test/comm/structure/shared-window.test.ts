import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { simulate } from "../../../src/comm/simulate.js";
import type { Communicator } from "../../../src/comm/types.js";
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
