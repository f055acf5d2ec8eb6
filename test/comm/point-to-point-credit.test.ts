import assert from "node:assert/strict";
import { GroupCommunicator } from "../../src/comm/communicator.js";
import type { Engine } from "../../src/comm/engine.js";
import { unreceived } from "../../src/comm/leftovers.js";
import { ANY_SOURCE, type Communicator } from "../../src/comm/types.js";
import { waitAll } from "../../src/comm/wait.js";
import { realRanks, spmd } from "../spmd.js";

const MESSAGES = 1024;
const BYTES = 2 ** 20;

function engineOf(comm: Communicator): Engine {
  assert.ok(comm instanceof GroupCommunicator);
  return comm.engine;
}

await spmd(
  "rule 20: a flood waits at its sender: a busy receiver holds no more than its credit, and gets every message in order",
  async (comm) => {
    const { rank, size } = comm;
    const total = 3000;
    if (rank > 0) {
      for (let i = 0; i < total; i++) await comm.send(Int32Array.of(i), 0, { tag: rank });
      await comm.send("done", 0);
      return;
    }
    const { unexpected } = engineOf(comm);
    let most = 0;
    const next = new Int32Array(size);
    for (let i = 0; i < total * (size - 1); i++) {
      if (i % 100 === 0) for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate); // busy
      const into = new Int32Array(1);
      const request = comm.recv({ tag: (i % (size - 1)) + 1, into });
      most = Math.max(most, unexpected.messages);
      await request;
      const source = request.status?.source ?? ANY_SOURCE;
      assert.equal(into[0], next[source]++);
    }
    assert.ok(most <= (MESSAGES + 1) * (size - 1), `held ${most}`);
    for (let source = 1; source < size; source++) assert.equal(await comm.recv({ source }), "done");
    assert.deepEqual([...unreceived(engineOf(comm))], []);
  },
  { sizes: [2, 4] },
);

await spmd(
  "bytes are limited, too; messages stay in order where small ones travel at once and large ones wait",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const length = (i: number): number => (i % 7 === 0 ? 20_000 : i % 3 === 0 ? 7_000 : i % 5);
    const sends = Array.from({ length: 200 }, (_, i) =>
      comm.send(new Float64Array(length(i) + 1).fill(i), next),
    );
    await comm.barrier();
    const { unexpected } = engineOf(comm);
    if (size > 1) assert.ok(unexpected.bytes <= BYTES, `holds ${unexpected.bytes} bytes`);
    for (let i = 0; i < 200; i++) {
      const x = await comm.recv<Float64Array>(i % 2 === 0 ? { source: previous } : {});
      assert.equal(x.length, length(i) + 1);
      assert.ok(x.every((value) => value === i));
    }
    await waitAll(sends);
    assert.deepEqual([...unreceived(engineOf(comm))], []);
  },
);

await spmd(
  "credit comes back whatever becomes of a message: received, refused, probed, or left in a freed communicator",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    for (let round = 0; round < 5; round++) {
      const other = comm.dup();
      const sends = [];
      for (let i = 0; i < 400; i++) sends.push(comm.send(Int16Array.of(i), next, { tag: i % 4 }));
      for (let i = 0; i < 400; i++) sends.push(other.send(Int16Array.of(i), next));
      for (let i = 0; i < 400; i++) {
        const from = { source: previous, tag: i % 4 };
        if (i % 4 === 0) await (await comm.mprobe(from)).recv();
        else if (i % 4 === 1)
          await assert.rejects(Promise.resolve(comm.recv({ ...from, into: new Int8Array(9) })));
        else await comm.recv(from);
      }
      for (let i = 0; i < 200; i++) await other.recv({ source: previous });
      await comm.barrier();
      const caught = sends.map((sent) => Promise.resolve(sent).catch(() => undefined));
      other.free();
      await Promise.all(caught);
      await comm.barrier();
    }
    assert.deepEqual(await comm.sendrecv(rank, { dest: next, source: previous }), previous);
    assert.deepEqual([...unreceived(engineOf(comm))], []);
  },
);

await spmd(
  "rule 19: messages to oneself are copied and complete, however many and however long",
  async (comm) => {
    const { rank } = comm;
    for (let i = 0; i < 2000; i++) await comm.send(Float64Array.of(i), rank);
    const large = new Float64Array(100_000).fill(1);
    await comm.send(large, rank);
    large.fill(2);
    for (let i = 0; i < 2000; i++) assert.equal((await comm.recv<Float64Array>({ source: rank }))[0], i);
    assert.ok((await comm.recv<Float64Array>()).every((value) => value === 1));
  },
  { sizes: [1, 3] },
);

await spmd(
  "messages that nobody asks for are warned of once, with who sent most of them",
  async (comm) => {
    const { rank, size } = comm;
    const warnings: string[] = [];
    const { unexpected } = engineOf(comm);
    const { limit, warn } = unexpected;
    unexpected.limit = { messages: 50, bytes: Infinity };
    unexpected.warn = (text) => warnings.push(text);
    await comm.barrier();
    const dest = (rank + 1) % size;
    const source = (rank - 1 + size) % size;
    for (let i = 0; i < 60; i++) await comm.send(i, dest, { tag: i < 40 ? 5 : 6 });
    await comm.sendrecv("the last one", { dest, sendTag: 7, source, recvTag: 7 }); // so all are here
    for (let i = 0; i < 20; i++) await comm.recv({ source, tag: 6 });
    for (let i = 0; i < 40; i++) await comm.recv({ source, tag: 5 });
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0],
      new RegExp(`rank \\d+ has 51 messages .* most of them, 40, from rank ${source} with tag 5`),
    );
    Object.assign(unexpected, { limit, warn });
  },
  { real: false },
);

await spmd(
  "rule 21: with TSMPI_CHECK sends wait for their receives: head-to-head sends, which work by luck, are seen to deadlock",
  async (comm) => {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank - 1 + size) % size;
    await comm.send("lucky", dest);
    assert.equal(await comm.recv({ source }), "lucky");
    engineOf(comm).check = true;
    await assert.rejects(Promise.resolve(comm.send("unlucky", dest)), /deadlock/);
  },
  { sizes: [2, 3], real: false },
);

await realRanks(import.meta.url);
