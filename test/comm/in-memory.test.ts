import assert from "node:assert/strict";
import type { Communicator, OpName, TypedArray } from "../../src/comm/types.js";
import { init } from "../../src/comm/world.js";
import { realRanks, spmd } from "../spmd.js";

const ranksOf = (comm: Communicator): number[] => Array.from({ length: comm.size }, (_, rank) => rank);
/** Integers, so that sums are exact in any order; different for every rank and index. */
const value = (rank: number, i: number): number => ((rank + 1) * (i + 7)) % 1009;
const vector = (rank: number, length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => value(rank, i));
const sumOf = (comm: Communicator, length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => ranksOf(comm).reduce((sum, rank) => sum + value(rank, i), 0));

const INTEGERS = {
  sum: (a, b) => a + b,
  prod: (a, b) => Number(BigInt.asIntN(32, BigInt(a) * BigInt(b))),
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  land: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  lor: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
  lxor: (a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0),
  band: (a, b) => a & b,
  bor: (a, b) => a | b,
  bxor: (a, b) => a ^ b,
} satisfies Partial<Record<OpName, (a: number, b: number) => number>>;

/** Lengths on both sides of every change of algorithm: a head, a board, blocks on it, other ranks' memory. */
const LENGTHS = [0, 1, 3, 4, 32, 33, 683, 2049, 4097, 20_001, 140_007];
/** On virtual ranks there is no shared memory: the same results by messages. */
const VIRTUAL = { sizes: [1, 4] };

await spmd(
  "allreduce, reduce, reduceScatter and scans of any length",
  async (comm) => {
    const { rank, size } = comm;
    for (const length of LENGTHS) {
      const x = vector(rank, length);
      const sum = sumOf(comm, length);
      const before = Float64Array.from({ length }, (_, i) =>
        ranksOf(comm)
          .slice(0, rank)
          .reduce((total, peer) => total + value(peer, i), 0),
      );
      assert.deepEqual(await comm.allreduce(x), sum, `allreduce ${length}`);
      const root = length % size;
      assert.deepEqual(await comm.reduce(x, { root }), rank === root ? sum : undefined, `reduce ${length}`);
      assert.deepEqual(
        await comm.scan(x),
        before.map((total, i) => total + x[i]),
      );
      if (rank > 0) assert.deepEqual(await comm.exscan(x), before);
      else assert.equal(await comm.exscan(x), undefined);
      const counts = ranksOf(comm).map(
        (peer) => Math.floor(((peer + 1) * length) / size) - Math.floor((peer * length) / size),
      );
      const start = Math.floor((rank * length) / size);
      const mine = sum.slice(start, start + counts[rank]);
      assert.deepEqual(await comm.reduceScatter(x, { counts }), mine, `reduceScatter ${length}`);
      assert.deepEqual(x, vector(rank, length), "inputs stay as they are");
      const y = vector(rank, length);
      assert.equal(await comm.allreduce(y, { into: y }), y);
      assert.deepEqual(y, sum, `allreduce ${length} in place`);
    }
  },
  VIRTUAL,
);

await spmd(
  "every element type and operation, long enough for kernels",
  async (comm) => {
    const length = 5001;
    const types = [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
    ];
    const ops = Object.keys(INTEGERS) as (keyof typeof INTEGERS)[];
    for (const op of ops) {
      const combine = INTEGERS[op];
      for (const Type of types) {
        const x = new Type(length).map((_, i) => value(comm.rank, i));
        const expected = new Type(length).map((_, i) => value(0, i));
        for (let rank = 1; rank < comm.size; rank++) {
          for (let i = 0; i < length; i++) expected[i] = combine(expected[i], Type.of(value(rank, i))[0]);
        }
        assert.deepEqual(await comm.allreduce<TypedArray>(x, { op }), expected, `${op} of ${Type.name}`);
      }
      const big = BigInt64Array.from({ length }, (_, i) => BigInt(value(comm.rank, i)));
      const reduced = (await comm.allreduce(big, { op }))[17];
      const terms = ranksOf(comm).map((rank) => value(rank, 17));
      if (op !== "prod")
        assert.equal(reduced, BigInt(terms.reduce((a, b) => combine(a, b))), `${op} of bigints`);
    }
  },
  VIRTUAL,
);

