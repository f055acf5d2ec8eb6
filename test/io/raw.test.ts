import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { readRawBlock, writeRaw } from "../../src/io/raw.js";
import { arbitraryDistribution, DTYPES, tagged } from "../array/arbitrary.js";
import { realRanks, spmd } from "../spmd.js";
import { inFolder } from "./folder.js";

await spmd("raw: any holders write, any others read the same bits, in either byte order", (comm) =>
  inFolder(comm, async (folder) => {
    const dims = [5, 3, 4];
    const cases = fc.record({
      from: arbitraryDistribution(comm.size, dims),
      to: arbitraryDistribution(comm.size, dims),
      dtype: fc.constantFrom(...DTYPES),
      endian: fc.constantFrom("little", "big"),
    });
    for (const { from, to, dtype, endian } of fc.sample(cases, { seed: 1, numRuns: 8 })) {
      const path = join(folder, "x.bin");
      const x = DistributedArray.fromFunction(new Distribution(comm, dims, from), tagged(dtype), dtype);
      await writeRaw(path, x, { endian });
      const space = new Distribution(comm, dims, to);
      const read = await readRawBlock(path, space, { type: dtype, endian });
      assert.equal(read.dtype, dtype);
      assert.deepEqual(read.local, DistributedArray.fromFunction(space, tagged(dtype), dtype).local);
      await comm.barrier();
    }
  }),
);

await spmd("raw: behind other bytes, in Fortran order, of short and long integers", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "x.bin");
    const view = new DataView(new ArrayBuffer(7 + 6 * 2));
    for (let i = 0; i < 3; i++) for (let j = 0; j < 2; j++) view.setInt16(7 + 2 * (i + 3 * j), 10 * i - j);
    if (comm.rank === 0) await writeFile(path, new Uint8Array(view.buffer));
    await comm.barrier();
    const space = new Distribution(comm, [3, 2]);
    const options = { type: "int16", offset: 7, endian: "big", order: "F" } as const;
    const read = await readRawBlock(path, space, options);
    assert.deepEqual(read.local, DistributedArray.fromFunction(space, (i, j) => 10 * i - j, "int32").local);
    await assert.rejects(
      readRawBlock(path, space, { ...options, offset: 9 }),
      /x\.bin, byte 9: the array takes 12 bytes of \[3, 2\] i2, the file has 10/,
    );
    await assert.rejects(readRawBlock(join(folder, "none"), space), /ENOENT/);
    assert.throws(() => readRawBlock(path, space, { offset: -1 }), /offset -1/);
    assert.throws(
      () => readRawBlock(path, space, JSON.parse('{"type": "int4"}') as object),
      /type int4; use float32/,
    );
    await comm.barrier();
    if (comm.rank === 0) assert.equal((await readFile(path)).length, 19);
  }),
);

await spmd(
  "raw: a file that is cut, or too short for the type that is asked for, is named, on all ranks",
  (comm) =>
    inFolder(comm, async (folder) => {
      const path = join(folder, "x.bin");
      for (const grid of [
        [comm.size, 1],
        [1, comm.size],
      ]) {
        const space = new Distribution(comm, [7, 4], { grid });
        await writeRaw(path, space.zeros("float32"));
        await comm.barrier();
        const wider = /x\.bin, byte 0: the array takes 224 bytes of \[7, 4\] f8, the file has 112/;
        await assert.rejects(readRawBlock(path, space, { type: "float64" }), wider);
        await comm.barrier();
        if (comm.rank === 0) await writeFile(path, (await readFile(path)).subarray(0, 111));
        await comm.barrier();
        const cut = /x\.bin, byte 0: the array takes 112 bytes of \[7, 4\] f4, the file has 111/;
        await assert.rejects(readRawBlock(path, space, { type: "float32" }), cut);
        const more = /x\.bin, byte 8: the array takes 112 bytes of \[7, 4\] f4, the file has 103/;
        await assert.rejects(readRawBlock(path, space, { type: "float32", offset: 8 }), more);
        await comm.barrier();
      }
    }),
);

await realRanks(import.meta.url);
