import assert from "node:assert/strict";
import { PeerLostError, TruncateError, TypeMismatchError } from "../../src/comm/errors.js";
import { ANY_SOURCE, ANY_TAG, PROC_NULL, TAG_UB } from "../../src/comm/types.js";
import { testAll, testAny, testSome, waitAll, waitAny, waitSome } from "../../src/comm/wait.js";
import { realRanks, spmd } from "../spmd.js";

/** Bytes that tell their sender and their place. */
function ramp(length: number, rank: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i * 7 + rank;
  return bytes;
}

await spmd("send and recv: any structured-cloneable value arrives as it was", async (comm) => {
  const { rank, size } = comm;
  const values = [
    1.5,
    "text",
    null,
    undefined,
    { deep: [new Map([["k", 1n]]), new Date(7)] },
    new Float64Array([NaN, -0]),
  ];
  for (const [tag, value] of values.entries()) {
    const sent = comm.send(value, (rank + 1) % size, { tag });
    assert.deepEqual(await comm.recv({ source: (rank - 1 + size) % size, tag }), value);
    await sent;
  }
});

await spmd("messages of every length arrive whole: eager, in pieces, and after asking", async (comm) => {
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  for (const length of [0, 1, 7, 8, 9, 127, 128, 129, 65_535, 65_536, 65_537, 700_003]) {
    const x = ramp(length, rank);
    const into = new Uint8Array(length + 3).fill(255);
    const received = comm.recv({ source: previous, into });
    await comm.send(x, next);
    const part = await received;
    assert.equal(received.status?.count, length);
    assert.equal(Buffer.compare(part, ramp(length, previous)), 0);
    assert.deepEqual([...into.subarray(length)], [255, 255, 255], "nothing is written behind the message");
  }
});

await spmd(
  "rule 1: messages do not overtake: between two ranks they match in the order sent",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const sends = Array.from({ length: 40 }, (_, i) =>
      comm.send(new Float64Array(i % 5 === 0 ? 20_000 : 2).fill(i), next),
    );
    for (let i = 0; i < 40; i++) {
      const [tag, source] = [i % 2 === 0 ? ANY_TAG : 0, i % 3 === 0 ? ANY_SOURCE : previous];
      const x = await comm.recv<Float64Array>({ source, tag });
      assert.equal(x[0], i);
    }
    await waitAll(sends);
  },
);

await spmd("rules 1 and 2: receives posted first take messages in posting order", async (comm) => {
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  const receives = [5, ANY_TAG, 5].map((tag) => comm.recv<number>({ source: previous, tag }));
  for (const [tag, value] of [
    [5, 1],
    [5, 2],
    [5, 3],
  ])
    await comm.send(value, next, { tag });
  assert.deepEqual(await waitAll(receives), [1, 2, 3]);
});

await spmd("wildcards: every rank hears from every other, and status says who", async (comm) => {
  const { rank, size } = comm;
  for (let dest = 0; dest < size; dest++) if (dest !== rank) await comm.send(rank, dest, { tag: 100 + rank });
  const heard = new Set<number>();
  for (let i = 1; i < size; i++) {
    const request = comm.recv<number>();
    const value = await request;
    assert.equal(request.status?.source, value);
    assert.equal(request.status?.tag, 100 + value);
    heard.add(value);
  }
  assert.equal(heard.size, size - 1);
});

await spmd("sends to oneself complete at once, whatever their length", async (comm) => {
  const x = new Float64Array(100_000).fill(comm.rank);
  await comm.send(x, comm.rank, { tag: TAG_UB });
  x.fill(-1);
  const y = await comm.recv<Float64Array>({ source: comm.rank });
  assert.equal(y[99_999], comm.rank);
});

await spmd("rule 22: a send buffer may be changed once the send is complete", async (comm) => {
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  for (const length of [10, 1000, 200_000]) {
    const x = new Float64Array(length).fill(rank);
    const received = comm.recv<Float64Array>({ source: previous });
    await comm.send(x, next);
    x.fill(-1);
    assert.ok((await received).every((value) => value === previous));
  }
});

