import assert from "node:assert/strict";
import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
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
  await realRanks(import.meta.url);
} else {
  const outcome = await init().then(
    () => "joined",
    (error: Error) => error.message,
  );
  parentPort?.postMessage(outcome);
}
