import assert from "node:assert/strict";
import fc from "fast-check";
import { simulate } from "../../../src/comm/simulate.js";
import type { Communicator } from "../../../src/comm/types.js";
import { type PartName, partColor } from "../../../src/comm/structure/locality.js";
import type { Topology } from "../../../src/topology/topology.js";
import { realRanks, spmd } from "../../spmd.js";

const ranksOf = (comm: Communicator): number[] => Array.from({ length: comm.size }, (_, rank) => rank);
const several = { sizes: [2, 3, 4, 7] };

/** A communicator works: everybody is there, in this order, and a reduction comes out right. */
async function works(comm: Communicator, ranks: readonly number[]): Promise<void> {
  assert.deepEqual([...comm.group.ranks], ranks);
  assert.equal(comm.group.rank, comm.rank);
  assert.equal(await comm.allreduce(comm.rank), (ranks.length * (ranks.length - 1)) / 2);
  assert.deepEqual(await comm.allgather(ranks[comm.rank]), ranks);
  await comm.barrier();
}

await spmd("create: the group's members in the group's order, undefined elsewhere", async (comm) => {
  const world = comm.group.ranks;
  const backwards = ranksOf(comm)
    .reverse()
    .filter((rank) => rank % 2 === 0);
  const made = await comm.create(comm.group.incl(backwards));
  assert.equal(made === undefined, comm.rank % 2 === 1);
  if (made !== undefined)
    await works(
      made,
      backwards.map((rank) => world[rank]),
    );
  assert.equal(await comm.create(comm.group.incl([])), undefined, "of an empty group nothing is made");
});

await spmd("create: ranks may pass groups that have no rank in common", async (comm) => {
  const mine = ranksOf(comm).filter((rank) => rank % 3 === comm.rank % 3);
  const made = await comm.create(comm.group.incl(mine));
  assert.ok(made !== undefined);
  await works(
    made,
    mine.map((rank) => comm.group.ranks[rank]),
  );
});

await spmd(
  "create: different groups are an error on every rank, which names both ranks",
  async (comm) => {
    const group = comm.rank === 0 ? comm.group : comm.group.excl([0]);
    await assert.rejects(
      async () => comm.create(group),
      /create: rank 0 passes the group of ranks 0, 1.*and rank \d/,
    );
    assert.equal(await comm.allreduce(1), comm.size, "and the communicator works as before");
  },
  several,
);

await spmd(
  "createGroup: the members alone make it, again and again, and several at a time by tag",
  async (comm) => {
    const members = ranksOf(comm)
      .filter((rank) => rank !== 1)
      .reverse();
    const group = comm.group.incl(members);
    if (comm.rank !== 1) {
      const [a, b] = [comm.createGroup(group, 1), comm.createGroup(group, 2)];
      for (const made of [await b, await a, await comm.createGroup(group)])
        await works(made, [...group.ranks]);
    }
    // Rank 1 has taken no part, and the parent is none the worse.
    assert.equal(await comm.allreduce(1), comm.size);
  },
);

await spmd(
  "createGroup: who is not in the group is refused",
  async (comm) => {
    await assert.rejects(
      async () => comm.createGroup(comm.group.excl([comm.rank])),
      /rank \d of ".*" is not in the group of ranks/,
    );
    const other = await comm.split(comm.rank === 0 ? 0 : 1);
    assert.ok(other !== undefined);
    await assert.rejects(async () => other.createGroup(comm.group), /is not in ".*"/);
  },
  several,
);

await spmd("compare: identical, congruent, similar, unequal", async (comm) => {
  assert.equal(comm.compare(comm), "identical");
  assert.equal(comm.compare(comm.dup()), "congruent");
  const backwards = await comm.split(0, -comm.rank);
  const half = await comm.split(comm.rank % 2);
  assert.ok(backwards !== undefined && half !== undefined);
  assert.equal(comm.compare(backwards), comm.size === 1 ? "congruent" : "similar");
  assert.equal(comm.compare(half), comm.size === 1 ? "congruent" : "unequal");
});

await spmd("a name that is set appears in errors", async (comm) => {
  const grid = comm.dup();
  grid.name = "rows";
  await assert.rejects(
    async () => grid.send(1, 99),
    /dest 99 on rank \d is not a rank of "rows", which has \d/,
  );
});

