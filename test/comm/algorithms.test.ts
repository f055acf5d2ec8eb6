import assert from "node:assert/strict";
import { test } from "tap";
import { CHOICES } from "../../src/comm/collectives/choices.js";
import { simulate } from "../../src/comm/simulate.js";
import type { Communicator } from "../../src/comm/types.js";

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17];
/** Which host a rank is on: all on one, in blocks, round robin, uneven. */
const MAPPINGS: readonly ((rank: number, size: number) => number)[] = [
  () => 0,
  (rank) => Math.floor(rank / 2),
  (rank) => rank % 3,
  (rank, size) => (rank === 0 ? 0 : rank < size / 2 ? 1 : 2),
];
const LENGTHS = [0, 1, 40];

type Check = (comm: Communicator, length: number) => Promise<void>;

const ranksOf = ({ size }: { size: number }): number[] => Array.from({ length: size }, (_, rank) => rank);
/** Whole numbers, so that any order of additions gives the same sum. */
const x = (rank: number, length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => 100 * rank + i + 1);
const sumOf = (ranks: readonly number[], length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => ranks.reduce((sum, rank) => sum + 100 * rank + i + 1, 0));
/** Blocks of uneven lengths, some empty. */
const counts = (size: number, length: number): number[] =>
  ranksOf({ size }).map((rank) => (rank * 7 + length) % 4);
const concat = (arrays: readonly Float64Array[]): Float64Array =>
  Float64Array.from(arrays.flatMap((a) => [...a]));

