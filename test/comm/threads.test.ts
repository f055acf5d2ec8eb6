import assert from "node:assert/strict";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { CommunicatorHandle } from "../../src/comm/api/threads.js";
import { attach } from "../../src/comm/thread.js";
import { init } from "../../src/comm/world.js";
import { env } from "../../src/env.js";
import { realRanks, spmd } from "../spmd.js";

if (isMainThread) {
  await spmd(
    "rule 27: a call from a worker thread of a rank is a clear error, and the rank goes on",
    async (comm) => {
      if (env.controlFd === undefined) return; // a virtual rank is no process
      const worker = new Worker(new URL(import.meta.url));
      const [text] = (await once(worker, "message")) as [string];
      assert.match(text, /init: called from worker thread \d+ of a rank; only its main thread communicates/);
      await worker.terminate();
      assert.equal(await comm.allreduce(1), comm.size);
    },
  );

  await spmd(
    "rule 27: worker threads call through the main thread, which goes on calling, too",
    async (comm) => {
      if (env.controlFd === undefined && comm.size !== 2) return; // threads are slow to start
      const theirs = comm.dup();
      const handle = theirs.transfer();
      const worker = new Worker(new URL(import.meta.url), {
        workerData: handle,
        transferList: [handle.port],
      });
      const heard = once(worker, "message");
      const ended = once(worker, "exit");
      assert.equal(await comm.allreduce(2), 2 * comm.size);
      assert.deepEqual(await heard, ["good"]);
      assert.deepEqual(await ended, [0], "a thread that waits for nothing ends");
      assert.equal(theirs.statistics.calls["allreduce"], 1);
      theirs.free();
    },
  );
  await realRanks(import.meta.url);
} else if (!isHandle(workerData)) {
  const outcome = await init().then(
    () => "joined",
    (error: Error) => error.message,
  );
  parentPort?.postMessage(outcome);
} else {
  await callAll(workerData);
  parentPort?.postMessage("good");
}

function isHandle(data: unknown): data is CommunicatorHandle {
  return typeof data === "object" && data !== null && "port" in data;
}

/** In a worker thread: every call once, and what cannot be called. */
async function callAll(handle: CommunicatorHandle): Promise<void> {
  const comm = attach(handle);
  const { rank, size } = comm;
  const next = (rank + 1) % size;
  const before = (rank + size - 1) % size;
  const ranks = Array.from({ length: size }, (_, i) => i);

  assert.equal(await comm.allreduce(rank), (size * (size - 1)) / 2);
  const sent = comm.send({ rank, x: Float64Array.of(rank) }, next, { tag: 3 });
  assert.deepEqual(await comm.recv({ source: before, tag: 3 }), { rank: before, x: Float64Array.of(before) });
  await sent;
  assert.equal(await comm.sendrecv(rank, { dest: next, source: before }), before);
  await comm.barrier();
  assert.equal(await comm.bcast(rank === size - 1 ? "all" : undefined, { root: size - 1 }), "all");
  assert.deepEqual(await comm.gather(rank), rank === 0 ? ranks : undefined);
  assert.equal(await comm.scatter(rank === 0 ? ranks : undefined), rank);
  assert.deepEqual(await comm.allgather(rank), ranks);
  assert.deepEqual(
    await comm.alltoall(ranks.map((to) => [rank, to])),
    ranks.map((from) => [from, rank]),
  );
  assert.equal(await comm.reduce(1, { op: "max" }), rank === 0 ? 1 : undefined);
  assert.equal(await comm.scan(1), rank + 1);
  assert.equal(await comm.exscan(1), rank === 0 ? undefined : rank);

  const nobody = { name: "RangeError", message: /send: .*rank/ };
  await assert.rejects(comm.send(1, size), nobody);
  await assert.rejects(comm.recv({ source: rank, tag: 9, timeoutMs: 5 }), { name: "TimeoutError" });
  await assert.rejects(
    comm.send(() => undefined, next),
    { name: "DataCloneError" },
  );
}
