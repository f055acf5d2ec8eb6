import assert from "node:assert/strict";
import { GroupCommunicator } from "../../src/comm/communicator.js";
import { CollectiveMismatchError, RemoteError } from "../../src/comm/errors.js";
import type { Communicator } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

/** As with --check. */
async function comparing(comm: Communicator, body: () => Promise<void>): Promise<void> {
  assert.ok(comm instanceof GroupCommunicator);
  const { engine } = comm;
  const before = engine.check;
  await comm.barrier();
  engine.check = true;
  try {
    await body();
  } finally {
    engine.check = before;
  }
}

/** Calls of which no message passes between ranks that differ, so that only a comparison tells. */
const APART: Readonly<Record<string, (comm: Communicator) => PromiseLike<unknown>>> = {
  "bcast, each from itself": (comm) => comm.bcast({ from: comm.rank }, { root: comm.rank }),
  "scatter, each from itself": (comm) =>
    comm.scatter(
      Array.from({ length: comm.size }, (_, i) => i),
      { root: comm.rank },
    ),
  "reduce, each to itself": (comm) => comm.reduce(Float64Array.of(1), { root: comm.rank }),
  "gather, each to itself": (comm) => comm.gather("mine", { root: comm.rank }),
  "the last rank from itself": (comm) => comm.bcast(1, { root: comm.rank === comm.size - 1 ? comm.rank : 0 }),
};

for (const [what, call] of Object.entries(APART)) {
  await spmd(
    `with --check ranks that differ are told before anything is done: ${what}`,
    (comm) =>
      comparing(comm, async () => {
        const error = await call(comm).then(
          () => assert.fail("no error"),
          (reason: unknown) => reason,
        );
        assert.ok(error instanceof CollectiveMismatchError || error instanceof RemoteError, String(error));
        assert.match(error.message, /root \d.* on rank \d.*root \d.* on rank \d/);
        assert.equal(await comm.allreduce(1), comm.size);
      }),
    { sizes: [2, 3, 4, 7] },
  );
}

await spmd("with --check collectives that agree give what they give without", (comm) =>
  comparing(comm, async () => {
    const { rank, size } = comm;
    const sum = (size * (size - 1)) / 2;
    await comm.barrier();
    assert.equal(await comm.allreduce(rank), sum);
    assert.equal(await comm.bcast(rank, { root: size - 1 }), size - 1);
    const all = Array.from({ length: size }, (_, i) => i);
    assert.deepEqual(await comm.allgather(rank), all);
    assert.equal(await comm.scatter(all, { root: 0 }), rank);
    assert.deepEqual(await comm.alltoall(all.map(() => rank)), all);
    const [x, y] = [comm.allreduce(Float64Array.of(rank)), comm.allreduce(new Float64Array(3000).fill(1))];
    assert.equal((await y)[2999], size);
    assert.equal((await x)[0], sum);
    const half = await comm.split(rank % 2);
    assert.equal(await half?.allreduce(1), Math.ceil((size - (rank % 2)) / 2));
  }),
);

await realRanks(import.meta.url);
