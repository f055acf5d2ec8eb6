import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { crc32c } from "../../src/io/crc32c.js";
import { readZarrBlock, writeZarr } from "../../src/io/zarr.js";
import type { ZarrCodec } from "../../src/io/zarr-metadata.js";
import { arbitraryDistribution, DTYPES, tagged } from "../array/arbitrary.js";
import { realRanks, spmd } from "../spmd.js";
import { inFolder } from "./folder.js";

const CODECS: readonly ZarrCodec[] = ["none", "gzip", "zstd", "lz4", "blosc"];

await spmd(
  "Zarr: any holders write, any others read the same bits, in both versions and every codec",
  (comm) =>
    inFolder(comm, async (folder) => {
      const dims = [5, 3, 4];
      const cases = fc.record({
        from: arbitraryDistribution(comm.size, dims),
        to: arbitraryDistribution(comm.size, dims),
        dtype: fc.constantFrom(...DTYPES),
        chunks: fc.constantFrom([2, 3, 3], [1, 1, 4], [5, 3, 4], [9, 2, 2], undefined),
      });
      for (const [k, { from, to, dtype, chunks }] of fc.sample(cases, { seed: 2, numRuns: 10 }).entries()) {
        const path = join(folder, "x.zarr");
        const [version, codec] = [k % 2 === 0 ? 3 : 2, CODECS[k % 5]] as const;
        const x = DistributedArray.fromFunction(new Distribution(comm, dims, from), tagged(dtype), dtype);
        await writeZarr(path, x, { version, codec, chunks });
        const space = new Distribution(comm, dims, to);
        const read = await readZarrBlock(path, space);
        assert.equal(read.dtype, dtype);
        assert.deepEqual(read.local, DistributedArray.fromFunction(space, tagged(dtype), dtype).local, codec);
        await comm.barrier();
      }
      if (comm.rank === 0) assert.deepEqual(await readdir(folder), ["x.zarr"], "no partial folder is left");
    }),
);

await spmd(
  "Zarr: arrays of other programs: big-endian, Fortran order, short integers, chunks that are not there",
  (comm) =>
    inFolder(comm, async (folder) => {
      const path = join(folder, "x");
      const write = async (metadata: object, chunks: Readonly<Record<string, Uint8Array>>) => {
        await comm.barrier();
        if (comm.rank === 0) {
          await mkdir(path, { recursive: true });
          const common = { zarr_format: 2, compressor: null, filters: null };
          await writeFile(join(path, ".zarray"), JSON.stringify({ ...common, ...metadata }));
          for (const [name, bytes] of Object.entries(chunks)) await writeFile(join(path, name), bytes);
        }
        await comm.barrier();
      };
      const bytes = new DataView(new ArrayBuffer(8));
      [10, -20, 30, 40].forEach((value, i) => bytes.setInt16(2 * i, value));
      const chunk = new Uint8Array(bytes.buffer);
      const space = new Distribution(comm, [2, 3]);
      await write(
        { shape: [2, 3], chunks: [2, 2], dtype: ">i2", fill_value: 7, order: "F" },
        { "0.0": chunk },
      );
      const read = await readZarrBlock(path, space);
      const whole = [[10, 30, 7], [-20, 40, 7]]; // prettier-ignore
      assert.deepEqual(
        read.local,
        DistributedArray.fromFunction(space, (i, j) => whole[i][j], "int32").local,
      );
      const halves = Uint8Array.of(0x3c, 0, 0xc1, 0, 0x7c, 0, 0, 1); // 1, −2.5, ∞, 2⁻²⁴
      await write(
        { shape: [2, 3], chunks: [2, 2], dtype: ">f2", fill_value: "NaN", order: "C" },
        { "0.0": halves },
      );
      const expected = [[1, -2.5, NaN], [Infinity, 2 ** -24, NaN]]; // prettier-ignore
      assert.deepEqual(await readZarrBlock(path, space), DistributedArray.fromFunction(space, (i, j) => expected[i][j], "float32")); // prettier-ignore
      await write({ shape: [2, 3], chunks: [2, 2], dtype: ">f2", fill_value: 0.5, order: "C" }, {});
      await assert.rejects(readZarrBlock(path, space), /\.zarray: fill value 0\.5; of float16 arrays/);
      await write({ shape: [2, 3], chunks: [2, 3], dtype: "<c8", fill_value: null, order: "F" }, {});
      await assert.rejects(readZarrBlock(path, space), /complex elements in Fortran order/);
      await write({ shape: [2, 3], chunks: [2, 3], dtype: "<M8[s]", fill_value: 0, order: "C" }, {});
      await assert.rejects(readZarrBlock(path, space), /x .*M8/);
    }),
);

