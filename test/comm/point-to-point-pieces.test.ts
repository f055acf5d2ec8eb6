import assert from "node:assert/strict";
import { GroupCommunicator } from "../../src/comm/communicator.js";
import { pack, packPieces, unpack, unpackLarge } from "../../src/comm/envelope.js";
import { TruncateError } from "../../src/comm/errors.js";
import type { Communicator } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

/** Lowers the limit above which a payload travels in pieces. */
function cut(comm: Communicator, chunkBytes: number): void {
  assert.ok(comm instanceof GroupCommunicator);
  comm.engine.rendezvous.chunkBytes = chunkBytes;
}

const ramp = (length: number, rank: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => i * 7 + rank);

await spmd(
  "rule 31: payloads beyond the longest piece arrive whole, into buffers and values, in order with short ones",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    cut(comm, 10_007);
    for (const length of [8193, 10_007, 20_000, 50_001]) {
      const out = ramp(length, rank);
      const sends = [comm.send(out, next), comm.send("short", next), comm.send({ out, again: [out] }, next)];
      const into = new Float64Array(length + 1).fill(-1);
      assert.deepEqual(await comm.recv({ source: previous, into }), ramp(length, previous));
      assert.equal(into[length], -1);
      assert.equal(await comm.recv({ source: previous }), "short");
      const expected = ramp(length, previous);
      assert.deepEqual(await comm.recv({ source: previous }), { out: expected, again: [expected] });
      for (const sent of sends) await sent;
    }
    cut(comm, 2 ** 30);
  },
);

await spmd(
  "a payload in pieces that is too long is refused; the sender completes, and so does the next message",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    cut(comm, 10_000);
    const into = new Float64Array(3);
    const sent = comm.send(ramp(30_000, rank), next);
    await assert.rejects(
      Promise.resolve(comm.recv({ source: previous, into })),
      (error) => error instanceof TruncateError && error.expected === 3 && error.actual === 30_000,
    );
    await sent;
    assert.deepEqual([...into], [0, 0, 0]);
    await comm.send("next", next);
    assert.equal(await comm.recv({ source: previous }), "next");
    cut(comm, 2 ** 30);
  },
);

await spmd(
  "large arrays inside objects are not serialized with them, and arrive with their types, values and places",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const make = (owner: number): unknown => ({
      name: "model",
      small: Float32Array.of(owner),
      fields: new Map<string, unknown>([
        ["a", ramp(20_000, owner)],
        ["b", new Uint8Array(70_001).fill(owner)],
        ["c", BigInt64Array.from({ length: 9000 }, (_, i) => BigInt(i + owner))],
      ]),
      bytes: Buffer.alloc(70_000, 5),
    });
    const sent = comm.send(make(rank), next);
    assert.deepEqual(await comm.recv({ source: previous }), make(previous));
    await sent;
  },
);

await spmd(
  "values in pieces are the values they were, joined or apart, with 64-bit places",
  () => {
    for (const value of [{ x: ramp(10_000, 1) }, [new Uint8Array(65_537), "text"], { tiny: 1 }, ramp(3, 1)]) {
      const { code, bytes } = pack(value);
      assert.deepEqual(unpack(code, bytes), value);
      const apart = packPieces(value);
      assert.equal(apart.bytes, bytes.byteLength);
      const joined = new Uint8Array(apart.bytes);
      for (const piece of apart.pieces) joined.set(piece.bytes, piece.offset);
      assert.deepEqual(unpackLarge(apart.code, joined.buffer, joined.byteLength), value);
    }
  },
  { sizes: [1], real: false },
);

await realRanks(import.meta.url);
