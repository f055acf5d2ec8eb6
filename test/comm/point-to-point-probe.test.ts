import assert from "node:assert/strict";
import { RequestStateError } from "../../src/comm/errors.js";
import { ANY_TAG, PROC_NULL } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

const oldest = { name: "oldest", commute: false, combine: (earlier: { rank: number }) => earlier };
const NOTHING = { source: PROC_NULL, tag: ANY_TAG, count: 0, bytes: 0, cancelled: false };

await spmd(
  "probe says what comes and leaves it there; a receive of that size then takes it",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    for (const length of [0, 3, 20_000]) {
      const sent = comm.send(new Float64Array(length).fill(rank), next, { tag: length });
      const status = await comm.probe({ source: previous, tag: length });
      assert.deepEqual(status, {
        source: previous,
        tag: length,
        count: length,
        bytes: 8 * length,
        cancelled: false,
      });
      assert.deepEqual(await comm.probe({ tag: length }), status, "it is still there");
      assert.deepEqual(comm.iprobe({ tag: length }), status);
      const into = new Float64Array(status.count);
      await comm.recv({ source: status.source, tag: status.tag, into });
      assert.ok(into.every((value) => value === previous));
      assert.equal(comm.iprobe({ tag: length }), undefined, "and now it is gone");
      await sent;
    }
  },
);

await spmd(
  "a probe that waits before a receive sees the message only if no receive takes it",
  async (comm) => {
    const { rank } = comm;
    const probe = comm.probe({ tag: 1 });
    const first = comm.recv({ source: rank, tag: 1 });
    await comm.send("for the receive", rank, { tag: 1 });
    assert.equal(probe.test(), false);
    await comm.send("for the probe", rank, { tag: 1 });
    assert.equal((await probe).source, rank);
    assert.equal(await first, "for the receive");
    assert.equal(await comm.recv({ source: rank }), "for the probe");
  },
);

await spmd(
  "rule 28: mprobe takes the message: several consumers share one stream, and each message has one owner",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const sends = Array.from({ length: 12 }, (_, i) =>
      comm.send(new Float64Array(i % 3 === 0 ? 10_000 : i).fill(i), next),
    );
    const heard: number[] = [];
    const consume = async (): Promise<void> => {
      for (let i = 0; i < 4; i++) {
        const message = await comm.mprobe({ source: previous });
        const into = new Float64Array(message.status.count);
        await Promise.resolve(); // another consumer runs here
        await message.recv({ into });
        heard.push(into[0] ?? 0);
      }
    };
    await Promise.all([consume(), consume(), consume()]);
    assert.deepEqual(
      heard.sort((a, b) => a - b),
      Array.from({ length: 12 }, (_, i) => i),
    );
    for (const sent of sends) await sent;
  },
);

await spmd("improbe takes what is there, or nothing; a taken message can be received once", async (comm) => {
  const { rank } = comm;
  assert.equal(comm.improbe(), undefined);
  await comm.send({ some: "object" }, rank, { tag: 3 });
  const message = comm.improbe({ tag: 3 });
  assert.ok(message !== undefined);
  assert.equal(message.status.count, 1);
  assert.equal(comm.iprobe(), undefined, "nobody else sees it");
  assert.deepEqual(await message.recv(), { some: "object" });
  await assert.rejects(Promise.resolve(message.recv()), RequestStateError);
});

await spmd("mprobe and recv take messages in posting order", async (comm) => {
  const { rank } = comm;
  const first = comm.recv<number>({ source: rank });
  const second = comm.mprobe({ source: rank });
  const third = comm.recv<number>({ source: rank });
  for (let i = 1; i <= 3; i++) await comm.send(i, rank);
  assert.deepEqual([await first, await (await second).recv(), await third], [1, 2, 3]);
});

await spmd("messages: an endless stream of one tag, left when the program has enough", async (comm) => {
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  for (let i = 0; i < 5; i++) await comm.send(i, next, { tag: 4 });
  await comm.send("other", next, { tag: 5 });
  let expected = 0;
  for await (const { value, status } of comm.messages<number>({ tag: 4 })) {
    assert.equal(value, expected++);
    assert.deepEqual([status.source, status.tag], [previous, 4]);
    if (expected === 5) break;
  }
  assert.equal(await comm.recv({ source: previous }), "other");
});

await spmd(
  "PROC_NULL in probes, sendrecvReplace and persistent requests: nothing moves, all complete",
  async (comm) => {
    const source = PROC_NULL;
    assert.deepEqual(await comm.probe({ source }), NOTHING);
    assert.deepEqual(comm.iprobe({ source }), NOTHING);
    const buffer = Int32Array.of(1, 2);
    for (const message of [await comm.mprobe({ source }), comm.improbe({ source })]) {
      assert.deepEqual(message?.status, NOTHING);
      const request = message?.recv({ into: buffer });
      await request;
      assert.deepEqual(request?.status, NOTHING);
    }
    await comm.sendrecvReplace(buffer, { dest: PROC_NULL, source });
    using sends = comm.sendInit(buffer, PROC_NULL);
    using receives = comm.recvInit(buffer, { source });
    for (let i = 0; i < 2; i++) {
      await sends.start();
      const request = receives.start();
      await request;
      assert.deepEqual(request.status, NOTHING);
    }
    await comm.send(buffer, PROC_NULL, { mode: "synchronous" });
    assert.deepEqual([...buffer], [1, 2]);
  },
);

await spmd("sendrecvReplace: what a buffer holds is sent, and what comes takes its place", async (comm) => {
  const { rank, size } = comm;
  const [dest, source] = [(rank + 1) % size, (rank - 1 + size) % size];
  for (const length of [0, 1, 30_000]) {
    const buffer = new Float64Array(length).fill(rank);
    const request = comm.sendrecvReplace(buffer, { dest, source, sendTag: 2, recvTag: 2 });
    assert.equal(await request, buffer);
    assert.equal(request.status?.count, length);
    assert.ok(buffer.every((value) => value === source));
  }
});

await spmd(
  "rule 3: wildcards see the user's messages of this communicator, never those of collectives",
  async (comm) => {
    const { rank, size } = comm;
    const wild = comm.recv();
    const seen = comm.probe();
    const sums = [comm.allreduce(Float64Array.of(rank)), comm.allreduce({ rank }, { op: oldest })];
    assert.equal(((await sums[0]) as Float64Array)[0], (size * (size - 1)) / 2);
    assert.deepEqual(await sums[1], { rank: 0 });
    await comm.dup().send("in another communicator", rank);
    assert.deepEqual([wild.test(), seen.test()], [false, false]);
    await comm.send("mine", rank);
    await comm.send("seen", rank);
    assert.equal(await wild, "mine");
    assert.equal((await seen).count, 1);
    await comm.recv();
  },
);

await realRanks(import.meta.url);
