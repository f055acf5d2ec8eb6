import assert from "node:assert/strict";
import { TimeoutError } from "../../src/comm/errors.js";
import { ANY_SOURCE } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

await spmd(
  "an aborted receive rejects with the signal's reason; its buffer and the message are untouched",
  async (comm) => {
    const { rank } = comm;
    for (const reason of [new Error("enough"), "just a text", undefined]) {
      const into = Float64Array.of(1, 2);
      const controller = new AbortController();
      const { signal } = controller;
      const request = comm.recv({ source: rank, into, signal });
      controller.abort(reason);
      await assert.rejects(Promise.resolve(request), (error) => error === signal.reason);
      assert.equal(request.status?.cancelled, true);
      await comm.send(Float64Array.of(7, 8), rank);
      assert.deepEqual([...into], [1, 2]);
      assert.deepEqual([...(await comm.recv<Float64Array>({ source: rank }))], [7, 8]);
    }
  },
);

await spmd(
  "rule 33: a signal that comes too late changes nothing: never both cancelled and completed",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    for (let i = 0; i < 30; i++) {
      const controller = new AbortController();
      const length = i % 3 === 0 ? 20_000 : 2;
      const into = new Float64Array(length);
      const request = comm.recv({ source: previous, tag: i, into, signal: controller.signal });
      const sent = comm.send(new Float64Array(length).fill(1), next, { tag: i });
      const abort = (): void => controller.abort(new Error("too late?"));
      if (i % 2 === 0) setImmediate(abort);
      else abort();
      const outcome = await Promise.resolve(request).then(
        () => "completed",
        () => "cancelled",
      );
      assert.equal(request.status?.cancelled, outcome === "cancelled");
      const filled = into.every((value) => value === 1);
      assert.equal(filled, outcome === "completed");
      if (outcome === "cancelled") assert.ok(into.every((value) => value === 0));
      // Whatever was cancelled is still to be had; whatever was not is gone.
      if (outcome === "cancelled") await comm.recv({ source: previous, tag: i });
      await sent;
      assert.equal(comm.iprobe({ source: previous, tag: i }), undefined);
    }
  },
);

await spmd("a signal that is aborted from the start keeps a call from starting", async (comm) => {
  const { rank } = comm;
  const signal = AbortSignal.abort(new Error("no"));
  await assert.rejects(Promise.resolve(comm.recv({ source: rank, signal })), /no/);
  await assert.rejects(Promise.resolve(comm.send(1, rank, { signal })), /no/);
  await assert.rejects(Promise.resolve(comm.probe({ source: rank, signal })), /no/);
  assert.equal(comm.iprobe(), undefined);
});

await spmd(
  "a timeout ends receives and probes with who waited for whom; the default is the communicator's",
  async (comm) => {
    const { rank, size } = comm;
    const peer = (rank + 1) % size;
    const expected = (error: unknown): boolean =>
      error instanceof TimeoutError &&
      error.code === "TIMEOUT" &&
      error.rank === rank &&
      error.peer === peer &&
      error.tag === 9;
    await assert.rejects(Promise.resolve(comm.recv({ source: peer, tag: 9, timeoutMs: 10 })), expected);
    await assert.rejects(Promise.resolve(comm.mprobe({ source: peer, tag: 9, timeoutMs: 0 })), expected);
    const patient = comm.dup();
    patient.configure({ timeoutMs: 10 });
    await assert.rejects(Promise.resolve(patient.probe({ source: peer, tag: 9 })), expected);
    await assert.rejects(
      Promise.resolve(patient.recv()),
      (error) => error instanceof TimeoutError && error.peer === ANY_SOURCE,
    );
    await comm.barrier();
    const received = patient.recv({ source: (rank - 1 + size) % size, timeoutMs: Infinity });
    await patient.send("in time", peer);
    assert.equal(await received, "in time");
    assert.throws(() => comm.configure({ timeoutMs: -1 }), RangeError);
    await assert.rejects(Promise.resolve(comm.recv({ timeoutMs: NaN })), RangeError);
  },
);

await spmd("a receive that timed out takes no message afterwards", async (comm) => {
  const { rank } = comm;
  const into = new Int32Array(1);
  await assert.rejects(Promise.resolve(comm.recv({ source: rank, into, timeoutMs: 5 })), TimeoutError);
  await comm.send(Int32Array.of(4), rank);
  assert.equal(into[0], 0);
  assert.equal((await comm.recv<Int32Array>({ source: rank }))[0], 4);
});

await spmd(
  "a synchronous send completes only once a receive has been matched, to others and to oneself",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    for (const value of [new Float64Array(0), Float64Array.of(1), new Float64Array(20_000), "text", 5]) {
      const sent = comm.send(value, next, { mode: "synchronous" });
      await comm.probe({ source: previous }); // it is announced …
      await comm.barrier();
      assert.equal(sent.test(), false, "… and nobody has received it");
      await comm.barrier();
      assert.deepEqual(await comm.recv({ source: previous }), value);
      await sent;
    }
    // @ts-expect-error there is no such mode
    await assert.rejects(Promise.resolve(comm.send(1, next, { mode: "ready" })), /mode "ready"/);
  },
);

await spmd(
  "a send that nobody has received is called back by its signal, and one that was received is not",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const [mine, others] = [new AbortController(), new AbortController()];
    const lost = comm.send("called back", next, { mode: "synchronous", signal: mine.signal, tag: 1 });
    const kept = comm.send("received", next, { mode: "synchronous", signal: others.signal, tag: 2 });
    await comm.probe({ source: previous, tag: 1 });
    assert.equal(await comm.recv({ source: previous, tag: 2 }), "received");
    await kept;
    others.abort();
    await comm.barrier();
    mine.abort(new Error("changed my mind"));
    if (next === rank) {
      assert.equal(
        await comm.recv({ source: rank }),
        "called back",
        "to oneself there is nothing to call back",
      );
      await lost;
      return;
    }
    await assert.rejects(Promise.resolve(lost), /changed my mind/);
    await comm.barrier();
    assert.equal(comm.iprobe({ source: previous }), undefined);
  },
);

await spmd("a send that times out says so, and is called back", async (comm) => {
  const { rank, size } = comm;
  if (size === 1) return;
  const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
  await assert.rejects(
    Promise.resolve(comm.send(1, next, { mode: "synchronous", timeoutMs: 5, tag: 3 })),
    (error) => error instanceof TimeoutError && error.peer === next && error.tag === 3,
  );
  await comm.send("after it", next, { tag: 4 });
  assert.equal(await comm.recv({ source: previous, tag: 4 }), "after it");
  assert.equal(comm.iprobe({ source: previous }), undefined);
});

await realRanks(import.meta.url);
