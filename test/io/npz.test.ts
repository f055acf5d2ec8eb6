import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zipSync } from "fflate";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { formatHeader } from "../../src/io/npy-format.js";
import { readNpz, readNpzBlock } from "../../src/io/npz.js";
import { realRanks, spmd } from "../spmd.js";
import { inFolder } from "./folder.js";

const value = (i: number, j: number) => 10 * i + j;

function archive(level: 0 | 6): Uint8Array {
  const header = formatHeader("float32", [5, 4]);
  const numbers = Float32Array.from({ length: 20 }, (_, k) => value(Math.floor(k / 4), k % 4));
  const npy = new Uint8Array(header.length + numbers.byteLength);
  npy.set(header);
  npy.set(new Uint8Array(numbers.buffer), header.length);
  return zipSync(
    { "first.npy": npy.slice(0, 128), "x.npy": npy, "last.npy": npy },
    { level, comment: "a comment" },
  );
}

await spmd("npz: every rank reads its block of an array, stored or deflated", (comm) =>
  inFolder(comm, async (folder) => {
    for (const level of [0, 6] as const) {
      const path = join(folder, `${level}.npz`);
      if (comm.rank === 0) await writeFile(path, archive(level));
      await comm.barrier();
      for (const grid of [
        [comm.size, 1],
        [1, comm.size],
      ]) {
        // prettier-ignore
        const space = new Distribution(comm, [5, 4], { grid });
        for (const member of ["x", "last"]) {
          const read = await readNpzBlock(path, member, space);
          assert.deepEqual(read.local, DistributedArray.fromFunction(space, value, "float32").local);
        }
      }
      assert.equal((await readNpz(path, "x")).local[19], 43);
    }
  }),
);

await spmd("npz: what is not there, cut or no archive: one error on all ranks", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "x.npz");
    const space = new Distribution(comm, [5, 4]);
    const put = async (bytes: Uint8Array) => {
      await comm.barrier();
      if (comm.rank === 0) await writeFile(path, bytes);
      await comm.barrier();
    };
    await put(archive(6));
    await assert.rejects(readNpzBlock(path, "y", space), /x\.npz has no array "y"; it has first, x, last/);
    await assert.rejects(
      readNpzBlock(path, "x", new Distribution(comm, [4, 5])),
      /x\.npz:x has shape \[5, 4\]/,
    );
    await put(archive(0));
    await assert.rejects(
      readNpzBlock(path, "x", new Distribution(comm, [4, 5])),
      /x\.npz has shape \[5, 4\]/,
    );
    await put(archive(0).subarray(0, 700));
    await assert.rejects(readNpzBlock(path, "x", space), /x\.npz, byte 700: no directory at the end/);
    const damaged = archive(0);
    damaged.fill(0, 0, 4); // the header of the first member
    await put(damaged);
    await assert.rejects(readNpzBlock(path, "x", space), /x\.npz, byte 0: no 0x4034b50/);
    const spoiled = archive(6);
    spoiled.fill(0xff, 40, 250);
    await put(spoiled);
    await assert.rejects(readNpzBlock(path, "x", space), /x\.npz/);
    for (const level of [0, 6] as const) {
      const flipped = archive(level); // one bit of the checksum in the directory: of the second member
      const entry = Buffer.from(flipped).indexOf(
        "PK\x01\x02",
        Buffer.from(flipped).indexOf("PK\x01\x02", 0, "latin1") + 1,
        "latin1",
      );
      flipped[entry + 16] ^= 1;
      await put(flipped);
      const checksum = /x\.npz, byte \d+: x\.npy has the checksum 0x[0-9a-f]+, the archive says 0x[0-9a-f]+/;
      await assert.rejects(readNpz(path, "x"), checksum);
      assert.equal((await readNpz(path, "last")).local[19], 43);
      if (level > 0) await assert.rejects(readNpzBlock(path, "x", space), checksum);
    }
  }),
);

await realRanks(import.meta.url, [[3, "shm"]]);
