import assert from "node:assert/strict";
import { RevokedError } from "../../src/comm/errors.js";
import type { CallOptions, Communicator, Request } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

const several = { sizes: [2, 3, 4, 7] };

/** One of the same ranks to be ended, while the test's own goes on. */
async function another(comm: Communicator): Promise<Communicator> {
  const other = await comm.split(0);
  assert.ok(other);
  return other;
}

async function revoked(call: () => PromiseLike<unknown>): Promise<RevokedError> {
  const error = await Promise.resolve(call()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RevokedError, `a RevokedError, not ${String(error)}`);
  return error;
}

type Collective = (comm: Communicator, options: CallOptions) => Request<unknown>;
const COLLECTIVES: Readonly<Record<string, Collective>> = {
  barrier: (comm, options) => comm.barrier(options),
  allreduce: (comm, options) => comm.allreduce(1, options),
  allgather: (comm, options) => comm.allgather("x", options),
  alltoall: (comm, options) => comm.alltoall(Array.from({ length: comm.size }), options),
  reduceScatter: (comm, options) => comm.reduceScatter(new Int32Array(comm.size), options),
  split: (comm, options) => comm.split(0, comm.rank, options),
  "allreduce of the user's own": (comm, options) =>
    comm.allreduce(1, { ...options, op: { name: "f", commute: true, combine: (a, b) => a + b } }),
};

for (const [name, call] of Object.entries(COLLECTIVES)) {
  await spmd(
    `${name}: a timeout ends the communicator on all ranks with who had not come; other communicators go on`,
    async (comm) => {
      const { rank, size } = comm;
      const last = size - 1;
      const other = await another(comm);
      // The last rank comes when the others have given up.
      if (rank === last) for (let peer = 0; peer < last; peer++) await comm.recv({ source: peer, tag: 1 });
      const error = await revoked(() => call(other, { timeoutMs: 20 }));
      if (rank !== last) await comm.send(0, last, { tag: 1 });
      const { revocation } = error;
      assert.equal(error.code, "REVOKED");
      assert.equal(revocation.why, "timeout");
      assert.notEqual(error.rank, last);
      assert.ok([...revocation.missing, ...revocation.silent].includes(last), error.message); // and who is slow
      assert.match(error.message, /had not come|did not answer/);
      assert.ok(revocation.waitedMs >= 19, error.message);
      assert.ok(other.revoked);
      await revoked(() => other.barrier());
      await revoked(() => other.recv());
      await revoked(() => other.send(1, 0));
      assert.equal(await comm.allreduce(1), size);
      other.free();
      assert.equal(await (await another(comm)).allreduce(1), size);
    },
    several,
  );
}

await spmd(
  "an abort ends the communicator, and names the signal's reason",
  async (comm) => {
    const { rank, size } = comm;
    const other = await another(comm);
    const controller = new AbortController();
    if (rank === size - 1) {
      await comm.recv({ source: 0 });
      const error = await revoked(() => other.barrier());
      assert.match(error.message, /rank 0 has aborted barrier.*: enough/);
    } else if (rank === 0) {
      const waits = other.barrier({ signal: controller.signal });
      controller.abort(new Error("enough"));
      const error = await revoked(() => waits);
      assert.equal(error.revocation.why, "abort");
      assert.equal(error.rank, 0);
      await comm.send(0, size - 1);
    } else await revoked(() => other.barrier());
    assert.equal(await comm.allreduce(1), size);
  },
  several,
);

await spmd("the default time of a communicator is that of its collectives, too", async (comm) => {
  const { rank, size } = comm;
  const other = await another(comm);
  other.configure({ timeoutMs: 30_000 });
  assert.equal(await other.allreduce(1), size);
  assert.deepEqual(await other.allgather(rank), [...Array(size).keys()]);
  if (size === 1) return;
  other.configure({ timeoutMs: 20 });
  if (rank === 0) await comm.recv({ source: size - 1 });
  await revoked(() => other.allreduce(new Float64Array(3)));
  if (rank === size - 1) await comm.send(0, 0);
  await comm.barrier();
});

await spmd("calls that are over in time are not touched by their limits", async (comm) => {
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) {
    assert.equal(await comm.allreduce(1, { timeoutMs: 30_000, signal }), comm.size);
    assert.equal(await comm.bcast(i, { timeoutMs: 30_000, signal, root: i % comm.size }), i);
  }
  const requests = Array.from({ length: 5 }, (_, i) => comm.allreduce(i, { timeoutMs: 30_000 }));
  for (const [i, request] of requests.entries()) assert.equal(await request, i * comm.size);
  assert.equal(comm.revoked, false);
});

await spmd(
  "revoke ends what others wait for: collectives, receives, probes, and sends that nobody takes",
  async (comm) => {
    const { rank, size } = comm;
    const other = await another(comm);
    const waits = [
      other.recv({ source: 0, tag: 5 }),
      other.probe({ tag: 6 }),
      other.mprobe({ tag: 7 }),
      other.send(1, (rank + 1) % size, { mode: "synchronous", tag: 8 }),
      ...(rank === 0 ? [] : [other.barrier(), other.allreduce(1)]),
    ];
    await comm.barrier();
    if (rank === 0) other.revoke("out of memory");
    for (const wait of waits) {
      const error = await revoked(() => wait);
      assert.match(error.message, /rank 0 has revoked it: out of memory/);
    }
    assert.equal(await comm.allreduce(1), size);
    other.free();
  },
  several,
);

await spmd(
  "more collectives in flight than are remembered all end",
  async (comm) => {
    const { rank, size } = comm;
    const other = await another(comm);
    const last = rank === size - 1;
    const waits = last ? [] : Array.from({ length: 100 }, () => other.allreduce(1));
    await comm.barrier();
    if (last) other.revoke();
    for (const wait of waits) await revoked(() => wait);
    await comm.barrier();
  },
  { sizes: [2, 3] },
);

await spmd(
  "several calls that are given up at a time name who had not come to them",
  async (comm) => {
    const { rank, size } = comm;
    const last = size - 1;
    const other = await another(comm);
    if (rank === last) for (let peer = 0; peer < last; peer++) await comm.recv({ source: peer, tag: 1 });
    const calls = [5, 5, 6].map((timeoutMs) => other.allgather({ rank }, { timeoutMs }));
    for (const call of calls) {
      const { message, revocation } = await revoked(() => call);
      assert.ok([...revocation.missing, ...revocation.silent].includes(last), message);
    }
    if (rank !== last) await comm.send(0, last, { tag: 1 });
    await comm.barrier();
  },
  several,
);

await realRanks(import.meta.url);
