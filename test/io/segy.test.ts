import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { readSegyBlock, readSegyHeader, readSegyInfo, writeSegy } from "../../src/io/segy.js";
import type { SegyFormat } from "../../src/io/segy-format.js";
import { arbitraryDistribution } from "../array/arbitrary.js";
import { realRanks, spmd } from "../spmd.js";
import { inFolder } from "./folder.js";

const FORMATS: readonly (readonly [SegyFormat, string])[] = [
  ["ibm", "float32"],
  ["float32", "float32"],
  ["float64", "float64"],
  ["int32", "int32"],
  ["int16", "int32"],
  ["int8", "int32"],
  ["uint16", "int32"],
];
const value = (i: number, j: number, k: number) => 30 * i + 10 * j + k;

await spmd("SEG-Y: any holders write traces, any others read the same numbers, in every format", (comm) =>
  inFolder(comm, async (folder) => {
    const dims = [2, 3, 6];
    for (const [k, [format, dtype]] of FORMATS.entries()) {
      const path = join(folder, `${format}.sgy`);
      const ways = fc.sample(arbitraryDistribution(comm.size, dims), { seed: k, numRuns: 2 });
      const [from, to] = ways.map((options) => new Distribution(comm, dims, options));
      await writeSegy(path, DistributedArray.fromFunction(from, value), { format, interval: 2000 });
      const read = await readSegyBlock(path, to);
      assert.equal(read.dtype, dtype);
      assert.deepEqual([...read.local], [...DistributedArray.fromFunction(to, value).local], to.toString());
      const { traces, samples, interval, format: found } = await readSegyInfo(path);
      assert.deepEqual(
        { traces, samples, interval, found },
        { traces: 6, samples: 6, interval: 2000, found: format },
      );
    }
    await comm.barrier();
    if (comm.rank === 0) assert.equal((await readdir(folder)).length, FORMATS.length);
  }),
);

await spmd("SEG-Y: fields of trace headers are read by blocks, whoever has written them", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "x.sgy");
    const header = (trace: number) => ({ inline: Math.floor(trace / 3), crossline: trace % 3, coordinateScale: -10, sourceX: 100 * trace }); // prettier-ignore
    const grid = [1, 1, comm.size];
    await writeSegy(path, new Distribution(comm, [2, 3, 7], { grid }).zeros(), { header });
    const space = new Distribution(comm, [2, 3], { grid: [1, comm.size] });
    const expect = async (field: Parameters<typeof readSegyHeader>[1], f: (i: number, j: number) => number) =>
      assert.deepEqual(
        (await readSegyHeader(path, field, space)).local,
        DistributedArray.fromFunction(space, f, "int32").local,
      );
    await expect("inline", (i) => i);
    await expect("crossline", (_, j) => j);
    await expect("coordinateScale", () => -10);
    await expect("sourceX", (i, j) => 100 * (3 * i + j));
    await expect("traceInFile", (i, j) => 3 * i + j + 1);
    await expect("samples", () => 7);
  }),
);

await spmd("SEG-Y: what fails on one rank fails on all", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "x.sgy");
    const space = new Distribution(comm, [4, 5]);
    await writeSegy(path, space.zeros());
    await assert.rejects(
      readSegyBlock(path, new Distribution(comm, [5, 4])),
      /4 traces of 5 samples, the space is \[5, 4\]/,
    );
    await assert.rejects(writeSegy(path, space.zeros("complex64")), /traces are real/);
    await assert.rejects(writeSegy(path, new Distribution(comm, [1, 70_000]).zeros()), /70000 samples/);
    await comm.barrier();
    if (comm.rank === 0) await writeFile(path, (await readFile(path)).subarray(0, 3600 + 2 * 260 + 17));
    await comm.barrier();
    await assert.rejects(
      readSegyBlock(path, space),
      /x\.sgy, byte 4120: 2 traces of 260 bytes .* leave 17 bytes/,
    );
  }),
);

await spmd(
  "SEG-Y: what is cut, corrupt or of another type is named with file and byte, on all ranks",
  (comm) =>
    inFolder(comm, async (folder) => {
      const path = join(folder, "x.sgy");
      const space = new Distribution(comm, [4, 5]);
      await writeSegy(path, space.zeros());
      await comm.barrier();
      const whole = await readFile(path);
      const cases: readonly (readonly [Uint8Array, RegExp])[] = [
        [whole.subarray(0, 0), /x\.sgy, byte 0: the file ends within the 3600 bytes of its headers/],
        [whole.subarray(0, 3599), /x\.sgy, byte 3599: the file ends within the 3600/],
        [whole.with(3225, 77), /x\.sgy, byte 3224: sample format 77; known are 1 \(ibm\)/],
        [whole.with(3221, 0), /x\.sgy, byte 3220: the header gives 0 samples a trace/],
        [
          whole.with(3221, 6),
          /x\.sgy, byte \d+: \d traces of 264 bytes \(6 samples of \w+\) leave \d+ bytes/,
        ],
        [
          whole.with(3225, 3),
          /x\.sgy, byte \d+: \d traces of 250 bytes \(5 samples of int16\) leave \d+ bytes/,
        ],
      ];
      for (const [bytes, message] of cases) {
        await comm.barrier();
        if (comm.rank === 0) await writeFile(path, bytes);
        await comm.barrier();
        await assert.rejects(readSegyBlock(path, space), message);
        await assert.rejects(readSegyHeader(path, "inline", new Distribution(comm, [4])), message);
      }
      await assert.rejects(readSegyBlock(join(folder, "none"), space), /ENOENT.*none/);
    }),
);

await realRanks(import.meta.url);
