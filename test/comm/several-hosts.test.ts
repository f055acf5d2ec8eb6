import assert from "node:assert/strict";
import { CHOICES } from "../../src/comm/collectives/choices.js";
import { CollectiveMismatchError, RemoteError } from "../../src/comm/errors.js";
import type { Communicator } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

/**
 * Collectives of ranks of which some share a host: as real processes on played hosts, parts of them go through memory
 * that the ranks of one host share.
 */

/** Around what fits in a head, on a board, and in neither. */
const LENGTHS = [0, 1, 3, 4, 200, 5_000, 20_000, 200_000];

/** As `Float64Array.from({ length }, …)`, many times faster. */
function vector(length: number, valueAt: (i: number) => number): Float64Array {
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = valueAt(i);
  return values;
}

/** Distinct on each rank and element, and whole, so that any order of additions gives the same sum. */
const x = (rank: number, length: number): Float64Array => vector(length, (i) => 100 * rank + (i % 89));
const sumOf = (size: number, length: number): Float64Array =>
  vector(length, (i) => 50 * size * (size - 1) + size * (i % 89));

type Call = (comm: Communicator) => PromiseLike<unknown>;
const PAIRS: readonly (readonly [Call, Call])[] = [
  [(comm) => comm.barrier(), (comm) => comm.allreduce(1)],
  [(comm) => comm.allreduce(new Float64Array(3)), (comm) => comm.allreduce(new Float64Array(20_000))],
  [(comm) => comm.allreduce(1, { op: "max" }), (comm) => comm.allreduce(1)],
  [
    (comm) => comm.allgather(Float64Array.of(1), { into: new Float64Array(comm.size) }),
    (comm) => comm.reduceScatter(new Float64Array(comm.size)),
  ],
];

/** Communicators whose ranks lie differently on hosts. */
async function orders(comm: Communicator): Promise<readonly Communicator[]> {
  const backwards = await comm.split(0, -comm.rank);
  const woven = await comm.split(0, comm.rank % 2);
  assert.ok(backwards !== undefined && woven !== undefined);
  return [comm, comm.dup(), backwards, woven];
}

for (const algorithm of [undefined, "hierarchical", "striped"]) {
  await spmd(
    `${algorithm ?? "the rule's choice"}: results of all lengths, on ranks that lie in any order on hosts`,
    async (world) => {
      for (const comm of await orders(world)) {
        const names = Object.entries(CHOICES).flatMap(([name, names]) =>
          algorithm !== undefined && names.includes(algorithm) ? [name] : [],
        );
        comm.configure({ algorithms: Object.fromEntries(names.map((name) => [name, algorithm ?? ""])) });
        for (const length of LENGTHS) await check(comm, length);
        if (comm !== world) comm.free();
      }
    },
    { sizes: [2, 3, 5] },
  );
}

async function check(comm: Communicator, length: number): Promise<void> {
  const { rank, size } = comm;
  const sum = sumOf(size, length);
  assert.deepEqual(await comm.allreduce(x(rank, length)), sum);
  const value = x(rank, length);
  await comm.allreduce(value, { into: value });
  assert.deepEqual(value, sum, "in place");
  for (const root of new Set([0, size - 1])) {
    const reduced = await comm.reduce(x(rank, length), { root });
    assert.deepEqual(reduced, rank === root ? sum : undefined);
    assert.deepEqual(
      await comm.bcast(rank === root ? x(root, length) : undefined, { root }),
      x(root, length),
    );
    const into = new Float64Array(length);
    await comm.bcast(rank === root ? x(root, length) : undefined, { root, into });
    assert.deepEqual(into, x(root, length));
  }
  const part = Math.floor(length / size);
  const counts = Array.from({ length: size }, (_, i) => (i === 0 ? length - part * (size - 1) : part));
  const start = counts.slice(0, rank).reduce((total, count) => total + count, 0);
  const block = await comm.reduceScatter(x(rank, length), { counts });
  assert.deepEqual(block, sum.subarray(start, start + counts[rank]));
  const whole = await comm.allgather(block, { into: new Float64Array(length), counts });
  assert.deepEqual(whole, sum);
  const values = vector(size * part, (i) => 1000 * rank + i);
  const got = await comm.alltoall(values, { into: new Float64Array(size * part) });
  const mine = vector(size * part, (i) => 1000 * Math.floor(i / part) + rank * part + (i % part));
  assert.deepEqual(got, mine);
  await comm.barrier();
}

