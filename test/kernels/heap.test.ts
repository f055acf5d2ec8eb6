import fc from "fast-check";
import { test } from "tap";
import { FreeList } from "../../src/kernels/free-list.js";
import { allocate, collectIfDue, heapStatistics, onHeap, release } from "../../src/kernels/index.js";

test("FreeList: hands every byte out once, and is whole again when all came back", (t) => {
  const size = 1000;
  const step = fc.record({ bytes: fc.integer({ min: 1, max: 300 }), back: fc.boolean(), which: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new FreeList();
      list.give(0, size);
      const owned = new Uint8Array(size);
      const taken: [start: number, bytes: number][] = [];
      for (const { bytes, back, which } of steps) {
        if (back && taken.length) {
          const [[start, count]] = taken.splice(which % taken.length, 1);
          owned.fill(0, start, start + count);
          list.give(start, count);
        } else {
          const start = list.take(bytes);
          const room = longestFree(owned);
          if (start === undefined && room >= bytes) return false;
          if (start === undefined) continue;
          if (owned.subarray(start, start + bytes).some(Boolean)) return false;
          owned.fill(1, start, start + bytes);
          taken.push([start, bytes]);
        }
        const free = owned.filter((byte) => byte === 0).length;
        if (list.bytes !== free) return false;
      }
      for (const [start, bytes] of taken) list.give(start, bytes);
      return JSON.stringify([...list]) === JSON.stringify([[0, size]]);
    }),
  );
  t.end();
});

test("FreeList: refuses what is free already", (t) => {
  const list = new FreeList();
  list.give(10, 10);
  for (const [start, bytes] of [
    [10, 1],
    [19, 5],
    [5, 6],
    [0, 100],
  ] as const) {
    // prettier-ignore
    t.throws(() => list.give(start, bytes), RangeError);
  }
  t.equal(list.bytesEndingAt(20), 10);
  t.equal(list.bytesEndingAt(19), 0);
  t.end();
});

test("allocate: zeros on cache lines, after reuse too, and no two arrays overlap", (t) => {
  const arrays = [1, 7, 8, 9, 1000].map((length) => allocate("float64", length).fill(1));
  for (const array of arrays.filter((_, i) => i % 2)) release(array);
  const others = [3, 100, 5000].map((length) => allocate("float32", length));
  for (const array of others) {
    t.ok(onHeap(array) && array.byteOffset % 64 === 0);
    t.ok(array.every((value) => value === 0));
    array.fill(2);
  }
  t.ok(arrays.filter((_, i) => i % 2 === 0).every((array) => array.every((value) => value === 1)));
  t.equal(allocate("complex64", 5).length, 10);
  t.ok(allocate("complex128", 5) instanceof Float64Array);
  t.ok(allocate("int32", 5) instanceof Int32Array);
  t.equal(allocate("float64", 0).length, 0);
  t.throws(() => allocate("float64", -1), RangeError);
  t.throws(() => allocate("float64", 1.5), RangeError);
  t.end();
});

test("release: gives back once, and only whole arrays", (t) => {
  const before = heapStatistics().used;
  const array = allocate("float64", 100);
  t.equal(heapStatistics().used, before + 832);
  release(array.subarray(0, 100));
  release(new Float64Array(array.buffer, array.byteOffset, 100));
  release(new Float64Array(100));
  t.equal(heapStatistics().used, before + 832);
  release(array);
  t.equal(heapStatistics().used, before);
  const next = allocate("float64", 100);
  release(array); // the address has a new owner
  t.equal(heapStatistics().used, before + 832);
  release(next);
  t.end();
});

test("growing leaves the arrays that are there as they are", (t) => {
  const small = allocate("float64", 10).fill(7);
  const large = allocate("float64", 4e6);
  t.ok(onHeap(small) && onHeap(large));
  t.not(small.buffer, large.buffer);
  large[large.length - 1] = 1;
  t.ok(small.every((value) => value === 7));
  small[0] = 8;
  t.equal(new Float64Array(large.buffer, small.byteOffset, 1)[0], 8);
  release(large);
  t.end();
});

test("what does not fit comes as an ordinary buffer", (t) => {
  const third = Math.floor((4 * 2 ** 30) / 3 / 8); // float64 in a third of 4 GiB; untouched, so they take no real memory
  const arrays = [0, 1, 2, 3].map(() => allocate("float64", third));
  t.ok(onHeap(arrays[0]) && !onHeap(arrays[3]));
  t.equal(arrays[3].length, third);
  t.ok(heapStatistics().overflowed >= third * 8);
  arrays.forEach(release);
  t.end();
});

test("dropped arrays are found again, those in use through subarrays are not", async (t) => {
  const kept = allocate("float64", 1000).fill(3).subarray(10, 20).subarray(2, 4);
  const start = heapStatistics().used;
  for (let i = 0; i < 80; i++) {
    allocate("float64", 2e6); // 16 MB each, 1.28 GB in all
    if (i % 8 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  t.ok(heapStatistics().used - start < 0.8e9);
  t.strictSame([...kept], [3, 3]);
  t.end();
});

test("a loop that awaits settled promises only drops arrays too, if it collects when that is due", async (t) => {
  const start = heapStatistics().used;
  let turns = 0;
  for (let i = 0; i < 80; i++) {
    const collected = collectIfDue();
    if (collected) turns++;
    await collected;
    allocate("float64", 2e6);
  }
  t.ok(heapStatistics().used - start < 0.8e9);
  t.ok(turns > 0 && turns < 10, `${turns} times`);
});

function longestFree(owned: Uint8Array): number {
  let [longest, run] = [0, 0];
  for (const byte of owned) {
    run = byte ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
