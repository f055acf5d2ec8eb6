import assert from "node:assert/strict";
import { TAG_UB } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

await spmd(
  "rule 4: tags from 0 to TAG_UB are the user's, and none of them meets a collective's messages",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    assert.equal(TAG_UB, 2 ** 31 - 1);
    const tags = [0, 1, 2, 32_767, 32_768, 2 ** 30, TAG_UB - 1, TAG_UB];
    // Collectives number their messages from 0 as well; theirs and these are under way at the same time.
    const collectives = tags.map((tag) => comm.allgather(`${rank}/${tag}`));
    const sent = tags.map((tag) => comm.send(tag, next, { tag }));
    for (const tag of [...tags].reverse())
      assert.equal(await comm.recv<number>({ source: previous, tag }), tag);
    for (const request of sent) await request;
    for (const [i, request] of collectives.entries()) {
      const expected = Array.from({ length: size }, (_, r) => `${r}/${tags[i]}`);
      assert.deepEqual(await request, expected);
    }
    for (const tag of [-2, TAG_UB + 1, 0.5, NaN]) {
      await assert.rejects(async () => comm.send(0, next, { tag }), RangeError);
      await assert.rejects(async () => comm.recv({ tag }), RangeError);
    }
    await assert.rejects(async () => comm.send(0, next, { tag: -1 }), /tag -1 on rank/);
    assert.equal(comm.iprobe(), undefined);
  },
);

await spmd("rule 10: a collective need not synchronise, and a barrier does", async (comm) => {
  const { rank, size } = comm;
  const last = size - 1;
  if (size === 1) return;
  // The root's bcast may complete although others have not come: they come only when they hear of its end.
  const signals = comm.dup();
  if (rank === 0) {
    await comm.bcast("early", { root: 0 });
    for (let dest = 1; dest < size; dest++) await signals.send("over", dest);
  } else {
    assert.equal(await signals.recv({ source: 0 }), "over");
    assert.equal(await comm.bcast(undefined, { root: 0 }), "early");
  }
  // Nobody leaves a barrier before the last has come.
  if (rank === last) await signals.recv({ source: 0 });
  const met = comm.barrier();
  if (rank === 0) assert.equal(met.test(), false);
  if (rank === 0) await signals.send(0, last);
  await met;
  signals.free();
});

await spmd(
  "rule 23: a buffer holds the whole message when its receive is complete, whatever it held before",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    for (const length of [3, 2_000, 300_000]) {
      const into = new Int32Array(length).fill(-1);
      const received = comm.recv<Int32Array>({ source: previous, into });
      const sent = comm.send(
        Int32Array.from({ length }, (_, i) => rank + i),
        next,
      );
      received.test(); // until it is complete, the buffer is the receive's: it may hold any part of the message
      const filled = await received;
      assert.equal(filled, into);
      assert.ok(into.every((value, i) => value === previous + i));
      await sent;
    }
  },
);

await spmd(
  "rule 24: a rank that computes moves messages on when it calls progress, and test does the same",
  async (comm) => {
    const { rank, size } = comm;
    if (size === 1) return;
    const payload = new Float64Array(200_000).fill(rank);
    if (rank > 1) return void (await comm.barrier());
    const peer = 1 - rank;
    const into = new Float64Array(payload.length);
    const received = comm.recv({ source: peer, into });
    const sent = comm.send(payload, peer);
    // A long computation in pieces; between them the event loop turns, as it must on virtual ranks.
    for (let i = 0; !(received.test() && sent.test()); i++) {
      comm.progress();
      if (i % 16 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    assert.ok(into.every((value) => value === peer));
    assert.equal(received.status?.count, payload.length);
    await received;
    await sent;
    await comm.barrier();
  },
);

await spmd(
  "rule 32: numbers of every type arrive with the bits that were sent: all ranks are little-endian",
  async (comm) => {
    assert.equal(new Uint8Array(Uint16Array.of(1).buffer)[0], 1);
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const bits = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 11) & 0xff);
    for (const type of [Int16Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]) {
      const sent = comm.send(new type(bits.slice().buffer), next);
      const { buffer, byteOffset, byteLength } = await comm.recv<Float64Array>({ source: previous });
      assert.deepEqual(new Uint8Array(buffer, byteOffset, byteLength), bits);
      await sent;
    }
  },
);

await realRanks(import.meta.url);
