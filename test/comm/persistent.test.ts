import assert from "node:assert/strict";
import { RequestStateError, TruncateError } from "../../src/comm/errors.js";
import { startAll } from "../../src/comm/persistent.js";
import { waitAll } from "../../src/comm/wait.js";
import { realRanks, spmd } from "../spmd.js";

await spmd("a persistent pair moves the buffer's latest contents, again and again", async (comm) => {
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  for (const length of [0, 4, 20_000]) {
    const [out, into] = [new Float64Array(length), new Float64Array(length)];
    using sends = comm.sendInit(out, next, { tag: 1 });
    using receives = comm.recvInit(into, { source: previous, tag: 1 });
    for (let i = 0; i < 5; i++) {
      out.fill(10 * rank + i);
      const received = receives.start();
      await sends.start();
      assert.equal(await received, into);
      assert.equal(received.status?.count, length);
      assert.ok(into.every((value) => value === 10 * previous + i));
    }
  }
});

await spmd(
  "rule 26: inactive at first and after completion, waiting while inactive returns at once; active in between",
  async (comm) => {
    const { rank } = comm;
    const into = new Int32Array(1);
    const receive = comm.recvInit(into, { source: rank });
    assert.equal(receive.active, false);
    assert.equal(await receive.wait(), undefined);
    const first = receive.start();
    assert.equal(receive.active, true);
    await assert.rejects(Promise.resolve(receive.start()), RequestStateError);
    assert.throws(() => receive[Symbol.dispose](), RequestStateError);
    await comm.send(Int32Array.of(5), rank);
    assert.equal(await receive.wait(), into);
    assert.equal(receive.active, false);
    assert.equal(await first, into);
    receive[Symbol.dispose]();
    await assert.rejects(Promise.resolve(receive.start()), /has been disposed/);
  },
);

await spmd(
  "the arguments of a persistent request are checked when it is made, and stay as they were",
  async (comm) => {
    const { rank, size } = comm;
    assert.throws(() => comm.sendInit(new Int8Array(1), size), RangeError);
    assert.throws(() => comm.recvInit(new Int8Array(1), { source: 0, tag: -3 }), RangeError);
    // @ts-expect-error no buffer
    assert.throws(() => comm.sendInit({ not: "a buffer" }, rank), TypeError);
    const selection = { source: rank, tag: 1 };
    const receive = comm.recvInit(new Int8Array(1), selection);
    selection.tag = 2;
    const request = receive.start();
    await comm.send(Int8Array.of(3), rank, { tag: 1 });
    assert.equal((await request)[0], 3);
  },
);

await spmd("a persistent receive that fails is inactive and can start again", async (comm) => {
  const { rank } = comm;
  using receive = comm.recvInit(new Int8Array(1), { source: rank });
  await comm.send(new Int8Array(2), rank);
  await assert.rejects(Promise.resolve(receive.start()), TruncateError);
  assert.equal(receive.active, false);
  await comm.send(Int8Array.of(9), rank);
  assert.equal((await receive.start())[0], 9);
});

await spmd(
  "startAll starts a list in its order: messages and collectives, as the list says",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const [out, into, sum] = [Int32Array.of(rank), new Int32Array(2), new Float64Array(1)];
    const all = [
      comm.recvInit(into.subarray(0, 1), { source: previous }),
      comm.recvInit(into.subarray(1), { source: previous }),
      comm.sendInit(out, next),
      comm.allreduceInit(sum),
      comm.sendInit(Int32Array.of(~rank), next),
    ] as const;
    for (let i = 0; i < 3; i++) {
      out[0] = rank + 100 * i;
      sum[0] = i;
      const [first, , , total] = startAll(all);
      await waitAll<unknown[]>(all.map((each) => ("wait" in each ? each.wait() : total)));
      assert.deepEqual([...(await first), into[1]], [previous + 100 * i, ~previous]);
      assert.equal((await total)[0], i * size);
    }
    assert.deepEqual(startAll([]), []);
    const waiting = comm.recvInit(into, { source: rank, tag: 1 });
    const [begun, again] = startAll([waiting, waiting]);
    await assert.rejects(async () => again, RequestStateError);
    await comm.send(into, rank, { tag: 1 });
    await begun;
  },
);

await realRanks(import.meta.url);
