import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import hdf5 from "h5wasm/node";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { readHdf5Block } from "../../src/io/hdf5.js";
import { realRanks, spmd } from "../spmd.js";
import { inFolder } from "./folder.js";

const value = (i: number, j: number) => 10 * i + j;

async function makeFile(path: string): Promise<void> {
  await hdf5.ready;
  const file = new hdf5.File(path, "w");
  const numbers = Array.from({ length: 24 }, (_, k) => value(Math.floor(k / 6), k % 6));
  const shape = [4, 6];
  const group = file.create_group("data");
  group.create_dataset({
    name: "f8",
    data: new Float64Array(numbers),
    shape,
    dtype: "<d",
    chunks: [2, 4],
    compression: 4,
  });
  group.create_dataset({ name: "f4", data: new Float32Array(numbers), shape, dtype: "<f" });
  group.create_dataset({ name: "i2", data: new Int16Array(numbers), shape, dtype: "<h" });
  group.create_dataset({ name: "i8", data: new BigInt64Array(numbers.map(BigInt)), shape, dtype: "<q" });
  group.create_dataset({ name: "text", data: ["a", "b"], shape: [2] });
  file.close();
}

await spmd("HDF5: every rank reads its block of a dataset, chunked and compressed or not", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "x.h5");
    if (comm.rank === 0) await makeFile(path);
    await comm.barrier();
    for (const grid of [
      [comm.size, 1],
      [1, comm.size],
    ]) {
      // prettier-ignore
      const space = new Distribution(comm, [4, 6], { grid });
      for (const [name, dtype] of [
        ["f8", "float64"],
        ["f4", "float32"],
        ["i2", "int32"],
        ["i8", "float64"],
      ] as const) {
        // prettier-ignore
        const read = await readHdf5Block(path, `/data/${name}`, space);
        assert.equal(read.dtype, dtype);
        assert.deepEqual(read.local, DistributedArray.fromFunction(space, value, dtype).local);
      }
    }
  }),
);

await spmd("HDF5: files, datasets and shapes that are not as expected: one error on all ranks", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "x.h5");
    const space = new Distribution(comm, [6, 4]);
    await assert.rejects(readHdf5Block(path, "/data/f8", space), /ENOENT/);
    await comm.barrier();
    if (comm.rank === 0) await makeFile(path);
    await comm.barrier();
    await assert.rejects(
      readHdf5Block(path, "/data/f8", space),
      /x\.h5:\/data\/f8 has shape \[4, 6\], the space is \[6, 4\]/,
    );
    await assert.rejects(readHdf5Block(path, "/data/none", space), /x\.h5:\/data\/none is not there/);
    await assert.rejects(readHdf5Block(path, "/data", space), /x\.h5:\/data is no dataset/);
    await assert.rejects(
      readHdf5Block(path, "/data/text", new Distribution(comm, [2])),
      /no numbers as elements/,
    );
    await comm.barrier();
    const spoiled = join(folder, "spoiled.h5");
    if (comm.rank === 0) {
      const bytes = await readFile(path); // the chunks of f8 are the only deflated ones
      for (let at = bytes.indexOf("x^", 0, "latin1"); at >= 0; at = bytes.indexOf("x^", at + 1, "latin1"))
        bytes.fill(0, at, at + 8);
      await writeFile(spoiled, bytes);
    }
    await comm.barrier();
    const right = new Distribution(comm, [4, 6]);
    await assert.rejects(
      readHdf5Block(spoiled, "/data/f8", right),
      /spoiled\.h5:\/data\/f8 cannot be read: filter returned failure/,
    );
    await comm.barrier();
    if (comm.rank === 0) await writeFile(path, (await readFile(path)).subarray(0, 2000));
    await comm.barrier();
    await assert.rejects(
      readHdf5Block(path, "/data/f8", space),
      /x\.h5 cannot be opened as an HDF5 file: .*truncated file: eof = 2000/,
    );
    await comm.barrier();
    if (comm.rank === 0) await writeFile(path, "no such thing");
    await comm.barrier();
    await assert.rejects(
      readHdf5Block(path, "/data/f8", space),
      /cannot be opened as an HDF5 file: .*signature not found/,
    );
  }),
);

await realRanks(import.meta.url, [[3, "shm"]]);
