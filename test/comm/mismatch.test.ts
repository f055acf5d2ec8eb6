import assert from "node:assert/strict";
import { CollectiveMismatchError, RemoteError } from "../../src/comm/errors.js";
import type { Communicator } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

type Call = (comm: Communicator) => PromiseLike<unknown>;

// Each stands on a line of its own, which the errors must name.
async function usual(comm: Communicator, call: Call): Promise<void> {
  await call(comm);
}

async function odd(comm: Communicator, call: Call): Promise<void> {
  await call(comm);
}

const CASES: Readonly<Record<string, readonly [usual: Call, odd: Call, text: RegExp]>> = {
  operation: [
    (comm) => comm.barrier(),
    (comm) => comm.allreduce(1),
    /barrier\(\).*allreduce\(sum, float64 × 1\)|allreduce.*barrier/,
  ],
  reduction: [(comm) => comm.allreduce(1), (comm) => comm.allreduce(1, { op: "max" }), /sum.*max|max.*sum/],
  "element type": [
    (comm) => comm.allreduce(new Float64Array(2)),
    (comm) => comm.allreduce(new Float32Array(2)),
    /float64 × 2.*float32 × 2|float32 × 2.*float64 × 2/,
  ],
  count: [
    (comm) => comm.allreduce(new Float64Array(3000)),
    (comm) => comm.allreduce(new Float64Array(2)),
    /× 3000.*× 2|× 2.*× 3000/,
  ],
  "counts of blocks": [
    (comm) => comm.reduceScatter(new Float64Array(2 * comm.size), { counts: twos(comm, 0) }),
    (comm) => comm.reduceScatter(new Float64Array(2 * comm.size), { counts: twos(comm, 1) }),
    /counts #/,
  ],
  reproducible: [
    (comm) => comm.allreduce(new Float64Array(2)),
    (comm) => comm.allreduce(new Float64Array(2), { reproducible: true }),
    /reproducible/,
  ],
  "name of an op of one's own": [
    (comm) => comm.allreduce("a", { op: { name: "join", commute: false, combine: (a, b) => a + b } }),
    (comm) => comm.allreduce("a", { op: { name: "first", commute: false, combine: (a) => a } }),
    /op of its own, op #/,
  ],
};

/** Blocks of two, but for some that the first rank has less and the last one more. */
function twos({ size }: Communicator, moved: number): number[] {
  return Array.from({ length: size }, (_, rank) => 2 + (rank === size - 1 ? moved : rank === 0 ? -moved : 0));
}

for (const [what, [usualCall, oddCall, text]] of Object.entries(CASES)) {
  await spmd(
    `a different ${what} is an error that names both ranks and both lines, and then all goes on`,
    async (comm) => {
      const isOdd = comm.rank === comm.size - 1;
      const error = await (isOdd ? odd(comm, oddCall) : usual(comm, usualCall)).then(
        () => assert.fail("no error"),
        (reason: unknown) => reason as Error,
      );
      assert.ok(error instanceof CollectiveMismatchError || error instanceof RemoteError, error.stack);
      assert.match(error.message, text);
      assert.match(error.message, new RegExp(`on rank ${comm.size - 1}`));
      assert.match(
        error.message,
        /on rank \d at .*mismatch\.test\.[jt]s:\d+:\d+.* on rank \d at .*mismatch\.test\.[jt]s:\d+:\d+/,
      );
      if (error instanceof CollectiveMismatchError) {
        const { sites } = error.mismatch;
        assert.notEqual(sites[0], sites[1]);
        assert.ok(error.mismatch.ranks.includes(comm.size - 1));
      }
      assert.equal(await comm.allreduce(1), comm.size);
    },
    { sizes: [2, 3, 4, 7] },
  );
}

await spmd(
  "a different root is an error that names both ranks, even where the root has returned already",
  async (comm) => {
    const isOdd = comm.rank === comm.size - 1;
    await comm.bcast(1, { root: isOdd ? comm.size - 1 : 0 }).then(
      () => assert.ok(comm.rank === 0 || comm.size > 2 || isOdd),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, /root 0.* on rank \d.*root \d/);
      },
    );
  },
  { sizes: [2, 3, 4, 7], real: false },
);

await spmd(
  "who gets nothing of a reduceScatter may have returned when others see that it called another one",
  async (comm) => {
    const isOdd = comm.rank === comm.size - 1;
    const x = new Float64Array(2);
    const counts = (first: number, last: number): number[] =>
      Array.from({ length: comm.size }, (_, rank) =>
        rank === 0 ? first : rank === comm.size - 1 ? last : 0,
      );
    await comm.reduceScatter(x, { counts: isOdd ? counts(1, 1) : counts(2, 0) }).then(
      () => assert.ok(comm.rank > 0 && !isOdd),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, /counts #.*counts #/);
      },
    );
    assert.equal(await comm.allreduce(1), comm.size);
  },
  { sizes: [2, 3, 4, 7] },
);

await realRanks(import.meta.url);
