import assert from "node:assert/strict";
import { ByteBuffer } from "flatbuffers";
import fc from "fast-check";
import { test } from "tap";
import { HEADER_BYTES, HEADER_WORDS, pack, unpack, Word } from "../../src/comm/envelope.js";
import { Envelope } from "../../src/comm/wire/generated/envelope_generated.js";
import { childContext, WORLD_CONTEXT } from "../../src/comm/context-id.js";

test("the words of an envelope are the fields of the FlatBuffers struct", (t) => {
  const words = Int32Array.from({ length: HEADER_WORDS }, (_, i) => 100 + i);
  const envelope = new Envelope().__init(0, new ByteBuffer(new Uint8Array(words.buffer)));
  const fields = envelope as unknown as Record<string, () => number>;
  for (const [name, offset] of Object.entries(Word)) t.equal(fields[name].call(envelope), 100 + offset, name);
  t.equal(Object.keys(Word).length, HEADER_WORDS);
  t.equal(Envelope.sizeOf(), HEADER_BYTES);
  t.end();
});

test("unpack returns what was packed, also from unaligned bytes", (t) => {
  const value = fc.oneof(
    fc.double(),
    fc.bigInt(),
    fc.string(),
    fc.jsonValue(),
    fc.float64Array(),
    fc.float32Array(),
    fc.int8Array(),
    fc.uint16Array(),
    fc.bigInt64Array(),
  );
  fc.assert(
    fc.property(value, fc.integer({ min: 0, max: 9 }), (original, shift) => {
      const { code, bytes } = pack(original);
      const moved = new Uint8Array(bytes.byteLength + shift).subarray(shift);
      moved.set(bytes);
      assert.deepEqual(unpack(code, moved), original);
    }),
  );
  t.end();
});

test("ids of communicators differ by parent, generation and color, and leave room for the collective context", (t) => {
  const ids = new Set<number>();
  let count = 0;
  for (const parent of [WORLD_CONTEXT, childContext(WORLD_CONTEXT, 1, 0)]) {
    for (let generation = 0; generation < 50; generation++) {
      for (let color = -1; color < 50; color++, count++) ids.add(childContext(parent, generation, color));
    }
  }
  t.equal(ids.size, count);
  t.ok([...ids].every((id) => Number.isSafeInteger(id) && id % 2 === 0 && id >= 0));
  t.end();
});