await spmd(
  "NaN wins in min and max, and -0 is less than 0",
  async (comm) => {
    const last = comm.rank === comm.size - 1;
    for (const Type of [Float64Array, Float32Array]) {
      const x = new Type(1000).fill(last ? -0 : 0);
      if (last) x[3] = NaN;
      const min = await comm.allreduce(x, { op: "min" });
      const max = await comm.allreduce(x, { op: "max" });
      assert.ok(Object.is(min[0], -0) && Number.isNaN(min[3]) && Number.isNaN(max[3]));
      assert.ok(Object.is(max[0], comm.size === 1 ? -0 : 0));
    }
  },
  VIRTUAL,
);

await spmd(
  "bcast, gather, allgather, scatter and alltoall of any length, also of different ones",
  async (comm) => {
    const { rank, size } = comm;
    for (const length of LENGTHS) {
      const root = length % size;
      const atRoot = rank === root;
      const text = `${length} `.repeat(Math.ceil(length / 8));
      assert.deepEqual(
        await comm.bcast(atRoot ? vector(root, length) : undefined, { root }),
        vector(root, length),
      );
      assert.deepEqual(await comm.bcast(atRoot ? { text } : undefined, { root }), { text });
      const into = atRoot ? vector(root, length) : new Float64Array(length);
      await comm.bcast(into, { root, into });
      assert.deepEqual(into, vector(root, length));

      const lengths = ranksOf(comm).map((peer) => (peer % 3 === 0 ? length : peer)); // some long, some short
      const counts = lengths;
      const all = ranksOf(comm).map((peer) => vector(peer, lengths[peer]));
      const whole = Float64Array.from(all.flatMap((block) => [...block]));
      assert.deepEqual(await comm.allgather(all[rank]), all);
      assert.deepEqual(
        await comm.allgather(all[rank], { counts, into: new Float64Array(whole.length) }),
        whole,
      );
      assert.deepEqual(await comm.gather(all[rank], { root }), atRoot ? all : undefined);
      assert.deepEqual(
        await comm.gather(all[rank], {
          root,
          counts,
          into: atRoot ? new Float64Array(whole.length) : undefined,
        }),
        atRoot ? whole : undefined,
      );
      assert.deepEqual(await comm.scatter(atRoot ? all : undefined, { root }), all[rank]);
      assert.deepEqual(
        await comm.scatter(atRoot ? whole : undefined, {
          root,
          counts,
          into: new Float64Array(lengths[rank]),
        }),
        all[rank],
      );
      assert.deepEqual(
        await comm.alltoall(ranksOf(comm).map((peer) => all[peer])),
        ranksOf(comm).map(() => all[rank]),
      );
      const recvCounts = ranksOf(comm).map(() => lengths[rank]);
      const received = new Float64Array(size * lengths[rank]);
      await comm.alltoall(whole, { counts, into: received, recvCounts });
      assert.deepEqual(received, Float64Array.from(ranksOf(comm).flatMap(() => [...all[rank]])));
    }
  },
);

await spmd(
  "in place on some ranks only, and in buffers that are parts of one: all ranks take the same way",
  async (comm) => {
    const { rank, size } = comm;
    const pool = new Float64Array(8 * size);
    const [value, into] = [pool.subarray(0, 1), pool.subarray(size, 2 * size)];
    const all = Float64Array.from(ranksOf(comm));
    for (let odd = 0; odd < 2; odd++) {
      const inPlace = rank % 2 === odd;
      for (const root of ranksOf(comm)) {
        const atRoot = rank === root;
        value[0] = rank;
        into.fill(-1)[rank] = rank;
        const target = atRoot ? into : undefined;
        await comm.gather(atRoot && odd === 0 ? into : value, { root, into: target });
        if (atRoot) assert.deepEqual(into, all);
        const parts = pool.subarray(2 * size, 3 * size);
        parts.set(all);
        await comm.scatter(atRoot ? parts : undefined, { root, into: atRoot && odd === 0 ? parts : value });
        if (!atRoot || odd === 1) assert.equal(value[0], rank);
        assert.deepEqual(parts, all);
      }
      into.fill(-1)[rank] = rank;
      await comm.allgather(inPlace ? into : value, { into });
      assert.deepEqual(into, all);
      const sent = pool.subarray(3 * size, 4 * size).map((_, peer) => 10 * rank + peer);
      const received = inPlace ? sent : pool.subarray(4 * size, 5 * size);
      await comm.alltoall(sent, { into: received });
      assert.deepEqual(
        received,
        all.map((peer) => 10 * peer + rank),
      );
      const terms = pool.subarray(5 * size, 6 * size).map((_, i) => i + rank);
      const block = await comm.reduceScatter(terms, inPlace ? { into: terms } : {});
      assert.deepEqual([...block], [(size * (size - 1)) / 2 + size * rank]);
    }
  },
  VIRTUAL,
);