await spmd(
  "sums of a host's ranks have the same bits everywhere, and every time",
  async (comm) => {
    for (const length of [1, 100, 30_000]) {
      const values = Float64Array.from({ length }, (_, i) => Math.sin(7 * comm.rank + i) * 10 ** (i % 30));
      const first = await comm.allreduce(values);
      const all = await comm.allgather(first);
      for (const other of all) assert.deepEqual(other, first);
      for (let i = 0; i < 5; i++) assert.deepEqual(await comm.allreduce(values), first);
    }
  },
  { sizes: [3, 5] },
);

await spmd(
  "many calls under way, on several communicators, of which some only one rank waits for",
  async (world) => {
    const comms = await orders(world);
    for (let round = 0; round < 8; round++) {
      const waits = comms.flatMap((comm, k) => {
        const { rank, size } = comm;
        const root = (round + k) % size;
        const expected = async (wait: PromiseLike<unknown>, value: unknown): Promise<void> =>
          assert.deepEqual(await wait, value, `round ${round}, communicator ${k}`);
        const long = round % 2 === 0 ? 20_000 : 2_000;
        return [
          expected(comm.bcast(rank === root ? x(root, long) : undefined, { root }), x(root, long)),
          expected(comm.allreduce(rank), (size * (size - 1)) / 2),
          expected(comm.reduce(1, { root }), rank === root ? size : undefined),
          expected(comm.bcast(rank === root ? { round } : undefined, { root }), { round }),
          expected(comm.allreduce(x(rank, long)), sumOf(size, long)),
          expected(
            comm.gather({ rank }, { root }),
            rank === root ? Array.from({ length: size }, (_, i) => ({ rank: i })) : undefined,
          ),
          expected(comm.reduce(x(rank, long), { root }), rank === root ? sumOf(size, long) : undefined),
          expected(comm.barrier(), undefined),
        ];
      });
      if (world.rank === round % world.size) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(waits);
    }
    for (const comm of comms) if (comm !== world) comm.free();
  },
  { sizes: [2, 3, 5] },
);

await spmd(
  "a rank that refuses its part of a call is missed by no later one",
  async (comm) => {
    const last = comm.size - 1;
    for (let round = 0; round < 6; round++) {
      const into = new Float64Array(comm.rank === last ? 3 : 2);
      const root = round % comm.size;
      const refused = comm.bcast(comm.rank === root ? new Float64Array(2) : undefined, { root, into });
      const later = [comm.allreduce(1), comm.reduce(1, { root: 0 }), comm.bcast(round, { root: 0 })];
      await refused.then(
        () => assert.ok(comm.rank !== last, "refused"),
        (error: unknown) => assert.match(String(error), /lengths|type/),
      );
      const [all, reduced, value] = await Promise.all(later);
      assert.deepEqual([all, reduced, value], [comm.size, comm.rank === 0 ? comm.size : undefined, round]);
    }
  },
  { sizes: [2, 3, 5] },
);

await spmd(
  "different calls on ranks of one host, or of two, are an error with both ranks, and then all goes on",
  async (comm) => {
    for (const odd of [0, 1, comm.size - 1])
      for (const [usual, other] of PAIRS) {
        const call = comm.rank === odd ? other : usual;
        await Promise.resolve(call(comm)).then(
          () => assert.fail("no error"),
          (error: unknown) => {
            assert.ok(
              error instanceof CollectiveMismatchError || error instanceof RemoteError,
              String(error),
            );
            assert.match(error.message, new RegExp(`on rank ${odd}`));
          },
        );
        assert.equal(await comm.allreduce(1), comm.size);
      }
  },
  { sizes: [2, 3, 5] },
);

await realRanks(import.meta.url, [
  [3, "shm"],
  [3, "hosts"],
  [5, "hosts"],
]);
