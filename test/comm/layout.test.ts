import assert from "node:assert/strict";
import fc from "fast-check";
import { Layout } from "../../src/comm/layout.js";
import type { Field } from "../../src/comm/record.js";
import { realRanks, spmd } from "../spmd.js";

/** Elements of a box in rows of `sizes`, by definition. */
function boxIndices(sizes: number[], subsizes: number[], starts: number[], order: "C" | "F"): number[] {
  const axes = sizes.map((_, i) => i);
  if (order === "F") axes.reverse();
  let indices = [0];
  for (const axis of axes)
    indices = indices.flatMap((index) =>
      Array.from({ length: subsizes[axis] }, (_, i) => index * sizes[axis] + starts[axis] + i),
    );
  return indices;
}

const ramp = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => i);

await spmd(
  "vector, indexed and subarray select the elements that their definitions say, and unpack is the inverse of pack",
  () => {
    const small = fc.integer({ min: 0, max: 4 });
    const check = (layout: Layout, indices: number[], offset: number): void => {
      assert.equal(layout.count, indices.length);
      const source = ramp(layout.extent + offset);
      const packed = layout.pack(source, undefined, offset);
      assert.deepEqual(
        [...packed],
        indices.map((index) => index + offset),
      );
      const target = new Float64Array(source.length).fill(-1);
      layout.unpack(packed, target, offset);
      const expected = new Float64Array(source.length).fill(-1);
      for (const index of indices) expected[index + offset] = index + offset;
      assert.deepEqual(target, expected);
    };
    fc.assert(
      fc.property(small, fc.integer({ min: 0, max: 30 }), small, small, (count, blockLength, gap, offset) => {
        const stride = blockLength + gap;
        const indices = Array.from({ length: count }, (_, i) =>
          Array.from({ length: blockLength }, (_, j) => i * stride + j),
        );
        check(Layout.vector({ count, blockLength, stride }), indices.flat(), offset);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(small, small)), small, (blocks, offset) => {
        let at = 0;
        const displs = blocks.map(([length, gap]) => (at += length + gap) - length);
        const lengths = blocks.map(([length]) => length);
        const indices = displs.flatMap((start, i) => Array.from({ length: lengths[i] }, (_, j) => start + j));
        check(Layout.indexed(lengths, displs), indices, offset);
      }),
    );
    const axis = fc.tuple(small, small, small);
    const axes = fc.array(axis, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(axes, fc.constantFrom<"C" | "F">("C", "F"), small, (list, order, offset) => {
        const subsizes = list.map(([subsize]) => subsize);
        const starts = list.map(([, start]) => start);
        const sizes = list.map(([subsize, start, rest]) => subsize + start + rest);
        const layout = Layout.subarray({ sizes, subsizes, starts, order });
        check(layout, boxIndices(sizes, subsizes, starts, order), offset);
      }),
    );
  },
  { sizes: [1], real: false },
);

await spmd(
  "a column is sent and received in place, also by sendrecvReplace, persistent requests and mprobe",
  async (comm) => {
    const { rank, size } = comm;
    const [dest, source] = [(rank + 1) % size, (rank - 1 + size) % size];
    for (const [rows, columns] of [
      [5, 3],
      [200, 100],
      [300, 1],
    ]) {
      const layout = Layout.vector({ count: rows, blockLength: 1, stride: columns });
      const data = new Float64Array(rows * columns).fill(rank);
      const column = { data, layout, offset: columns - 1 };
      const expect = (value: number): void => {
        for (let i = 0; i < data.length; i++)
          assert.equal(data[i], i % columns === columns - 1 ? value : rank, `element ${i}`);
      };
      await comm.send(column, dest);
      const request = comm.recv({ source, into: column });
      assert.equal(await request, data);
      assert.equal(request.status?.count, rows);
      expect(source);
      assert.equal(await comm.sendrecvReplace(column, { dest, source }), data);
      expect((rank - 2 + 2 * size) % size);
      const out = { ...column, data: new Float64Array(rows * columns) };
      using sends = comm.sendInit(out, dest);
      using receives = comm.recvInit(column, { source });
      for (let i = 1; i <= 3; i++) {
        out.data.fill(10 * rank + i);
        const received = receives.start();
        await sends.start();
        assert.equal(await received, data);
        expect(10 * source + i);
      }
      await comm.send(column, dest);
      assert.equal(await (await comm.mprobe({ source })).recv({ into: column }), data);
    }
  },
);

await spmd(
  "a short message fills the first elements of a layout; a long one is refused and changes nothing",
  async (comm) => {
    const { rank } = comm;
    const layout = Layout.vector({ count: 3, blockLength: 2, stride: 3 });
    const data = new Int32Array(8);
    await comm.send(Int32Array.of(1, 2, 3), rank);
    await comm.recv({ source: rank, into: { data, layout } });
    assert.deepEqual([...data], [1, 2, 0, 3, 0, 0, 0, 0]);
    await comm.send(new Int32Array(7).fill(9), rank);
    await assert.rejects(Promise.resolve(comm.recv({ source: rank, into: { data, layout } })), /room for 6/);
    assert.deepEqual([...data], [1, 2, 0, 3, 0, 0, 0, 0]);
  },
);