await spmd(
  "Zarr: chunks in shards are read where they are; one that is not there is the fill value",
  (comm) =>
    inFolder(comm, async (folder) => {
      const path = join(folder, "x");
      const space = new Distribution(comm, [4, 5]);
      const write = async (type: "int32" | "complex64", kept?: number) => {
        await comm.barrier();
        if (comm.rank === 0) {
          const perElement = type === "int32" ? 1 : 2;
          // One shard of 2 × 3 chunks of 2 × 2 elements, of which the last one is missing, and the index behind them.
          const chunk = (c: number) => Int32Array.from({ length: 4 * perElement }, (_, k) => 10 * c + k);
          const chunks = Array.from({ length: 5 }, (_, c) =>
            type === "int32" ? chunk(c) : Float32Array.from(chunk(c)),
          );
          const index = chunks.flatMap(({ byteLength }, c) => [BigInt(c * byteLength), BigInt(byteLength)]);
          const none = 2n ** 64n - 1n;
          const bytes = Buffer.concat([...chunks, BigUint64Array.from([...index, none, none])].map(({ buffer }) => new Uint8Array(buffer))); // prettier-ignore
          const little = { name: "bytes", configuration: { endian: "little" } };
          await mkdir(join(path, "c/0"), { recursive: true });
          await writeFile(join(path, "c/0/0"), bytes.subarray(0, kept));
          await writeFile(join(path, "zarr.json"), JSON.stringify({
          zarr_format: 3, node_type: "array", shape: [4, 5], data_type: type, fill_value: type === "int32" ? -1 : [-1, -1], attributes: {},
          chunk_grid: { name: "regular", configuration: { chunk_shape: [4, 6] } },
          chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
          codecs: [{ name: "sharding_indexed", configuration: { chunk_shape: [2, 2], codecs: [little], index_codecs: [little] } }],
        })); // prettier-ignore
        }
        await comm.barrier();
      };
      const element = (perElement: number) => (i: number, j: number) => {
        const [c, k] = [3 * Math.floor(i / 2) + Math.floor(j / 2), perElement * (2 * (i % 2) + (j % 2))];
        const re = c === 5 ? -1 : 10 * c + k;
        return perElement === 1 ? re : { re, im: c === 5 ? -1 : re + 1 };
      };
      for (const type of ["int32", "complex64"] as const) {
        await write(type);
        for (const grid of [
          [comm.size, 1],
          [1, comm.size],
        ]) {
          const to = new Distribution(comm, [4, 5], { grid });
          const expected = DistributedArray.fromFunction(to, element(type === "int32" ? 1 : 2), type);
          assert.deepEqual((await readZarrBlock(path, to)).local, expected.local);
        }
      }
      await write("int32", 50);
      await assert.rejects(
        readZarrBlock(path, space),
        /x\/c\/0\/0, chunk .*shorter than the index of a shard, 96 bytes/,
      );
    }),
);

await spmd("Zarr: shards are written, a file each, whoever holds the array and whoever reads it", (comm) =>
  inFolder(comm, async (folder) => {
    const dims = [5, 3, 4];
    const cases = fc.record({
      from: arbitraryDistribution(comm.size, dims),
      to: arbitraryDistribution(comm.size, dims),
      dtype: fc.constantFrom(...DTYPES),
      lengths: fc.constantFrom([[2, 3, 3], [4, 3, 3]], [[1, 1, 4], [2, 2, 4]], [[1, 2, 1], [9, 4, 2]]), // prettier-ignore
    });
    for (const [k, { from, to, dtype, lengths }] of fc.sample(cases, { seed: 3, numRuns: 6 }).entries()) {
      const path = join(folder, "x.zarr");
      const [chunks, shards] = lengths;
      const x = DistributedArray.fromFunction(new Distribution(comm, dims, from), tagged(dtype), dtype);
      await writeZarr(path, x, { codec: CODECS[k % 5], chunks, shards });
      const space = new Distribution(comm, dims, to);
      const read = await readZarrBlock(path, space);
      assert.deepEqual(read.local, DistributedArray.fromFunction(space, tagged(dtype), dtype).local);
      const files = await readdir(join(path, "c"), { recursive: true, withFileTypes: true });
      const count = dims.reduce((product, n, axis) => product * Math.ceil(n / shards[axis]), 1);
      assert.equal(files.filter((file) => file.isFile()).length, count);
      await comm.barrier();
    }
  }),
);

