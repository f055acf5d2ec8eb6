// Long collectives, MPI's own where it has them: on the world, on parts of it that overlap, several in flight and mixed
// with short ones; then a mismatch, and communicators that are given up while MPI is at work.
import assert from "node:assert/strict";
import { type Communicator, init, RevokedError } from "tsmpi";

const world = await init();
const LENGTHS = [10, 5000, 20_000];
const TYPES = [Float64Array, Int32Array, BigInt64Array, Uint8ClampedArray] as const;

type Values = Float64Array | Int32Array | BigInt64Array | Uint8ClampedArray;
type Make = (length: number, value: (i: number) => number) => Values;
const maker =
  (Type: (typeof TYPES)[number]): Make =>
  (length, value) => {
    const values = Array.from({ length }, (_, i) => value(i));
    return Type === BigInt64Array ? BigInt64Array.from(values, BigInt) : new Type(values as never);
  };

/** What rank r passes as element i. */
const element = (r: number, i: number): number => ((i % 7) + r + 1) % 11;

async function allOf(comm: Communicator, make: Make, n: number): Promise<void> {
  const { rank, size } = comm;
  const x = make(n, (i) => element(rank, i));
  const sum =
    (ranks: number) =>
    (i: number): number =>
      Array.from({ length: ranks }, (_, r) => element(r, i)).reduce((a, b) => a + b, 0);
  const last = size - 1;
  const counts = Array.from({ length: size }, (_, r) => (r === 0 ? n + 3 : r === last ? 0 : n)); // uneven, one empty
  const total = counts.reduce((a, b) => a + b, 0);
  const displs = counts.map((_, r) => counts.slice(0, r).reduce((a, b) => a + b, 0));
  const [all, one, most, ranks, told, gathered, uneven, swapped, block, before, upTo] = await Promise.all([
    comm.allreduce(x),
    comm.reduce(x, { root: last }),
    comm.allreduce(x, { op: "max" }),
    comm.allreduce(1),
    comm.bcast(rank === last ? x : undefined, { root: last }),
    comm.allgather(x, { into: make(n * size, () => 0) }),
    comm.allgather(
      make(counts[rank], (i) => element(rank, i)),
      { counts, displs: displs.map((d, r) => d + r), into: make(total + last, () => 9) }, // gaps of one
    ),
    comm.alltoall(
      make(n * size, (i) => element(rank, i)),
      { into: make(n * size, () => 0) },
    ),
    comm.reduceScatter(
      make(total, (i) => element(rank, i)),
      { counts },
    ),
    comm.exscan(x),
    comm.scan(x),
  ]);
  const atRank = (of: (r: number) => Values): number[] =>
    Array.from({ length: size }, (_, r) => Array.from<number | bigint, number>(of(r), Number)).flat();
  const same = (got: Values | undefined, want: Values): void => assert.deepEqual(got, want);
  same(all, make(n, sum(size)));
  assert.deepEqual(one, rank === last ? make(n, sum(size)) : undefined);
  same(
    most,
    make(n, (i) => Math.max(...Array.from({ length: size }, (_, r) => element(r, i)))),
  );
  assert.equal(ranks, size);
  same(
    told,
    make(n, (i) => element(last, i)),
  );
  const blocks = atRank((r) => make(n, (i) => element(r, i)));
  same(
    gathered,
    make(n * size, (i) => blocks[i]),
  );
  const apart = make(total + last, () => 9);
  displs.forEach((d, r) => apart.set(make(counts[r], (i) => element(r, i)) as never, d + r));
  same(uneven, apart);
  const columns = atRank((r) => make(n, (i) => element(r, rank * n + i)));
  same(
    swapped,
    make(n * size, (i) => columns[i]),
  );
  same(
    block,
    make(counts[rank], (i) => sum(size)(displs[rank] + i)),
  );
  assert.deepEqual(before, rank === 0 ? undefined : make(n, sum(rank)));
  same(upTo, make(n, sum(rank + 1)));
  same(
    x,
    make(n, (i) => element(rank, i)),
  ); // what is sent is left as it was
}

const { rank, size } = world;
const reversed = await world.split(0, -rank);
const part = await world.split(rank === 0 ? undefined : 7);
const copy = world.dup();
assert.ok(reversed);
for (const n of LENGTHS) for (const type of TYPES) await allOf(world, maker(type), n);
const { bytesSent } = world.statistics;
await allOf(world, maker(Int32Array), 20_000);
assert.ok(world.statistics.bytesSent - bytesSent < 1000, "long ones are not messages of tsmpi's");
const noise = Float64Array.from({ length: 10_007 }, (_, i) => Math.sin(i * (rank + 1)) * 10 ** (i % 9));
const [once, again] = await Promise.all([world.allreduce(noise), world.allreduce(noise)]);
assert.deepEqual(again, once); // the same bits every time, and everywhere
for (const theirs of await world.allgather(once)) assert.deepEqual(theirs, once);
for (const n of LENGTHS) {
  const parts = [reversed, part, copy].flatMap((comm) => comm ?? []);
  if (rank % 2 === 0) parts.reverse(); // as each rank likes: communicators are independent
  await Promise.all(parts.map((comm) => allOf(comm, maker(Float64Array), n)));
}
part?.free();

await assert.rejects(
  async () => world.allreduce(new Float64Array(rank === 0 ? 300_000 : 300_008)),
  /float64 × 300000/,
);
await assert.rejects(
  async () => copy.allgather(new Float64Array(9000), { into: new Float64Array((rank + 1) * 9000 * size) }),
  /allgather/,
);
await allOf(copy, maker(Int32Array), 5000); // and so it goes on

// One rank comes late; what the others have given up is begun by none or by all.
const isRevoked = (error: unknown): void => assert.ok(error instanceof RevokedError);
for (const comm of [reversed, copy]) {
  await world.barrier();
  if (rank === 1) await new Promise((resolve) => setTimeout(resolve, 150));
  await comm.allreduce(new Float64Array(100_000), { timeoutMs: 50 }).then(undefined, isRevoked);
  comm.free();
}
const begun = world.dup();
const inFlight = begun.allreduce(new Float64Array(3_000_000));
if (rank === size - 1) begun.revoke();
await inFlight.then(undefined, isRevoked);
begun.free();
await world.barrier(); // by now all have met, or none
assert.equal(await world.allreduce(1), size);
if (rank === 0) console.log("good");