await spmd(
  "layouts that are wrong, or do not fit their array, are refused before anything is sent",
  async (comm) => {
    const { rank } = comm;
    assert.throws(() => Layout.vector({ count: 2, blockLength: 3, stride: 2 }), /overlap at stride 2/);
    assert.throws(() => Layout.indexed([1, 2], [0]), RangeError);
    assert.throws(() => Layout.subarray({ sizes: [4], subsizes: [3], starts: [2] }), /ends at 5/);
    const layout = Layout.vector({ count: 2, blockLength: 1, stride: 4 });
    const column = { data: new Float64Array(8), layout, offset: 4 };
    await assert.rejects(Promise.resolve(comm.send(column, rank)), /has 8 elements, 9 are needed/);
    await assert.rejects(Promise.resolve(comm.recv({ source: rank, into: column })), RangeError);
    assert.throws(() => comm.sendInit(column, rank), RangeError);
    assert.equal(comm.iprobe(), undefined);
  },
);

await spmd(
  "repeat selects what its layout selects, again and again; its stride is the extent by default",
  () => {
    const small = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(small, small)), small, small, (blocks, count, gap) => {
        let at = 0;
        const displs = blocks.map(([length, hole]) => (at += length + hole) - length);
        const layout = Layout.indexed(
          blocks.map(([length]) => length),
          displs,
        );
        for (const stride of [layout.extent, layout.extent + gap]) {
          const repeated = layout.repeat(stride === layout.extent ? { count } : { count, stride });
          const source = ramp(repeated.extent);
          const expected = Array.from({ length: count }, (_, i) => [
            ...layout.pack(ramp(layout.extent)).map((index) => index + i * stride),
          ]).flat();
          assert.deepEqual([...repeated.pack(source)], expected);
          assert.equal(repeated.count, expected.length);
        }
      }),
    );
    assert.throws(
      () => Layout.vector({ count: 1, blockLength: 3, stride: 3 }).repeat({ count: 2, stride: 2 }),
      /layouts of 3 elements overlap at stride 2/,
    );
  },
);

await spmd(
  "records of unlike fields travel without their padding, and land in records that are laid out otherwise",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const count = 5;
    // struct { char kind; double mass; int32_t at[3]; }, and the same fields without any padding.
    const padded = Layout.struct([
      { type: "uint8", offset: 0 },
      { type: "float64", offset: 8 },
      { type: "int32", offset: 16, count: 3 },
    ]).repeat({ count, stride: 32 });
    const packed = Layout.struct([
      { type: "uint8", offset: 20 },
      { type: "float64", offset: 0 },
      { type: "int32", offset: 8, count: 3 },
    ]).repeat({ count });
    assert.deepEqual([padded.count, packed.count, packed.extent], [21 * count, 21 * count, 21 * count]);
    const memory = new DataView(new ArrayBuffer(32 * count));
    for (let i = 0; i < count; i++) {
      memory.setUint8(32 * i, 65 + i);
      memory.setFloat64(32 * i + 8, rank + i / 8, true);
      for (let j = 0; j < 3; j++) memory.setInt32(32 * i + 16 + 4 * j, -rank * i + j, true);
    }
    const into = new Uint8Array(packed.extent + 3).fill(255);
    const received = comm.recv({ source: previous, into: { data: into, layout: packed, offset: 3 } });
    await comm.send({ data: new Uint8Array(memory.buffer), layout: padded }, next);
    assert.equal(await received, into);
    const view = new DataView(into.buffer, 3);
    for (let i = 0; i < count; i++) {
      assert.equal(view.getFloat64(21 * i, true), previous + i / 8);
      for (let j = 0; j < 3; j++) assert.equal(view.getInt32(21 * i + 8 + 4 * j, true), -previous * i + j);
      assert.equal(view.getUint8(21 * i + 20), 65 + i);
    }
    assert.deepEqual([...into.subarray(0, 3)], [255, 255, 255]);
  },
);

await spmd(
  "a record with fields that overlap, an unknown type, or in an array that is not of bytes is refused",
  () => {
    assert.throws(
      () =>
        Layout.struct([
          { type: "float64", offset: 4 },
          { type: "int32", offset: 1 },
        ]),
      /fields\[0\] begins at byte 4, where fields\[1\] has not ended \(5\)/,
    );
    const odd: object = { type: "float16", offset: 0 };
    assert.throws(() => Layout.struct([odd as Field]), /fields\[0\]\.type "float16" is none of/);
    assert.throws(
      () => Layout.struct([{ type: "int8", offset: -1 }]),
      /fields\[0\]\.offset -1 is not a count/,
    );
    const record = Layout.struct([{ type: "float64", offset: 0 }]);
    assert.throws(
      () => record.repeat({ count: 2 }).pack(new Float64Array(16)),
      /records are in a Uint8Array/,
    );
    assert.equal(Layout.struct([]).count, 0);
  },
);

await realRanks(import.meta.url);