await spmd("rule 8: free is local, and what was freed throws; others go on", async (comm) => {
  const made = await comm.split(0);
  assert.ok(made !== undefined);
  const copy = made.dup();
  // One rank after the other frees, and nobody waits for anybody.
  made.free();
  made.free();
  assert.throws(() => made.barrier(), /barrier: ".*" has been freed/);
  assert.throws(() => made.dup(), /has been freed/);
  assert.throws(() => made.send(1, 0), /has been freed/);
  await works(copy, [...comm.group.ranks]);
  {
    await using scoped = await comm.split(0);
    assert.equal(await scoped?.allreduce(1), comm.size);
  }
  await works(comm, [...comm.group.ranks]);
});

await spmd(
  "rule 8: free while an exception passes, and while operations are under way, lets those complete",
  async (comm) => {
    const made = await comm.split(0);
    assert.ok(made !== undefined);
    const next = (comm.rank + 1) % comm.size;
    const sum = made.allreduce(1);
    const large = new Float64Array(20_000).fill(comm.rank);
    const [sent, received] = [made.send(large, next), made.recv<Float64Array>()];
    made.free();
    assert.equal(await sum, comm.size);
    await sent;
    assert.equal((await received)[1], (comm.rank + comm.size - 1) % comm.size);
    // What was kept until then goes with the next one that is freed.
    (await comm.split(0))?.free();
  },
);

await spmd(
  "rule 8: messages of one communicator are never seen in another, whatever their tags",
  async (comm) => {
    const [a, b] = [comm.dup(), comm.dup()];
    const [next, previous] = [(comm.rank + 1) % comm.size, (comm.rank + comm.size - 1) % comm.size];
    const received = [
      b.recv({ source: previous }),
      a.recv({ source: previous }),
      comm.recv({ source: previous }),
    ];
    await comm.send("world", next, { tag: 1 });
    await a.send("a", next, { tag: 1 });
    await b.send("b", next, { tag: 1 });
    assert.deepEqual(await Promise.all(received), ["b", "a", "world"]);
  },
);

await spmd(
  "rule 9: collectives of different communicators are independent of each other's order",
  async (comm) => {
    const [a, b] = await Promise.all([comm.split(0), comm.split(0)]);
    assert.ok(a !== undefined && b !== undefined);
    const start = [() => a.allreduce(1), () => b.allreduce(2)];
    const order = comm.rank % 2 === 0 ? [0, 1] : [1, 0];
    const requests = order.map((i) => start[i]());
    const sums = await Promise.all(requests);
    assert.deepEqual(
      order.map((i) => sums[order.indexOf(i)] / (i + 1)),
      [comm.size, comm.size],
    );
  },
);

await spmd("splitNode: all of one host; splitLeaders: its first rank", async (comm) => {
  const { TSMPI_NODE_RANK, SLURM_NODEID } = process.env; // this machine may play several
  const host = Number(TSMPI_NODE_RANK ?? SLURM_NODEID ?? 0);
  const hosts = await comm.allgather(host);
  const mine = comm.group.ranks.filter((_, rank) => hosts[rank] === host);
  const node = await comm.splitNode({ key: -comm.rank });
  await works(node, [...mine].reverse());
  const leaders = await comm.splitLeaders();
  assert.equal(leaders?.size, hosts.indexOf(host) === comm.rank ? new Set(hosts).size : undefined);
});

await spmd("the world cannot be freed, self neither; leaving their block keeps them", async (comm) => {
  assert.throws(() => comm.self.free(), /lives as long as the program/);
  {
    await using self = comm.self;
    assert.equal(await self.allreduce(3), 3);
  }
  assert.equal(await comm.self.allreduce(3), 3);
});

await spmd(
  "200 communicators made and freed, three in use at a time, all do their small collectives",
  async (comm) => {
    const alive: Communicator[] = [];
    for (let i = 0; i < 200; i++) {
      const made = i % 5 === 4 ? alive[0].dup() : await comm.split(0, i % 2 === 0 ? comm.rank : -comm.rank);
      assert.ok(made !== undefined);
      assert.equal(await made.allreduce(i), i * comm.size);
      alive.push(made);
      if (alive.length > 3) alive.splice(i % 3, 1)[0].free();
      if (i % 7 === 0) await made.barrier();
    }
  },
);

