import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import type { DType } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import { readNpy, readNpyBlock, writeNpy } from "../../src/io/npy.js";
import { realRanks, spmd } from "../spmd.js";
import { inFolder } from "./folder.js";

const DTYPES: readonly DType[] = ["float64", "float32", "complex128", "complex64", "int32"];
const value = (i: number, j: number, k: number) => 100 * i + 10 * j + k;
const complexValue = (i: number, j: number, k: number) => ({ re: value(i, j, k), im: -i });

await spmd("npy: what the ranks write, block by block, is the whole array, for every dtype", (comm) =>
  inFolder(comm, async (folder) => {
    for (const dtype of DTYPES) {
      const path = join(folder, `${dtype}.npy`);
      const f = dtype.startsWith("complex") ? complexValue : value;
      await writeNpy(path, DistributedArray.fromFunction(new Distribution(comm, [5, 3, 4]), f, dtype));
      const whole = await readNpy(path);
      assert.equal(whole.dtype, dtype);
      assert.deepEqual(whole.space.dims, [5, 3, 4]);
      assert.deepEqual(whole.local, LocalArray.fromFunction([5, 3, 4], f, dtype).local);
    }
  }),
);

await spmd("npy: any distribution writes, any other reads the same bits", (comm) =>
  inFolder(comm, async (folder) => {
    const n = comm.size;
    const lengths: number[] = Array.from({ length: n }, (_, rank) => (rank % 2 === 0 ? 0 : 2)); // empty blocks
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const layouts = (dims: number[]) => [
      new Distribution(comm, dims),
      new Distribution(comm, dims, { grid: [1, n, 1] }),
      new Distribution(comm, dims, { grid: [1, 1, n] }),
      new Distribution(comm, dims, { grid: [n % 2 ? n : n / 2, n % 2 ? 1 : 2, 1] }),
      new Distribution(comm, dims, { blocks: [lengths] }),
      new Distribution(comm, dims, { replicated: true }),
    ];
    const path = join(folder, "x.npy");
    const irrational = (i: number, j: number, k: number) => Math.sin(value(i, j, k)) / 3;
    for (const from of layouts([total, 3, 5])) {
      await writeNpy(path, DistributedArray.fromFunction(from, irrational));
      for (const to of layouts([total, 3, 5])) {
        const read = await readNpyBlock(path, to);
        assert.deepEqual(read.local, DistributedArray.fromFunction(to, irrational).local, to.toString());
      }
      await comm.barrier();
    }
    assert.deepEqual(
      comm.rank === 0 ? await readdir(folder) : ["x.npy"],
      ["x.npy"],
      "no partial file is left",
    );
  }),
);

await spmd("npy: in Fortran order too, with the header that says so", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "x.npy");
    for (const grid of [[comm.size, 1, 1], [1, 1, comm.size]])
      for (const dtype of DTYPES) {
        const space = new Distribution(comm, [5, 3, 4], { grid });
        const f = dtype.startsWith("complex") ? complexValue : value;
        await writeNpy(path, DistributedArray.fromFunction(space, f, dtype), { order: "F" });
        const bytes = await readFile(path);
        assert.match(bytes.toString("latin1", 10, 128), /'fortran_order': True, 'shape': \(5, 3, 4\)/);
        if (dtype === "int32") assert.equal(bytes.readInt32LE(128 + 4), value(1, 0, 0), "the first axis is fastest");
        assert.deepEqual((await readNpyBlock(path, space)).local, DistributedArray.fromFunction(space, f, dtype).local);
        await comm.barrier();
      }
    const order = "K" as "C";
    await assert.rejects(async () => writeNpy(path, new LocalArray([1]), { order }), /order K; use "C" or "F"/);
  }),
); // prettier-ignore

await spmd("npy: reads and writes that are started at once run one after the other", (comm) =>
  inFolder(comm, async (folder) => {
    const names = Array.from({ length: 5 }, (_, k) => join(folder, `${k}.npy`));
    const space = new Distribution(comm, [7, 2]);
    const made = (k: number) => DistributedArray.fromFunction(space, (i, j) => 100 * k + value(i, j, 0));
    const writes = names.map((name, k) => writeNpy(name, made(k)));
    const sums = [comm.allreduce(1), comm.allreduce(2)]; // the program's own communicator is free meanwhile
    await Promise.all(writes);
    assert.deepEqual(await Promise.all(sums), [comm.size, 2 * comm.size]);
    const reads = names.map((name, k) =>
      k === 2 ? readNpyBlock(comm.rank === 0 ? `${name}.not` : name, space) : readNpyBlock(name, space),
    );
    const outcomes = await Promise.allSettled(reads);
    for (const [k, outcome] of outcomes.entries()) {
      if (k === 2) {
        assert.equal(outcome.status, "rejected");
        assert.match(String(outcome.reason), /ENOENT/);
      } else {
        assert.equal(outcome.status, "fulfilled");
        assert.deepEqual(outcome.value.local, made(k).local);
      }
    }
  }),
);

await spmd("npy: each rank reads its block of a file in Fortran order", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "fortran.npy");
    const elements = new Float64Array(4 * 3 * 2);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 3; j++) for (let k = 0; k < 2; k++) elements[i + 4 * (j + 3 * k)] = value(i, j, k);
    if (comm.rank === 0)
      await writeFile(path, npyFile("'<f8', 'fortran_order': True, 'shape': (4, 3, 2)", elements));
    await comm.barrier();
    for (const grid of [
      [comm.size, 1, 1],
      [1, comm.size, 1],
    ]) {
      const space = new Distribution(comm, [4, 3, 2], { grid });
      const expected = DistributedArray.fromFunction(space, value);
      assert.deepEqual((await readNpyBlock(path, space)).local, expected.local);
    }
    assert.deepEqual((await readNpy(path)).local, LocalArray.fromFunction([4, 3, 2], value).local);
  }),
);

await spmd("npy: what fails on one rank fails on all, and leaves nothing behind", (comm) =>
  inFolder(comm, async (folder) => {
    const space = new Distribution(comm, [8, 2]);
    const path = join(folder, "x.npy");
    await assert.rejects(writeNpy(join(folder, "missing", "x.npy"), space.zeros()), /ENOENT/);
    await assert.rejects(readNpyBlock(path, space), /ENOENT/);
    await writeNpy(path, space.zeros());
    const other = new Distribution(comm, [2, 8]);
    await assert.rejects(readNpyBlock(path, other), /has shape \[8, 2\], the space is \[2, 8\]/);
    await comm.barrier();
    if (comm.rank === 0) {
      await writeFile(path, (await readFile(path)).subarray(0, 130));
      assert.deepEqual(await readdir(folder), ["x.npy"]);
    }
    await comm.barrier();
    await assert.rejects(readNpyBlock(path, space), /byte 128: the array takes 128 bytes .* the file has 2/);
  }),
);

await realRanks(import.meta.url);

function npyFile(header: string, elements: Float64Array): Uint8Array {
  const text = `{'descr': ${header}, }\n`;
  const bytes = Buffer.alloc(10 + text.length + elements.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  bytes.writeUInt16LE(text.length, 8);
  bytes.write(text, 10);
  bytes.set(new Uint8Array(elements.buffer), 10 + text.length);
  return bytes;
}