/** What a collective must do, by a sequential oracle. */
const CHECKS: Readonly<Record<string, Check>> = {
  async barrier(comm) {
    await comm.barrier();
  },
  async bcast(comm, length) {
    for (const root of new Set([0, comm.size - 1])) {
      const value = await comm.bcast(comm.rank === root ? x(root, length) : undefined, { root });
      assert.deepEqual(value, x(root, length));
      const into = new Float64Array(length);
      await comm.bcast(comm.rank === root ? x(root, length) : undefined, { root, into });
      assert.deepEqual(into, x(root, length));
    }
    assert.deepEqual(await comm.bcast(comm.rank === 0 ? { list: [1n] } : undefined), { list: [1n] });
  },
  async reduce(comm, length) {
    for (const root of new Set([0, comm.size - 1])) {
      const sum = await comm.reduce(x(comm.rank, length), { root });
      assert.deepEqual(sum, comm.rank === root ? sumOf(ranksOf(comm), length) : undefined);
    }
  },
  async allreduce(comm, length) {
    assert.deepEqual(await comm.allreduce(x(comm.rank, length)), sumOf(ranksOf(comm), length));
    const pairs = Float64Array.from({ length: 2 * length }, (_, i) =>
      i % 2 ? comm.rank : Math.abs(comm.rank - ((i / 2) % comm.size)),
    );
    const nearest = await comm.allreduce(pairs, { op: "minloc" });
    for (let i = 0; i < length; i++)
      assert.deepEqual([...nearest.subarray(2 * i, 2 * i + 2)], [0, i % comm.size]);
  },
  async gather(comm, length) {
    for (const root of new Set([0, comm.size - 1])) {
      const sizes = counts(comm.size, length);
      const whole = concat(ranksOf(comm).map((rank) => x(rank, sizes[rank])));
      const into = comm.rank === root ? new Float64Array(whole.length) : undefined;
      await comm.gather(x(comm.rank, sizes[comm.rank]), { root, into, counts: sizes });
      if (into !== undefined) assert.deepEqual(into, whole);
      const long = "g".repeat(comm.rank === 1 ? 5000 : length);
      const all = await comm.gather(long, { root });
      assert.deepEqual(
        all?.map((text) => text.length),
        comm.rank === root ? ranksOf(comm).map((rank) => (rank === 1 ? 5000 : length)) : undefined,
      );
    }
  },
  async scatter(comm, length) {
    for (const root of new Set([0, comm.size - 1])) {
      const sizes = counts(comm.size, length);
      const whole = concat(ranksOf(comm).map((rank) => x(rank, sizes[rank])));
      const into = new Float64Array(sizes[comm.rank]);
      await comm.scatter(comm.rank === root ? whole : undefined, { root, into, counts: sizes });
      assert.deepEqual(into, x(comm.rank, sizes[comm.rank]));
      const texts = ranksOf(comm).map((rank) => "s".repeat(rank === 1 ? 5000 : rank));
      assert.equal(await comm.scatter(comm.rank === root ? texts : undefined, { root }), texts[comm.rank]);
    }
  },
  async allgather(comm, length) {
    const sizes = counts(comm.size, length);
    const whole = concat(ranksOf(comm).map((rank) => x(rank, sizes[rank])));
    const into = new Float64Array(whole.length);
    await comm.allgather(x(comm.rank, sizes[comm.rank]), { into, counts: sizes });
    assert.deepEqual(into, whole);
    const mine = x(comm.rank, length);
    const all = await comm.allgather(mine, { into: new Float64Array(length * comm.size) });
    assert.deepEqual(all, concat(ranksOf(comm).map((rank) => x(rank, length))));
    assert.deepEqual(
      await comm.allgather(`v${comm.rank}`),
      ranksOf(comm).map((rank) => `v${rank}`),
    );
  },
  async alltoall(comm, length) {
    const { rank } = comm;
    const block = (from: number, to: number): number[] =>
      Array.from({ length }, (_, i) => 1000 * from + 50 * to + i);
    const values = Float64Array.from(ranksOf(comm).flatMap((to) => block(rank, to)));
    const expected = Float64Array.from(ranksOf(comm).flatMap((from) => block(from, rank)));
    assert.deepEqual(await comm.alltoall(values, { into: new Float64Array(values.length) }), expected);
    await comm.alltoall(values, { into: values });
    assert.deepEqual(values, expected, "in place");
  },
  async scan(comm, length) {
    const before = ranksOf(comm).slice(0, comm.rank);
    assert.deepEqual(await comm.scan(x(comm.rank, length)), sumOf([...before, comm.rank], length));
    const exclusive = await comm.exscan(x(comm.rank, length));
    assert.deepEqual(exclusive, comm.rank === 0 ? undefined : sumOf(before, length));
  },
  async reduceScatter(comm, length) {
    const sizes = counts(comm.size, length);
    const total = sizes.reduce((sum, count) => sum + count, 0);
    const start = sizes.slice(0, comm.rank).reduce((sum, count) => sum + count, 0);
    const part = await comm.reduceScatter(x(comm.rank, total), { counts: sizes });
    assert.deepEqual(part, sumOf(ranksOf(comm), total).slice(start, start + sizes[comm.rank]));
  },
};

for (const [name, algorithms] of Object.entries(CHOICES)) {
  for (const algorithm of [undefined, ...algorithms]) {
    await test(`${name}: ${algorithm ?? "the rule's choice"} agrees with a sequential oracle on any ranks and hosts`, async (t) => {
      for (const size of SIZES) {
        for (const [i, mapping] of MAPPINGS.entries()) {
          if ((size + i) % 2 && size > 4) continue; // half of the cases are enough for large sizes
          const hosts = Array.from({ length: size }, (_, rank) => mapping(rank, size));
          const program = async (world: Communicator): Promise<void> => {
            // Every second mapping on a communicator that cuts across hosts, in reverse order.
            const comm = i > 1 ? await world.split(world.rank % 2, -world.rank) : world;
            assert.ok(comm);
            if (algorithm !== undefined) comm.configure({ algorithms: { [name]: algorithm } });
            for (const length of LENGTHS) await CHECKS[name](comm, length);
          };
          await simulate(size, program, { seed: size + i, hosts });
        }
      }
      t.pass(`${SIZES.length} sizes`);
    });
  }
}

