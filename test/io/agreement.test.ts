import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { writeHdf5 } from "../../src/io/hdf5.js";
import { writeNpy } from "../../src/io/npy.js";
import { writeRaw } from "../../src/io/raw.js";
import { writeSegy } from "../../src/io/segy.js";
import { writeZarr } from "../../src/io/zarr.js";
import { realRanks, spmd } from "../spmd.js";
import { inFolder } from "./folder.js";

type Write = (array: DistributedArray, path: string, odd: boolean) => Promise<void>;

/** The last rank asks for something else than the others. */
const WRITES: readonly (readonly [what: RegExp, write: Write])[] = [
  [/^writeNpy: .*x1/, (x, path, odd) => writeNpy(`${path}${Number(odd)}`, x)],
  [/^writeNpy: .*"order":"F"/, (x, path, odd) => writeNpy(path, x, { order: odd ? "F" : "C" })],
  [/^writeNpy: .*float32/, (x, path, odd) => writeNpy(path, odd ? x.like("float32") : x)],
  [/^writeRaw: .*"endian":"big"/, (x, path, odd) => writeRaw(path, x, { endian: odd ? "big" : "little" })],
  [/^writeRaw: .*"order":"Z"/, (x, path, odd) => writeRaw(path, x, odd ? ({ order: "Z" } as object) : {})],
  [/^writeZarr: .*"chunks":\[3,4\]/, (x, path, odd) => writeZarr(path, x, { chunks: [odd ? 3 : 2, 4] })],
  [/^writeZarr: .*"codec":"gzip"/, (x, path, odd) => writeZarr(path, x, { codec: odd ? "gzip" : "zstd" })],
  [/^writeZarr: .*"version":2/, (x, path, odd) => writeZarr(path, x, { version: odd ? 2 : 3 })],
  [/^writeHdf5: .*"dataset":"b"/, (x, path, odd) => writeHdf5(path, odd ? "b" : "a", x)],
  [/^writeHdf5: .*"compression":3/, (x, path, odd) => writeHdf5(path, "a", x, { compression: odd ? 3 : 2 })],
  [/^writeSegy: .*"format":"ibm"/, (x, path, odd) => writeSegy(path, x, { format: odd ? "ibm" : "float32" })],
];

await spmd(
  "writers: another path, option or dtype on one rank is one error on all, and nothing is written",
  (comm) =>
    inFolder(comm, async (folder) => {
      const x = DistributedArray.fromFunction(new Distribution(comm, [6, 4]), (i, j) => i - j);
      for (const [what, write] of WRITES) {
        await assert.rejects(write(x, join(folder, "x"), comm.rank === comm.size - 1), (error) => {
          assert.ok(error instanceof RangeError, String(error));
          assert.match(error.message, what);
          assert.match(error.message, /all ranks must ask for the same$/);
          return true;
        });
      }
      assert.deepEqual(await readdir(folder), []);
    }),
  { sizes: [2, 3, 7] },
);

await realRanks(import.meta.url);