if (process.env["TSMPI_SIZE"] === undefined) {
  const { test } = await import("tap");
  const hosts = [0, 1, 0, 1, 2, 2, 2];

  test("splitNode and splitLeaders follow the table of hosts", async () => {
    await simulate(
      7,
      async (comm) => {
        const mine = ranksOf(comm).filter((rank) => hosts[rank] === hosts[comm.rank]);
        await works(await comm.splitNode(), mine);
        const leaders = await comm.splitLeaders();
        assert.equal(leaders === undefined, mine[0] !== comm.rank);
        if (leaders !== undefined) await works(leaders, [0, 1, 4]);
      },
      { hosts },
    );
  });

  test("the world is not freed", async () => {
    await simulate(2, async (world) => {
      assert.throws(() => world.free(), /"world" lives as long as the program/);
      await world[Symbol.asyncDispose]();
      await world.barrier();
    });
  });

  test(
    "random splits of splits have the members, and the order, of an oracle",
    { timeout: 150_000 },
    async () => {
      const choice = fc.record({
        color: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
        key: fc.integer({ min: -3, max: 3 }),
      });
      const level = fc.array(choice, { minLength: 6, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 6 }),
          fc.array(level, { minLength: 1, maxLength: 3 }),
          fc.nat(),
          async (size, levels, seed) => {
            await simulate(
              size,
              async (world) => {
                let comm: Communicator | undefined = world;
                let expected = ranksOf(world);
                for (const choices of levels) {
                  const mine: (typeof choices)[number] = choices[world.rank];
                  const next: Communicator | undefined = await comm.split(mine.color, mine.key);
                  expected = expected
                    .filter((rank) => choices[rank].color === mine.color)
                    .sort((a, b) => choices[a].key - choices[b].key);
                  assert.equal(next === undefined, mine.color === undefined);
                  if (next === undefined) return;
                  await works(next, expected);
                  comm = next;
                }
              },
              { seed },
            );
          },
        ),
        { numRuns: 40 },
      );
    },
  );
}

await spmd(
  "splitNode by a part of a host: parts of hosts, each rank in one, in the order of their ranks",
  async (comm) => {
    const node = await comm.splitNode();
    for (const by of ["host", "socket", "numa", "l3", "core"] as const) {
      const part = await comm.splitNode({ by });
      assert.ok(part.group.ranks.every((rank) => node.group.ranks.includes(rank)));
      assert.deepEqual(
        part.group.ranks,
        part.group.ranks.toSorted((a, b) => a - b),
      );
      assert.equal(await part.allreduce(1), part.size);
      // Parts are disjoint, and leave nobody out.
      assert.equal(
        await comm.allreduce(1 / part.size, { reproducible: true }).then(Math.round),
        await parts(comm, part),
      );
      part.free();
    }
    const by = comm.rank === comm.size - 1 ? "numa" : "core";
    if (comm.size > 1)
      await assert.rejects(
        async () => comm.splitNode({ by }),
        /rank 0 passes by "core" and rank \d passes by "numa"/,
      );
    const odd = "rack" as "core";
    await assert.rejects(async () => comm.splitNode({ by: odd }), /by "rack" is none of host, socket/);
  },
);

/** How many parts there are: each has one first rank. */
async function parts(comm: Communicator, part: Communicator): Promise<number> {
  return comm.allreduce(part.rank === 0 ? 1 : 0);
}

await spmd("a rank belongs to the part that holds all its CPUs, and to none if they are in several", () => {
  const cpu = (id: number): Topology[number] => ({
    id,
    core: id >> 1,
    l3: id & ~3,
    numa: id >> 3,
    socket: id >> 4,
  });
  const color = (host: number, by: PartName, ...ids: number[]): number => partColor(host, by, ids.map(cpu));
  assert.equal(color(1, "core", 2), color(1, "core", 3));
  assert.notEqual(color(1, "core", 2), color(1, "core", 4));
  assert.notEqual(color(1, "core", 2), color(2, "core", 2));
  assert.equal(color(0, "l3", 4, 5, 6), color(0, "l3", 7));
  assert.equal(color(0, "numa", 0, 7), color(0, "numa", 3));
  assert.equal(color(0, "core", 0, 2), color(0, "core", 7, 8), "of no part");
  assert.notEqual(color(0, "core", 0, 2), color(0, "core", 0));
  assert.notEqual(color(0, "core", 0, 2), color(1, "core", 0, 2));
  assert.equal(color(3, "host", 0, 99), color(3, "host", 5));
  const noCache = { ...cpu(0), l3: -1 - 3 };
  assert.notEqual(partColor(0, "l3", [noCache]), color(0, "l3", 0, 99));
});

await realRanks(import.meta.url);