await test("every collective with a choice of algorithms is checked", async (t) => {
  t.strictSame(Object.keys(CHECKS).sort(), Object.keys(CHOICES).sort());
});

await test("configure: an algorithm that does not exist is an error with the names there are", async (t) => {
  await simulate(1, (comm) => {
    t.throws(
      () => comm.configure({ algorithms: { allreduce: "rings" } }),
      /no algorithm "rings"; did you mean "ring"\? There are recursive-doubling, rabenseifner, ring/,
    );
    t.throws(() => comm.configure({ algorithms: { allreduce: [{ algorithm: "ring", bytes: -1 }] } }), {
      message: 'configure: allreduce[0]: "bytes" is -1',
    });
    t.throws(
      () => comm.configure({ algorithms: { allredcue: "ring" } }),
      /"allredcue" is no collective.*did you mean "allreduce"\? There are barrier/,
    );
  });
});

await test("ranks that ask for different algorithms are told so", async (t) => {
  await simulate(2, async (comm) => {
    comm.configure({ algorithms: { allreduce: comm.rank === 0 ? "ring" : "rabenseifner" } });
    await assert.rejects(async () => comm.allreduce(1), /by an algorithm asked for/);
  });
  t.pass();
});

/** Messages from host to host during a program. */
async function messagesBetweenHosts(
  hosts: readonly number[],
  program: (comm: Communicator) => Promise<unknown>,
): Promise<number> {
  let crossing = 0;
  await simulate(
    hosts.length,
    async (comm) => {
      await program(comm);
    },
    { hosts, onMessage: (source, dest) => (crossing += hosts[source] === hosts[dest] ? 0 : 1) },
  );
  return crossing;
}

const FLAT: Readonly<Record<string, string>> = {
  barrier: "dissemination",
  bcast: "scatter-allgather",
  reduce: "binomial",
  allreduce: "recursive-doubling",
  allgather: "bruck",
  alltoall: "linear",
  reduceScatter: "recursive-halving",
};
const BETWEEN: Readonly<Record<string, (comm: Communicator) => PromiseLike<unknown>>> = {
  barrier: (comm) => comm.barrier(),
  bcast: (comm) => comm.bcast(Float64Array.of(1)),
  reduce: (comm) => comm.reduce(Float64Array.of(1)),
  allreduce: (comm) => comm.allreduce(Float64Array.of(1)),
  allgather: (comm) => comm.allgather(Float64Array.of(1), { into: new Float64Array(comm.size) }),
  alltoall: (comm) => comm.alltoall(new Float64Array(comm.size), { into: new Float64Array(comm.size) }),
  reduceScatter: (comm) => comm.reduceScatter(new Float64Array(comm.size)),
};

for (const [name, run] of Object.entries(BETWEEN)) {
  await test(`${name}: fewer messages between hosts than a flat algorithm`, async (t) => {
    const hosts = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]; // 4 ranks on each of 4 hosts, round robin
    const flat = await messagesBetweenHosts(hosts, async (comm) => {
      comm.configure({ algorithms: { [name]: FLAT[name] } });
      await run(comm);
    });
    const chosen = await messagesBetweenHosts(hosts, async (comm) => run(comm));
    t.ok(chosen <= 12, `${chosen} with leaders`);
    t.ok(chosen < flat, `${chosen} with leaders, ${flat} flat`);
  });
}

await test("long vectors: each byte crosses between hosts as often as with one rank a host", async (t) => {
  const hosts = [0, 1, 0, 1, 0, 1, 0, 1];
  let bytes = 0;
  const length = 64 * 1024;
  await simulate(
    hosts.length,
    async (comm) => {
      const sum = await comm.allreduce(new Float64Array(length).fill(1));
      assert.equal(sum[length - 1], comm.size);
    },
    {
      hosts,
      onMessage: (source, dest, size) => (bytes += hosts[source] === hosts[dest] ? 0 : size),
    },
  );
  t.ok(bytes < 2.1 * 8 * length, `${bytes} bytes, the vector has ${8 * length}`);
});
