import assert from "node:assert/strict";
import { CollectiveMismatchError } from "../../src/comm/errors.js";
import type { CallInfo } from "../../src/comm/api/interception.js";
import { Layout } from "../../src/comm/layout.js";
import type { Communicator } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

interface Entry {
  readonly when: "before" | "after" | "error";
  readonly call: CallInfo;
  readonly outcome?: unknown;
}

/** Notes all calls of a communicator. */
function watch(comm: Communicator): { readonly log: Entry[]; readonly watching: Disposable } {
  const log: Entry[] = [];
  const watching = comm.use({
    before: (call) => log.push({ when: "before", call }),
    after: (call, outcome) => log.push({ when: "after", call, outcome }),
    error: (call, outcome) => log.push({ when: "error", call, outcome }),
  });
  return { log, watching };
}

const titles = (log: readonly Entry[]): string[] => log.map(({ when, call }) => `${when} ${call.op}`);

await spmd(
  "every call is seen once, before it starts and with its result, and does what it always does",
  async (comm) => {
    const { rank, size } = comm;
    const { log, watching } = watch(comm);
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    assert.equal(await comm.allreduce(1), size);
    const received = comm.recv({ source: previous, tag: 3 });
    await comm.send(rank, next, { tag: 3 });
    assert.equal(await received, previous);
    assert.equal(received.status?.source, previous);
    assert.deepEqual(titles(log), [
      "before allreduce",
      "after allreduce",
      ...["before recv", "before send", "after send", "after recv"],
    ]);
    assert.deepEqual(log[3].call.args, [rank, next, { tag: 3 }]);
    assert.deepEqual([log[0].call.comm, log[0].call.rank, log[1].outcome], [comm.name, rank, size]);
    assert.equal(comm.iprobe(), undefined);
    const whole = {
      data: Float64Array.of(rank),
      layout: Layout.vector({ count: 1, blockLength: 1, stride: 1 }),
    };
    const pieces = Array.from({ length: size }, () => whole);
    await comm.alltoallw(pieces, { into: pieces });
    assert.deepEqual(titles(log).slice(6), [
      "before iprobe",
      "after iprobe",
      "before alltoallw", // and not the alltoall that it consists of
      "after alltoallw",
    ]);
    watching[Symbol.dispose]();
    await comm.barrier();
    assert.equal(log.length, 10);
    assert.deepEqual(
      Object.keys(comm).filter((key) => key === "barrier" || key === "send"),
      [],
    );
  },
);

await spmd(
  "communicators that are made of an intercepted one are intercepted, and others are not",
  async (comm) => {
    const other = comm.dup();
    const { log, watching } = watch(comm);
    const half = await comm.split(comm.rank % 2);
    const twin = half?.dup();
    await twin?.allreduce(1);
    await other.barrier();
    assert.deepEqual(titles(log), [
      ...["before split", "after split", "before dup", "after dup", "before allreduce", "after allreduce"],
    ]);
    assert.equal(log[4].call.comm, twin?.name);
    const grid = await comm.cart([comm.size], { periods: true });
    await grid?.neighborAllgather(comm.rank);
    assert.deepEqual(titles(log).slice(-2), ["before neighborAllgather", "after neighborAllgather"]);
    watching[Symbol.dispose]();
  },
);

await spmd(
  "onError is called before a call rejects or throws, and what it throws takes the error's place",
  async (comm) => {
    const seen: string[] = [];
    const first = comm.onError((error, { op }) => void seen.push(`${op}: ${String(error)}`));
    const { size } = comm;
    await assert.rejects(async () => comm.send(1, size), /dest \d is not|dest \d on rank/);
    assert.throws(() => comm.iprobe({ source: size }), RangeError);
    await assert.rejects(async () => comm.bcast(1, { root: size }), /root \d/);
    assert.equal(seen.length, 3);
    assert.match(seen[0], /^send: RangeError/);
    assert.match(seen[2], /^bcast: /);
    first[Symbol.dispose]();
    const second = comm.onError((cause) => {
      throw new Error("my own", { cause });
    });
    await assert.rejects(async () => comm.bcast(1, { root: size }), /^Error: my own$/);
    assert.equal(seen.length, 3);
    second[Symbol.dispose]();
  },
);

await spmd("several interceptors run in the order in which they were added", async (comm) => {
  const order: string[] = [];
  const a = comm.use({ before: () => order.push("a before"), after: () => order.push("a after") });
  const b = comm.use({ before: () => order.push("b before") });
  await comm.barrier();
  assert.deepEqual(order, ["a before", "b before", "a after"]);
  a[Symbol.dispose]();
  await comm.barrier();
  assert.deepEqual(order.slice(3), ["b before"]);
  b[Symbol.dispose]();
});

await spmd(
  "a mismatch still names the lines of the program where both calls are awaited",
  async (comm) => {
    comm.use({});
    const both = async (): Promise<unknown> => {
      if (comm.rank === 0) return await comm.barrier();
      return await comm.allreduce(1);
    };
    await assert.rejects(both, (error) => {
      assert.ok(comm.rank > 0 || error instanceof CollectiveMismatchError, String(error));
      if (error instanceof CollectiveMismatchError)
        for (const site of error.mismatch.sites) assert.match(site, /interceptors\.test/);
      return true;
    });
  },
  { sizes: [2, 3, 4] },
);

await realRanks(import.meta.url);