await spmd(
  "the root of a bcast runs ahead, and nothing is overwritten before it is read",
  async (comm) => {
    const rounds = 300;
    for (let round = 0; round < rounds; round++) {
      const root = round % 7 === 0 ? round % comm.size : 0;
      const length = round % 5 === 0 ? 6000 : 1 + (round % 40);
      const x = comm.rank === root ? new Int32Array(length).fill(round) : new Int32Array(length);
      await comm.bcast(x, { root, into: x });
      assert.ok(x.every((element) => element === round));
      x.fill(-1);
      if (round % 11 === 0)
        assert.equal((await comm.gather(round, { root }))?.length ?? comm.size, comm.size);
    }
  },
  VIRTUAL,
);

const TYPES = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;

await spmd(
  "short arrays of every type, in buffers that are parts of others, several calls in flight",
  async (comm) => {
    const { rank, size } = comm;
    const all = ranksOf(comm);
    for (const Type of TYPES) {
      for (const length of [0, 1, 3, 7, 64, 65]) {
        const of = (from: number, to = 0): number[] =>
          Array.from({ length }, (_, i) => (31 * from + 7 * to + i) % 100);
        const buffer = (count: number): InstanceType<typeof Type> => new Type(count + 3).subarray(3);
        const own = Type.from(of(rank));
        const each = Type.from(all.flatMap((to) => of(rank, to)));
        const root = length % size;
        const [sent, gathered, exchanged, part] = [
          buffer(length),
          buffer(length * size),
          buffer(length * size),
          buffer(length),
        ];
        const summed = buffer(length);
        if (rank === root) sent.set(own);
        await Promise.all([
          comm.bcast(sent, { root, into: sent }),
          comm.allgather(own, { into: gathered }),
          comm.alltoall(each, { into: exchanged }),
          comm.scatter(rank === root ? each : undefined, { root, into: part }),
          comm.reduceScatter(each, { op: "max", into: summed }),
        ]);
        const what = `${Type.name} × ${length}`;
        assert.deepEqual(Array.from(sent), of(root), `bcast ${what}`);
        assert.deepEqual(
          Array.from(gathered),
          all.flatMap((from) => of(from)),
          `allgather ${what}`,
        );
        assert.deepEqual(
          Array.from(exchanged),
          all.flatMap((from) => of(from, rank)),
          `alltoall ${what}`,
        );
        assert.deepEqual(Array.from(part), of(root, rank), `scatter ${what}`);
        const largest = of(0).map((_, i) => Math.max(...all.map((from) => of(from, rank)[i])));
        assert.deepEqual(Array.from(summed), largest, `reduceScatter ${what}`);
        assert.equal(await comm.alltoall(each, { into: each }), each);
        assert.deepEqual(each, exchanged.slice(), `alltoall in place ${what}`);
      }
    }
  },
  VIRTUAL,
);