await spmd("sendrecv: a ring shift, in one buffer or two", async (comm) => {
  const { rank, size } = comm;
  const [dest, source] = [(rank + 1) % size, (rank - 1 + size) % size];
  assert.equal(await comm.sendrecv(rank, { dest, source }), source);
  const into = new Int32Array(3);
  await comm.sendrecv(Int32Array.of(rank, rank, rank), { dest, source, into });
  assert.deepEqual([...into], [source, source, source]);
});

await spmd("PROC_NULL: nothing moves, buffers stay, the status says so", async (comm) => {
  const into = Float64Array.of(4, 2);
  await comm.send(into, PROC_NULL);
  const request = comm.recv({ source: PROC_NULL, into });
  await request;
  assert.deepEqual([...into], [4, 2]);
  assert.deepEqual(request.status, { source: PROC_NULL, tag: ANY_TAG, count: 0, bytes: 0, cancelled: false });
  await comm.sendrecv(1, { dest: PROC_NULL, source: PROC_NULL });
});

await spmd(
  "rules 5 and 6: a message that is too long or of another type is refused; the sender completes, the buffer stays",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    for (const length of [3, 100_000]) {
      const into = new Float64Array(2);
      const received = comm.recv({ source: previous, into });
      const sent = comm.send(new Float64Array(length).fill(1), next);
      await assert.rejects(
        Promise.resolve(received),
        (error) => error instanceof TruncateError && error.source === previous,
      );
      await sent;
      assert.deepEqual([...into], [0, 0]);
      await comm.send(new Float32Array(2), next);
      await assert.rejects(Promise.resolve(comm.recv({ source: previous, into })), TypeMismatchError);
    }
  },
);

await spmd("wrong arguments are refused before anything is sent", async (comm) => {
  const { size } = comm;
  await assert.rejects(
    Promise.resolve(comm.send(1, size)),
    new RegExp(`dest ${size} on rank ${comm.rank} is not a rank`),
  );
  await assert.rejects(Promise.resolve(comm.recv({ source: -7 })), /source -7/);
  await assert.rejects(Promise.resolve(comm.send(1, 0, { tag: -1 })), /tag -1/);
  await assert.rejects(Promise.resolve(comm.send(1, 0, { tag: 2 ** 31 })), RangeError);
  await assert.rejects(Promise.resolve(comm.send(() => 1, 0)), /could not be cloned/);
});

await spmd("waitAny, waitSome and test: what is complete, and nothing else", async (comm) => {
  const { rank } = comm;
  const never = comm.recv({ source: rank, tag: 9 });
  const soon = comm.recv<string>({ source: rank, tag: 1 });
  assert.equal(soon.test(), false);
  assert.deepEqual(
    [testAll([never, soon]), testAny([never, soon]), testSome([never, soon])],
    [false, undefined, []],
  );
  await comm.send("now", rank, { tag: 1 });
  const { index, value, status } = await waitAny([never, soon]);
  assert.deepEqual([index, value, status?.tag], [1, "now", 1]);
  assert.deepEqual(
    (await waitSome([never, soon])).map((done) => done.index),
    [1],
  );
  assert.deepEqual(
    [testAll([never, soon]), testAny([never, soon]), testSome([never, soon])],
    [false, 1, [1]],
  );
  await comm.send(0, rank, { tag: 9 });
  assert.equal(await never, 0);
  assert.deepEqual(
    [testAll([never, soon]), testAny([never, soon]), testSome([never, soon])],
    [true, 0, [0, 1]],
  );
  assert.deepEqual([testAll([]), testAny([])], [true, undefined]);
  await assert.rejects(waitAny([]), RangeError);
});

await spmd("communicators keep their messages apart", async (comm) => {
  const { rank, size } = comm;
  const copy = comm.dup();
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  await comm.send("original", next);
  await copy.send("copy", next);
  assert.equal(await copy.recv({ source: previous }), "copy");
  assert.equal(await comm.recv({ source: previous }), "original");
});

await spmd(
  "a receive from a rank that has ended fails instead of hanging",
  async (comm) => {
    if (comm.rank !== 0) return;
    await comm.send("to nobody", comm.size - 1);
    await assert.rejects(Promise.resolve(comm.recv({ source: comm.size - 1, tag: 1 })), PeerLostError);
  },
  { sizes: [2, 3, 4, 7], real: false },
);

await realRanks(import.meta.url);
