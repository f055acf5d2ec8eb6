import assert from "node:assert/strict";
import { reduceLocal } from "../../src/comm/reduce-local.js";
import type { Communicator, Request } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

const x = new Int32Array(1);
/** Calls with a typo, which only JavaScript or a cast lets pass, and the name that was meant. */
const TYPOS: Readonly<Record<string, readonly [object, string, (comm: Communicator, o: object) => unknown]>> =
  {
    send: [{ tags: 1 }, "tag", (comm, o) => comm.send(x, comm.rank, o)],
    recv: [{ sorce: 0 }, "source", (comm, o) => comm.recv(o)],
    sendrecv: [{ dest: 0, recvtag: 0 }, "recvTag", (comm, o) => comm.sendrecv(x, o as { dest: number })],
    probe: [{ timeoutMS: 5 }, "timeoutMs", (comm, o) => comm.probe(o)],
    barrier: [{ signl: 1 }, "signal", (comm, o) => comm.barrier(o)],
    bcast: [{ rooot: 1 }, "root", (comm, o) => comm.bcast(1, o)],
    reduce: [{ Root: 0 }, "root", (comm, o) => comm.reduce(1, o)],
    allreduce: [{ opp: "max" }, "op", (comm, o) => comm.allreduce(1, o)],
    scan: [{ inot: x }, "into", (comm, o) => comm.scan(x, o)],
    exscan: [{ inot: x }, "into", (comm, o) => comm.exscan(x, o)],
    reduceScatter: [{ count: [1] }, "counts", (comm, o) => comm.reduceScatter(new Int32Array(comm.size), o)],
    gather: [{ displ: [] }, "displs", (comm, o) => comm.gather(1, o)],
    scatter: [{ rot: 0 }, "root", (comm, o) => comm.scatter(Array.from({ length: comm.size }), o)],
    allgather: [{ intoo: x }, "into", (comm, o) => comm.allgather(1, o)],
    alltoall: [
      { recvcounts: [] },
      "recvCounts",
      (comm, o) => comm.alltoall(Array.from({ length: comm.size }), o),
    ],
    cart: [{ period: true }, "periods", (comm, o) => comm.cart([comm.size], o)],
    counter: [{ strat: 1 }, "start", (comm, o) => comm.counter(o)],
    mutex: [{ rot: 1 }, "root", (comm, o) => comm.mutex(o)],
  };

for (const [name, [options, meant, call]] of Object.entries(TYPOS)) {
  await spmd(`${name} rejects an unknown option, and names the nearest known one`, async (comm) => {
    const [given] = Object.keys(options).filter((key) => key !== "dest");
    const expected = new RegExp(`${name}: unknown option "${given}"; did you mean "${meant}"\\?`);
    const isRequest = (result: unknown): result is Request<unknown> => typeof result === "object";
    await assert.rejects(async () => {
      const result = call(comm, options);
      assert.ok(isRequest(result));
      await result;
    }, expected);
    await comm.barrier();
  });
}

await spmd(
  "an unknown option on one rank is an error on all, also of collectives in shared memory",
  async (comm) => {
    const odd = comm.rank === comm.size - 1;
    for (let i = 0; i < 3; i++) {
      const options: object = odd ? { rooot: 1 } : {};
      await assert.rejects(async () => comm.allgather(1, options), /unknown option "rooot"/);
      assert.equal(await comm.allreduce(1), comm.size);
    }
    await assert.rejects(async () => comm.barrier({ timeoutMs: -1 }), /barrier: timeoutMs -1 on rank/);
    await assert.rejects(
      async () => comm.bcast(1, 0 as unknown as object),
      /bcast: options are 0; pass an object/,
    );
    assert.throws(() => comm.configure({ timeout: 5 } as object), /did you mean "timeoutMs"/);
    assert.throws(() => comm.iprobe({ rank: 0 } as object), /iprobe: unknown option "rank"/);
    assert.equal(await comm.allreduce(1), comm.size);
  },
  { sizes: [1, 2, 3, 4, 7] },
);

await spmd("an op that is no reduction is an error on all ranks, never a wrong sum", async (comm) => {
  const wrong = ["SUM", "summ", 3, {}, { combine: 1 }, null];
  for (const op of wrong) {
    const options = { op } as object;
    const calls = [
      () => comm.allreduce(1, options),
      () => comm.reduce(x, options),
      () => comm.scan(1, options),
      () => comm.exscan(1n, options),
      () => comm.reduceScatter(new Int32Array(comm.size), options),
    ];
    for (const call of calls)
      await assert.rejects(async () => call(), /op .* is no reduction; .*(sum|minloc)/);
  }
  assert.throws(
    () => reduceLocal(x, x, "summ" as "sum"),
    /reduceLocal: op "summ" is no reduction; did you mean "sum"/,
  );
  assert.equal(await comm.allreduce(1), comm.size);
});

await spmd("a function is an op of the user's own, applied in the order of ranks", async (comm) => {
  const { rank, size } = comm;
  const texts = Array.from({ length: size }, (_, other) => String(other));
  assert.equal(
    await comm.allreduce(String(rank), { op: (earlier, later) => earlier + later }),
    texts.join(""),
  );
  assert.equal(await comm.allreduce(rank, { op: Math.max }), size - 1);
  const into = new Int32Array(1);
  await comm.allreduce(Int32Array.of(rank), { op: (a, b) => (a[0] > b[0] ? a : b), into });
  assert.equal(into[0], size - 1);
  if (size === 1) return;
  const text = (): never => "text" as never;
  await assert.rejects(async () => comm.allreduce(x, { op: text }), /made string of arrays of 1/);
});

await spmd(
  "a value that cannot be serialized is an error that says so, and texts are told from numbers",
  async (comm) => {
    const { rank } = comm;
    await assert.rejects(
      async () => comm.send({ f: () => 1 }, rank),
      new RegExp(`send: on rank ${rank} an object cannot be sent \\(.*could not be cloned`),
    );
    await assert.rejects(async () => comm.gather(() => 1), /a function cannot be sent|could not be cloned/);
    await assert.rejects(async () => comm.send(1, "0" as never), /send: dest "0" on rank/);
    await assert.rejects(async () => comm.send(1, rank, { tag: "5" as never }), /send: tag "5" on rank/);
    await assert.rejects(
      async () => comm.scatter(new Float64Array(2 * comm.size) as never),
      /scatter: rank 0 passes Float64Array\(.*to cut a typed array into blocks, pass \{ into \}/,
    );
  },
);

await realRanks(import.meta.url);