await spmd("Zarr: a shard has its chunks, their places, and a checksum, which is compared", (comm) =>
  inFolder(comm, async (folder) => {
    assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283); // of RFC 3720
    const path = join(folder, "x.zarr");
    const space = new Distribution(comm, [3, 2]);
    const x = DistributedArray.fromFunction(space, (i, j) => 2 * i + j, "int32");
    await writeZarr(path, x, { codec: "none", chunks: [1, 2], shards: [4, 2] });
    const file = join(path, "c/0/0");
    const bytes = await readFile(file);
    const none = 2n ** 64n - 1n;
    assert.deepEqual([...new Int32Array(Uint8Array.from(bytes.subarray(0, 24)).buffer)], [0, 1, 2, 3, 4, 5]);
    const index = new BigUint64Array(Uint8Array.from(bytes.subarray(24, 88)).buffer);
    assert.deepEqual([...index], [0n, 8n, 8n, 8n, 16n, 8n, none, none]);
    assert.equal(bytes.length, 92);
    await comm.barrier();
    if (comm.rank === 0) await writeFile(file, bytes.with(30, 1));
    await comm.barrier();
    await assert.rejects(
      readZarrBlock(path, space),
      /x\.zarr\/c\/0\/0, byte 24: the index of the shard has not the checksum/,
    );
    for (const options of [{ shards: [4, 2] }, { chunks: [2, 2], shards: [3, 2] }, { version: 2 as const, chunks: [1, 2], shards: [4, 2] }])
      await assert.rejects(writeZarr(path, x, options), /writeZarr: shards \[\d, 2\] of chunks .*give chunks, and multiples/); // prettier-ignore
  }),
);

await spmd("Zarr: what is cut, corrupt or not there is named, on all ranks", (comm) =>
  inFolder(comm, async (folder) => {
    const path = join(folder, "x.zarr");
    const space = new Distribution(comm, [6, 4]);
    await assert.rejects(readZarrBlock(path, space), /x\.zarr cannot be opened as a Zarr array/);
    for (const codec of ["none", "zstd", "gzip"] as const) {
      await writeZarr(
        path,
        DistributedArray.fromFunction(space, (i, j) => i * j),
        { codec, chunks: [6, 2] },
      );
      await comm.barrier();
      const file = join(path, "c/0/1");
      if (comm.rank === 0) await writeFile(file, (await readFile(file)).subarray(0, 16));
      await comm.barrier();
      const message =
        codec === "none"
          ? /chunk \[0, 1\] has 2 elements; 12 are expected/
          : /chunk \[0, 1\] cannot be decoded/;
      await assert.rejects(readZarrBlock(path, space), message);
      await assert.rejects(readZarrBlock(path, space), /x\.zarr\/c\/0\/1, chunk/);
      await comm.barrier();
    }
    await assert.rejects(
      readZarrBlock(path, new Distribution(comm, [4, 6])),
      /has shape \[6, 4\], the space is \[4, 6\]/,
    );
    await assert.rejects(writeZarr(path, space.zeros(), { chunks: [0, 1] }), /chunks \[0, 1\]/);
    await assert.rejects(writeZarr(join(folder, "none", "\0"), space.zeros()), /writeZarr|null bytes/);
    await comm.barrier();
    if (comm.rank === 0) await writeFile(join(path, "zarr.json"), "{");
    await comm.barrier();
    await assert.rejects(readZarrBlock(path, space), /x\.zarr cannot be opened/);
  }),
);

await realRanks(import.meta.url);
