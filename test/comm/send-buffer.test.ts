import assert from "node:assert/strict";
import { TimeoutError } from "../../src/comm/errors.js";
import { Layout } from "../../src/comm/layout.js";
import { PROC_NULL } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

await spmd(
  "a buffered send is complete at once, and what it sends may be changed, whatever its length",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const lengths = [0, 1, 1000, 20_000];
    for (const [tag, length] of lengths.entries()) {
      const x = new Float64Array(length).fill(rank);
      const sent = comm.send(x, next, { mode: "buffered", tag });
      assert.equal(sent.test(), true);
      x.fill(-1);
      await sent;
    }
    const object = { x: new Float64Array(20_000).fill(rank), name: "object" };
    await comm.send(object, next, { mode: "buffered", tag: 8 });
    object.x.fill(-1);
    const layout = Layout.vector({ count: 10_000, blockLength: 1, stride: 2 });
    const strided = { data: new Float64Array(20_000).fill(rank), layout };
    await comm.send(strided, next, { mode: "buffered", tag: 9 });
    strided.data.fill(-1);
    await comm.send("nowhere", PROC_NULL, { mode: "buffered" });
    await comm.barrier(); // nobody receives before all have sent
    for (const [tag, length] of lengths.entries())
      assert.deepEqual(await comm.recv({ source: previous, tag }), new Float64Array(length).fill(previous));
    assert.deepEqual(await comm.recv({ source: previous, tag: 8 }), {
      x: new Float64Array(20_000).fill(previous),
      name: "object",
    });
    assert.deepEqual(await comm.recv({ source: previous, tag: 9 }), new Float64Array(10_000).fill(previous));
    await comm.flushBuffer();
  },
);

await spmd("buffered and other sends stay in the order in which they were made", async (comm) => {
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  const others = Array.from({ length: 60 }, (_, i) =>
    comm.send(new Float64Array(i % 5 === 0 ? 20_000 : 1).fill(i), next, {
      mode: i % 3 === 0 ? "standard" : "buffered",
    }),
  );
  for (let i = 0; i < 60; i++) assert.equal((await comm.recv<Float64Array>({ source: previous }))[0], i);
  for (const other of others) await other;
});

await spmd(
  "a copy that does not fit is refused, and nothing is sent; there is room again once messages were received",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    comm.configure({ bufferBytes: 400_000 });
    const x = new Float64Array(20_000).fill(rank); // 160,000 bytes
    const full = { code: "BUFFER", message: /320000 of 400000 are taken/ };
    for (const turn of [0, 1, 2]) {
      await comm.send(x, next, { mode: "buffered", tag: turn });
      await comm.send(x, next, { mode: "buffered", tag: turn });
      // What is sent to oneself has arrived, and is the receiver's.
      if (size > 1) await assert.rejects(async () => comm.send(x, next, { mode: "buffered" }), full);
      await comm.barrier();
      for (let i = 0; i < 2; i++)
        assert.equal((await comm.recv<Float64Array>({ source: previous, tag: turn }))[0], previous);
      await comm.flushBuffer();
    }
    comm.configure({ bufferBytes: 0 });
    await comm.send(new Uint8Array(0), next, { mode: "buffered", tag: 5 });
    await assert.rejects(async () => comm.send(1, next, { mode: "buffered" }), { code: "BUFFER" });
    assert.deepEqual(await comm.recv({ source: previous }), new Uint8Array(0));
    assert.throws(() => comm.configure({ bufferBytes: -1 }), /bufferBytes -1 on rank/);
  },
);

await spmd(
  "flushBuffer waits for the receivers, no longer than its timeoutMs",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    await comm.flushBuffer();
    await comm.send(new Float64Array(20_000), next, { mode: "buffered" });
    await assert.rejects(async () => comm.flushBuffer({ timeoutMs: 20 }), TimeoutError);
    await comm.barrier();
    await comm.recv({ source: previous });
    await comm.flushBuffer();
  },
  { sizes: [2, 3, 4, 7] },
);

await spmd("a persistent buffered send completes at each start", async (comm) => {
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  const x = new Float64Array(20_000);
  const send = comm.sendInit(x, next, { mode: "buffered" });
  for (let i = 0; i < 3; i++) {
    x.fill(i);
    await send.start();
  }
  for (let i = 0; i < 3; i++) assert.equal((await comm.recv<Float64Array>({ source: previous }))[0], i);
});

await realRanks(import.meta.url);
