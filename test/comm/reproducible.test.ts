import assert from "node:assert/strict";
import fc from "fast-check";
import { exactSum } from "../../src/comm/collectives/exact.js";
import { ReproducibleSum } from "../../src/comm/reproducible-sum.js";
import { simulate } from "../../src/comm/simulate.js";
import { env } from "../../src/env.js";
import { realRanks, spmd } from "../spmd.js";

/** Doubles of all magnitudes, with both signs, denormals and zeros. */
const doubles = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 60 });

/** The sum, rounded once, by whole numbers of units of 2⁻¹⁰⁷⁴. */
function oracle(terms: readonly number[]): number {
  let units = 0n;
  for (const x of terms) units += unitsOf(x);
  const negative = units < 0n;
  const magnitude = negative ? -units : units;
  const excess = magnitude.toString(2).length - 64;
  let value = 0;
  if (excess <= 0) value = Number(magnitude) * 2 ** -1074;
  else {
    const kept = magnitude >> BigInt(excess);
    const lost = magnitude !== kept << BigInt(excess);
    value = Number(lost ? kept | 1n : kept) * 2 ** (excess - 1074);
  }
  return negative ? -value : value;
}

function unitsOf(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n ? -magnitude : magnitude;
}

if (env.size === undefined) {
  const { test } = await import("tap");
  await test("ReproducibleSum: the exact sum, rounded once, in any order and any grouping", async (t) => {
    fc.assert(
      fc.property(doubles, fc.nat(), (terms, cut) => {
        const expected = oracle(terms);
        const whole = new ReproducibleSum().add(Float64Array.from(terms));
        const parts = new ReproducibleSum().add([...terms.slice(cut % 60)].reverse());
        parts.merge(new ReproducibleSum().add(terms.slice(0, cut % 60)));
        assert.ok(Object.is(whole.value, expected), `${whole.value} is not ${expected}`);
        assert.ok(Object.is(parts.value, expected), `${parts.value} is not ${expected}`);
      }),
      { numRuns: 500 },
    );
    t.pass();
  });

  await test("exactSum: three additions a term agree with whole numbers", async (t) => {
    const close = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(
        fc.oneof(
          close,
          doubles.filter((terms) => terms.length > 0),
        ),
        (terms) => {
          const sum = exactSum(Float64Array.from(terms));
          assert.ok(Object.is(sum, oracle(terms)), `${sum} is not ${oracle(terms)}`);
        },
      ),
      { numRuns: 2000 },
    );
    // Ties that what is below breaks, and cancellation that leaves only what is below.
    for (const terms of [
      [1, 2 ** -53, 2 ** -120],
      [1, 2 ** -53, -(2 ** -120)],
      [1 + 2 ** -52, 2 ** -53, -(2 ** -120)],
      [1, -(2 ** -54), -(2 ** -130)],
      [1e100, 1, -1e100, 2 ** -80, 2 ** -140],
      [1.7e308, 1.7e308, -1.7e308],
      [2 ** -1074, 2 ** -1074, -(2 ** -1074)],
      [-0, -0],
    ])
      t.ok(Object.is(exactSum(Float64Array.from(terms)), oracle(terms)), `${terms.join(" + ")}`);
  });

  await test("ReproducibleSum: infinities, NaN, overflow, denormals and zeros", (t) => {
    const sum = (...terms: number[]): number => new ReproducibleSum().add(terms).value;
    t.equal(sum(), 0);
    t.ok(Object.is(sum(-0, -0), 0), "a sum of zero is +0");
    t.equal(sum(Infinity, 1), Infinity);
    t.equal(sum(-Infinity, 1e308), -Infinity);
    t.ok(Number.isNaN(sum(Infinity, -Infinity)));
    t.ok(Number.isNaN(sum(NaN, 1)));
    t.equal(sum(1.7e308, 1.7e308), Infinity);
    t.equal(sum(1.7e308, 1.7e308, -1.7e308), 1.7e308, "no intermediate overflow");
    t.equal(sum(5e-324, 5e-324), 1e-323);
    t.equal(sum(1e16, 1, -1e16), 1);
    t.equal(
      new ReproducibleSum().addProducts(Float64Array.of(1e8, 1, 1e8), Float64Array.of(1e8, 1, -1e8)).value,
      1,
    );
    t.throws(
      () => new ReproducibleSum().addProducts(new Float64Array(2), new Float64Array(3)),
      /2 elements.*3/,
    );
    t.end();
  });

  await test("a million terms, and carries through all of them", (t) => {
    const ones = new Float64Array(1 << 20).fill(1 - 2 ** -53);
    t.equal(new ReproducibleSum().add(ones).value, oracle([...ones.subarray(0, 1)]) * ones.length);
    const one = new ReproducibleSum();
    for (let i = 0; i < 600_000; i++) one.add(-(2 ** 52 + 1));
    t.equal(one.value, -(2 ** 52 + 1) * 600_000);
    t.end();
  });

  await test("reproducible: the same bits at any number of ranks and any distribution over them", async (t) => {
    const data = Float64Array.from({ length: 999 }, (_, i) => Math.sin(i) * 10 ** ((i * 7) % 30));
    const results = new Set<number>();
    for (const size of [1, 2, 3, 4, 7, 16]) {
      const [value] = await simulate(size, async (comm) => {
        const mine = data.filter((_, i) => (i * 31) % size === comm.rank);
        return (await comm.allreduce(new ReproducibleSum().add(mine))).value;
      });
      results.add(value);
    }
    t.strictSame([...results], [oracle([...data])]);
  });

  await test("reproducible: elementwise sums do not depend on which rank has which vector", async (t) => {
    const length = 5000;
    const term = (k: number, i: number): number => Math.cos(k * length + i) * 2 ** ((k * i) % 40);
    for (const terms of [3, 4, 12]) {
      const vectors = new Set<string>();
      for (const order of [1, 5, 7]) {
        await simulate(terms, async (comm) => {
          const k = (comm.rank * order) % terms;
          const x = Float64Array.from({ length }, (_, i) => term(k, i));
          const sum = await comm.allreduce(x, { reproducible: true });
          const part = await comm.reduceScatter(x, {
            reproducible: true,
            counts: Array.from({ length: comm.size }, (_, rank) => (rank === 0 ? length : 0)),
          });
          const atRoot = await comm.reduce(x, { reproducible: true, root: comm.size - 1 });
          vectors.add(Buffer.from(sum.buffer).toString("base64"));
          if (comm.rank === 0) assert.deepEqual(part, sum);
          if (comm.rank === comm.size - 1) assert.deepEqual(atRoot, sum);
        });
      }
      t.equal(vectors.size, 1, `${terms} ranks`);
    }
  });
}

