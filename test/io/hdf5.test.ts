import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "fflate";
import hdf5 from "h5wasm/node";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { readHdf5Block, writeHdf5 } from "../../src/io/hdf5.js";
import { DTYPES } from "../array/arbitrary.js";
import { realRanks, spmd } from "../spmd.js";
import { inFolder } from "./folder.js";

const value = (i: number, j: number) => 10 * i + j;

/** What h5py 3.7 writes of types that the library has no arrays of, gzipped; [4, 6], with `value` in them. */
const BY_H5PY =
  "H4sIAAAAAAACA9WVX0hTURzHf/eP83q36TRD+6eTrOyhWqJTzPROp8ytuWEmBGXLpSaVEyNYIOuCYgRaUPm+gsiIYFCGPTXtQZNINILIh0oSH0" +
  "JYYGEPYb9777m0iQXzofRc7vnc8+P8fuf8vvd3z71ms1br+a08w3GgtmXS7vLK2ETsH941pLts1jraOPWJPxd9++m0aEe18TRQABo9IOiW/Bck" +
  "jsEA0KyJja1JkyYleg+aTzW1tc7QxKq4eoudLJmng5hmmQg9k7dEAUXlAtA0RalTyQqwcsykA5VqTAFlDQPwCcCn4FMC7pbhOdwISwEXuz0Iwr" +
  "pvQ7r+6TVpkfN3LUwbUIvPpQFf3FqYgTLTkgoAnQCpOeWkCgQo0ELBMgPQBtxqZlktRqsDCpcB6ZJiy+rRwFA0a2D4eYYs0/6vtbjdPVBYbbFZ" +
  "gUrm1ZwZ8vDoa+REtcVaAZS6Pw952/lyf5OMcuX+KRkdkPs5MtqlzN/78PRaFeeI4sZsMsUIGRxkXAFJcXY1c3R98klKtLCacOB/V9+rJ/VFcW" +
  "uRA1QxLR13WIGcQkmZasuRo1VQX3esCm3RaU+QtDPVVW+tyy/xdSTrsKvS5pAO/TuJ0bWFuadIebJNPt/54wnql3sysClu7XbH1JEkn1owWD/R" +
  "w2gBZ1fWzfX1pl1R0uULknaaVEknTUu+9G+cpEjyirGz2evrPDNApFgo6TDHu0opnmQVYIUqqBFrwC7awSE6wCk4RWfYCbVCregKu8BtdAtujz" +
  "tmOjrY0cGBDk7iUIsOLnRwEwd/o9cjJHzPNi4G8hZgcznc21Ec7MpbCNJzlW2JhXnZ9kNnhR/u9xbtxNVp6Avwe/yNFw0e6GbQxqKtR+xO7ilD" +
  "t0V0c+Kr7POyP/2N+8Ze6kUThE29s0tDW/qnMvUPLpU1lNx4O7Z/sn0ya7K39c3j0i/fZrJZl+4+hgwpIUfSlJA75ZDbtwW7OCmm9qNm/rcgYj" +
  "nez+UTXq4OASkgRaSIDCKDSKMF7xH8MSJNSAEpIN1IN9KD9CA7kB3IIDKIHEQOIkPIEHIYOYwMI8PIceQ4MoKMIJeQS0iUHWAUSxfJIjkkh9Qh" +
  "daNA/eHa4O0Xtu65KqIKAAA=";

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

await spmd("HDF5: half-precision, complex and boolean elements of h5py, in either byte order", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "h5py.h5");
    if (comm.rank === 0) await writeFile(path, gunzipSync(Buffer.from(BY_H5PY, "base64")));
    await comm.barrier();
    const types = {
      f2: "float32",
      f2_big: "float32",
      c16_big: "complex128",
      c8: "complex64",
      bool: "int32",
    } as const;
    for (const grid of [
      [comm.size, 1],
      [1, comm.size],
    ]) {
      const space = new Distribution(comm, [4, 6], { grid });
      for (const [name, dtype] of Object.entries(types)) {
        const complex = dtype.startsWith("complex");
        const f = (i: number, j: number) =>
          complex
            ? { re: value(i, j), im: 0 - value(i, j) }
            : name === "bool"
              ? value(i, j) % 2
              : value(i, j);
        const read = await readHdf5Block(path, name, space);
        assert.equal(read.dtype, dtype);
        assert.deepEqual(read.local, DistributedArray.fromFunction(space, f, dtype).local, name);
      }
      await assert.rejects(readHdf5Block(path, "record", space), /h5py\.h5:record has no numbers as elements; only floats, integers and pairs/); // prettier-ignore
    }
  }),
);

await spmd("HDF5: what the ranks write in turn, any other distribution reads with the same bits", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "written.h5");
    const dims = [5, 7];
    const columns = new Distribution(comm, dims, { grid: [1, comm.size] });
    const uneven = Array.from({ length: comm.size }, (_, rank) => (rank === comm.size - 1 ? 5 : 0));
    const spaces = [new Distribution(comm, dims, { blocks: [uneven] }), columns, new Distribution(comm, dims, { replicated: true })]; // prettier-ignore
    for (const [k, dtype] of DTYPES.entries()) {
      const from = spaces[k % spaces.length];
      const f = (i: number, j: number) => (dtype.startsWith("complex") ? { re: i / 3, im: j } : i - j);
      await writeHdf5(path, "/a/b/x", DistributedArray.fromFunction(from, f, dtype), k % 2 === 0 ? {} : { compression: 5, chunks: [2, 3] }); // prettier-ignore
      for (const to of spaces) {
        const read = await readHdf5Block(path, "a/b/x", to);
        assert.equal(read.dtype, dtype);
        assert.deepEqual(read.local, DistributedArray.fromFunction(to, f, dtype).local);
      }
      await comm.barrier();
    }
    const empty = new Distribution(comm, [0, 3]);
    await writeHdf5(path, "x", empty.zeros("float32"));
    assert.equal((await readHdf5Block(path, "x", empty)).dtype, "float32");
    await assert.rejects(async () => writeHdf5(path, "/", empty.zeros()), /dataset "\/"; give it a name/);
    await assert.rejects(
      async () => writeHdf5(path, "x", empty.zeros(), { compression: 10 }),
      /compression 10/,
    );
    await assert.rejects(
      async () => writeHdf5(path, "x", empty.zeros(), { chunks: [0, 1] }),
      /chunks \[0, 1\]/,
    );
    await assert.rejects(writeHdf5(join(folder, "none", "x.h5"), "x", empty.zeros()), /writeHdf5: failed on rank 0|cannot be opened/); // prettier-ignore
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
