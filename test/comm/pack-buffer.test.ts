import assert from "node:assert/strict";
import fc from "fast-check";
import { MpiError, TypeMismatchError } from "../../src/comm/errors.js";
import { Layout } from "../../src/comm/layout.js";
import { PackBuffer } from "../../src/comm/pack-buffer.js";
import { realRanks, spmd } from "../spmd.js";

await spmd(
  "PackBuffer: values of any kind travel in one message, and come out as they went in",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const column = {
      data: Int16Array.from({ length: 12 }, (_, i) => i),
      layout: Layout.vector({ count: 3, blockLength: 1, stride: 4 }),
    };
    const packed = new PackBuffer()
      .put(rank)
      .put(Uint8Array.of(1, 2, 3))
      .put({ name: "x", at: new Date(0) })
      .put(new Float64Array(5).fill(rank))
      .put(new Float32Array(0))
      .put(BigInt64Array.of(-1n))
      .put(column)
      .put(undefined);
    const before = comm.statistics.messagesSent;
    const sent = comm.send(packed.bytes, next);
    const received = new PackBuffer(await comm.recv<Uint8Array>({ source: previous }));
    await sent;
    assert.equal(comm.statistics.messagesSent - before, 1);
    const into = new Float64Array(8).fill(-1);
    const target = {
      data: new Int16Array(6),
      layout: Layout.vector({ count: 3, blockLength: 1, stride: 2 }),
    };
    assert.equal(received.take<number>(), previous);
    assert.deepEqual(received.take(), Uint8Array.of(1, 2, 3));
    assert.deepEqual(received.take(), { name: "x", at: new Date(0) });
    assert.deepEqual([...received.take({ into })], Array<number>(5).fill(previous));
    assert.deepEqual([...into.subarray(5)], [-1, -1, -1], "nothing beyond");
    assert.deepEqual(received.take(), new Float32Array(0));
    assert.deepEqual(received.take(), BigInt64Array.of(-1n));
    assert.equal(received.take({ into: target }), target.data);
    assert.deepEqual([...target.data], [0, 0, 4, 0, 8, 0]);
    assert.equal(received.isEmpty, false);
    assert.equal(received.take(), undefined);
    assert.equal(received.isEmpty, true);
  },
);

await spmd("PackBuffer: errors name both sides, and leave the value where it is", async (comm) => {
  const packed = new PackBuffer().put(Float64Array.of(1, 2, 3)).put("text");
  assert.throws(
    () => packed.take({ into: new Float32Array(3) }),
    (error) => {
      assert.ok(error instanceof TypeMismatchError);
      assert.match(error.message, /the next value is float64, into holds float32/);
      return true;
    },
  );
  assert.throws(() => packed.take({ into: new Float64Array(2) }), /has 3 elements, into has room for 2/);
  assert.deepEqual(packed.take(), Float64Array.of(1, 2, 3));
  assert.throws(() => packed.take({ into: new Uint8Array(9) }), /the next value is object, into holds uint8/);
  assert.equal(packed.take(), "text");
  assert.throws(
    () => packed.take(),
    (error) => error instanceof MpiError && error.code === "UNPACK",
  );
  assert.throws(() => new PackBuffer(Uint8Array.of(1, 2, 3)).take(), /no packed value at byte 0 of 3/);
  const cut = new PackBuffer().put(new Float64Array(9)).bytes.slice(0, 40);
  assert.throws(() => new PackBuffer(cut).take(), /no packed value at byte 0 of 40/);
  packed.put(7); // and so on
  assert.equal(packed.take(), 7);
  await comm.barrier();
});

await spmd(
  "PackBuffer: any list of values survives, at any place in memory",
  (comm) => {
    const value = fc.oneof(
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.uint8Array(),
      fc.float64Array(),
      fc.int32Array(),
      fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        fc.integer(),
      ),
    );
    fc.assert(
      fc.property(fc.array(value), fc.nat({ max: 9 }), (values, offset) => {
        const { bytes } = values.reduce<PackBuffer>((buffer, each) => buffer.put(each), new PackBuffer());
        const moved = new Uint8Array(bytes.length + offset).subarray(offset);
        moved.set(bytes);
        const received = new PackBuffer(moved);
        assert.deepEqual(
          values.map(() => received.take()),
          values.map((each) => structuredClone(each)),
        );
        assert.ok(received.isEmpty);
      }),
      { numRuns: 200, seed: comm.rank },
    );
  },
  { sizes: [1], real: false },
);

await realRanks(import.meta.url);