await spmd("reproducible: scalars, vectors and prefixes are exact sums, rounded once", async (comm) => {
  const { rank, size } = comm;
  const x = (r: number): number => [1e16, 1, -1e16, 0.5, 2 ** -60, -3, 7e-12][r % 7];
  const all = Array.from({ length: size }, (_, r) => x(r));
  assert.equal(await comm.allreduce(x(rank), { reproducible: true }), oracle(all));
  assert.equal(await comm.scan(x(rank), { reproducible: true }), oracle(all.slice(0, rank + 1)));
  const before = await comm.exscan(x(rank), { reproducible: true });
  assert.equal(before, rank === 0 ? undefined : oracle(all.slice(0, rank)));
  for (const length of [0, 1, 1000, 40_000]) {
    const vector = new Float64Array(length).fill(x(rank));
    const sum = await comm.allreduce(vector, { reproducible: true });
    assert.ok(sum.every((value) => value === oracle(all)));
    await comm.allreduce(vector, { reproducible: true, into: vector });
    assert.deepEqual(vector, sum, "in place");
    const float = await comm.allreduce(new Float32Array(length).fill(rank + 0.1), { reproducible: true });
    const expected = Math.fround(oracle(Array.from({ length: size }, (_, r) => Math.fround(r + 0.1))));
    assert.ok(float.every((value) => value === expected));
  }
  const part = await comm.reduceScatter(new Float64Array(3 * size).fill(x(rank)), { reproducible: true });
  assert.deepEqual([...part], [oracle(all), oracle(all), oracle(all)]);
  const zero = await comm.allreduce(-0, { reproducible: true });
  assert.ok(Object.is(zero, 0));
  assert.equal(
    await comm.allreduce(rank === 0 ? Infinity : -Infinity, { reproducible: true }),
    size === 1 ? Infinity : NaN,
  );
});

await spmd("reproducible: what is not a sum is an error", async (comm) => {
  await assert.rejects(
    async () => comm.allreduce(new Float64Array(1), { op: "prod", reproducible: true }),
    /for sums/,
  );
  assert.equal(await comm.allreduce(comm.rank, { op: "max", reproducible: true }), comm.size - 1);
  assert.deepEqual(await comm.allreduce(Int32Array.of(1), { reproducible: true }), Int32Array.of(comm.size));
});

await realRanks(import.meta.url, [
  [3, "shm"],
  [2, "zmq"],
]);
