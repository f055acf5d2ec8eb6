import assert from "node:assert/strict";
import { CollectiveMismatchError, RemoteError } from "../../src/comm/errors.js";
import type { Communicator } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

/** On every rank one of these errors, and afterwards the communicator works as before. */
async function rejectsEverywhere(
  comm: Communicator,
  call: () => PromiseLike<unknown>,
  texts: RegExp,
): Promise<void> {
  await assert.rejects(
    async () => call(),
    (error) => error instanceof Error && texts.test(error.message),
  );
  assert.equal(await comm.allreduce(1), comm.size);
  await comm.barrier();
}

const several = { sizes: [2, 3, 4, 7] };

await spmd(
  "a wrong argument on one rank is an error on all, which names that rank",
  async (comm) => {
    const last = comm.size - 1;
    const odd = comm.rank === last;
    await rejectsEverywhere(
      comm,
      () => comm.allreduce(odd ? {} : 1),
      new RegExp(`not an object|on rank ${last}`),
    );
    const x = new Float64Array(2);
    await rejectsEverywhere(
      comm,
      () => comm.allreduce(x, { into: new Float64Array(odd ? 3 : 2) }),
      new RegExp(`rank ${last}`),
    );
    await rejectsEverywhere(
      comm,
      () => comm.alltoall(Array.from({ length: odd ? 1 : comm.size })),
      new RegExp(`rank ${last}`),
    );
    await rejectsEverywhere(comm, () => comm.split(odd ? 0.5 : 1), new RegExp(`color 0.5 on rank ${last}`));
  },
  several,
);

await spmd(
  "bcast with a wrong root on one rank: the ranks that wait for it fail, and all go on together",
  async (comm) => {
    const last = comm.size - 1;
    const call = async (): Promise<unknown> => comm.bcast(1, { root: comm.rank === last ? 99 : 0 });
    if (comm.rank === last) await assert.rejects(call, new RegExp(`root 99 on rank ${last}`));
    else await call().catch((error: unknown) => assert.ok(error instanceof RemoteError)); // some may have left before
    assert.equal(await comm.allreduce(1), comm.size);
  },
  several,
);

await spmd(
  "a wrong argument that every rank passes is an error on all",
  async (comm) => {
    await rejectsEverywhere(
      comm,
      () => comm.allreduce(new Float64Array(1), { op: "band" }),
      /"band" combines bits of integers/,
    );
    await rejectsEverywhere(comm, () => comm.scatter([1], { root: 0 }), /array of \d+ values|array of 1/);
  },
  several,
);

await spmd(
  "rule 30: different collectives are an error that names both",
  async (comm) => {
    const odd = comm.rank === comm.size - 1;
    const mismatch = (
      a: () => PromiseLike<unknown>,
      b: () => PromiseLike<unknown>,
      pattern: RegExp,
    ): Promise<void> => rejectsEverywhere(comm, odd ? a : b, pattern);
    await mismatch(
      () => comm.allreduce(1, { op: "max" }),
      () => comm.allreduce(1),
      /allreduce\(max.*allreduce\(sum|allreduce\(sum.*allreduce\(max/,
    );
    await mismatch(
      () => comm.allreduce(new Float64Array(3)),
      () => comm.allreduce(new Float64Array(2)),
      /float64 × [23].*float64 × [23]/,
    );
    await mismatch(
      () => comm.barrier(),
      () => comm.allreduce(1),
      /barrier/,
    );
    await mismatch(
      () => comm.allreduce(new Float64Array(1000)),
      () => comm.allreduce(new Float64Array(1)),
      /float64 × 1000/,
    );
    await mismatch(
      () => comm.allgather(1),
      () => comm.barrier(),
      /allgather/,
    );
  },
  several,
);

await spmd(
  "errors know their kind",
  async (comm) => {
    const odd = comm.rank === 0;
    await assert.rejects(
      async () => (odd ? comm.barrier() : comm.allreduce(1)),
      (error) => error instanceof CollectiveMismatchError || error instanceof RemoteError,
    );
    await comm.barrier();
  },
  several,
);

await realRanks(import.meta.url);
