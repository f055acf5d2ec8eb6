// Long reductions, several in flight and mixed with short ones: MPI's own where it has them. Then a mismatch.
import assert from "node:assert/strict";
import { init } from "tsmpi";

const world = await init();
const { rank, size } = world;
const make = {
  float64: (n: number) => Float64Array.from({ length: n }, (_, i) => (i % 7) + rank),
  int32: (n: number) => Int32Array.from({ length: n }, (_, i) => (i % 7) + rank),
  bigint64: (n: number) => BigInt64Array.from({ length: n }, (_, i) => BigInt((i % 7) + rank)),
};

for (const n of [10, 5000, 300_000]) {
  const sums = Array.from({ length: n }, (_, i) => size * (i % 7) + (size * (size - 1)) / 2);
  const maxima = Array.from({ length: n }, (_, i) => (i % 7) + size - 1);
  for (const type of Object.values(make)) {
    const x = type(n);
    const [all, one, most, ranks] = await Promise.all([
      world.allreduce(x),
      world.reduce(x, { root: size - 1 }),
      world.allreduce(x, { op: "max" }),
      world.allreduce(1),
    ]);
    assert.deepEqual(Array.from(all, Number), sums);
    assert.deepEqual(one && Array.from(one, Number), rank === size - 1 ? sums : undefined);
    assert.deepEqual(Array.from(most, Number), maxima);
    assert.equal(ranks, size);
  }
  const x = make.float64(n);
  const into = new Float64Array(n);
  await world.reduce(x, { root: 0, into });
  if (rank === 0) assert.deepEqual(Array.from(into), sums);
  assert.deepEqual(x, make.float64(n)); // what is sent is left as it was
}
await assert.rejects(
  async () => world.allreduce(new Float64Array(rank === 0 ? 300_000 : 300_008)),
  /float64 × 300000/,
);
assert.equal(await world.allreduce(1), size); // and so it goes on
if (rank === 0) console.log("good");