await spmd(
  "who gets nothing of a reduceScatter waits for nobody, and nothing is overwritten before it is read",
  async (comm) => {
    const { rank, size } = comm;
    const counts = ranksOf(comm).map((peer) => (peer === size - 1 ? 2 : 0));
    for (let turn = 0; turn < 100; turn++) {
      const x = Float64Array.of(turn + rank, turn * rank);
      const mine = await comm.reduceScatter(x, { counts });
      const sum = (size * (size - 1)) / 2;
      const expected = rank === size - 1 ? [turn * size + sum, turn * sum] : [];
      assert.deepEqual(Array.from(mine), expected, `turn ${turn}`);
      if (turn % 10 === 3) assert.equal(await comm.bcast(turn, { root: turn % size }), turn);
    }
  },
  VIRTUAL,
);

await spmd(
  "a rank that refuses what the root has sent hangs neither itself nor others, however far the root has run ahead",
  async (comm) => {
    const { rank, size } = comm;
    if (size === 1) return;
    const other = await comm.split(0);
    assert.ok(other);
    for (let i = 0; i < 12; i++) {
      const refuses = rank === size - 1 && i === 3;
      const into = new Float64Array(refuses ? 2 : 4);
      const call = rank === 0 ? other.bcast(into.fill(i)) : other.bcast(undefined, { into });
      const error = await Promise.resolve(call).then(
        () => "",
        (reason: Error) => reason.message,
      );
      if (refuses) assert.match(error, /use equal lengths/);
      else if (error !== "") assert.match(error, /collective #\d+ failed on rank/);
      else assert.deepEqual(Array.from(into), [i, i, i, i]);
    }
    assert.equal(await comm.allreduce(1), size);
  },
  VIRTUAL,
);

await spmd(
  "large messages arrive whole, several at a time, whoever copies them",
  async (comm) => {
    const { rank, size } = comm;
    const length = 200_003; // of doubles: a dozen pieces, the last one short
    const next = (rank + 1) % size;
    const previous = (rank - 1 + size) % size;
    const messages = 12; // more than can be lent at a time
    const receives = Array.from({ length: messages }, (_, i) =>
      comm.recv({ source: previous, tag: i, into: new Float64Array(length) }),
    );
    const sends = Array.from({ length: messages }, (_, i) =>
      comm.send(vector(rank, length).fill(i, 0, 1), next, { tag: i }),
    );
    const expected = vector(previous, length);
    for (const [i, receive] of receives.entries()) {
      expected[0] = i;
      assert.deepEqual(await receive, expected);
    }
    for (const send of sends) await send;
  },
  VIRTUAL,
);

await spmd(
  "duplicates, and duplicates of those, sum without a message, however many there are",
  async (comm) => {
    const { rank, size } = comm;
    const inMemory = (await init()).transport === "shm"; // elsewhere the results alone are to be right
    const made = [comm.dup(), comm.dup(), comm.dup()];
    made.push(...made.map((copy) => copy.dup()), comm);
    await comm.barrier();
    const before = comm.statistics.messagesSent;
    for (let round = 0; round < 3; round++)
      for (const [i, each] of made.entries()) {
        assert.equal(await each.allreduce(rank + i), (size * (size - 1)) / 2 + i * size);
        await each.barrier();
      }
    if (inMemory) assert.equal(comm.statistics.messagesSent, before);
    for (const each of made.slice(0, -1)) each.free();
  },
  VIRTUAL,
);

await spmd(
  "more communicators than there are boards, made and freed again and again, all work",
  async (comm) => {
    const { rank, size } = comm;
    const alive: Communicator[] = [];
    for (let i = 0; i < 150; i++) {
      const made = i % 3 === 0 ? await comm.split(i % 2 === 0 ? 0 : rank) : comm.dup();
      assert.ok(made);
      alive.push(made);
      // Ranks free them at different times.
      if (i > 80) alive.splice((i * 7) % 50, 1)[0].free();
      assert.equal(await made.allreduce(i), i * made.size);
    }
    for (const each of alive) assert.deepEqual(await each.allgather(each.rank), ranksOf(each));
    for (const each of alive) each.free();
    assert.equal(await comm.allreduce(1), size);
  },
  VIRTUAL,
);

await realRanks(import.meta.url, [
  [2, "shm"],
  [5, "shm"],
  [3, "shm", "-x", "TSMPI_DIRECT_COPY=0"], // where no rank can read the memory of another
]);
