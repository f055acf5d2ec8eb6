import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "fflate";
import type { Array as ZarrArray, DataType } from "zarrita";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import { DistributedArray } from "../array/distributed-array.js";
import type { DType, Storage } from "../array/dtype.js";
import { product, sameNumbers, stridesOf } from "../array/shape.js";
import { copyBox } from "../array/strided-copy.js";
import { checkOptions } from "../options.js";
import { agree, agreeInTurn } from "./agree.js";
import { replacing } from "./replacing.js";
import { chunksFor } from "./chunks.js";
import { exact, half } from "./elements.js";
import { isCodec, metadataOf, type ZarrCodec, ZARR_CODECS } from "./zarr-metadata.js";
import { ShardFolder } from "./zarr-shards.js";
import { ZarrFolder } from "./zarr-store.js";
import { messageOf } from "../thrown.js";

export interface ZarrOptions {
  /** Version of the format; default 3. */
  version?: 2 | 3;
  /** Lengths of a chunk. Default: those of the largest block, halved until a chunk has 4 MiB at most. */
  chunks?: readonly number[];
  /**
   * Lengths of a shard, multiples of those of the chunks: all chunks of a shard are in one file. Version 3, with `chunks`.
   * Default: every chunk is a file.
   */
  shards?: readonly number[];
  /** How chunks are compressed; default zstd. */
  codec?: ZarrCodec;
}

/**
 * Reads a Zarr array, of version 2 or 3, into a space: each rank the chunks that its block touches, and no others.
 * Collective. Codecs: blosc, zstd, gzip, zlib, lz4, and what else the library `zarrita` has; chunks that are not there
 * are the fill value.
 *
 * @param path - The folder of the array, with `zarr.json` or `.zarray` in it.
 * @param space - Its dims must be the shape of the array.
 * @returns float32, float64, complex64, complex128 and int32 as they are, float16 as float32, shorter integers and booleans
 *   as int32, longer ones as float64.
 * @throws {Error} On every rank, if it fails on one of them; names the file, and what is wrong with it.
 */
export function readZarrBlock<V extends BlockVector<V>>(path: string, space: BlockSpace<V>): Promise<V> {
  return agreeInTurn(space.comm, "readZarrBlock", async () => {
    const { folder, array } = await openArray(new ZarrFolder(path));
    const { complex } = folder;
    const dims = complex ? array.shape.slice(0, -1) : array.shape;
    if (!sameNumbers(dims, space.dims))
      throw new RangeError(`${path} has shape [${dims.join(", ")}], the space is ${space.toString()}`);
    const block = space.zeros(folder.half ? "float32" : dtypeOf(array.dtype, complex, path));
    const [start, shape] = complex ? [[...space.localStart, 0], [...space.localShape, 2]] : [space.localStart, space.localShape]; // prettier-ignore
    if (product(shape) === 0) return block;
    for (const coordinates of chunksOf(array.chunks, start, shape)) {
      const chunk = await decodeChunk(folder, array, coordinates);
      copyCommon(chunk, coordinates, array.chunks, { storage: block.local, start, shape });
    }
    return block;
  });
}

/**
 * Writes an array as a Zarr array of version 3 or 2. Collective for distributed arrays, local for others. Every file, of
 * a chunk or a shard, is written by one rank, whole: where blocks end within it, elements move to the rank that has it, in
 * one all-to-all. Shards are put together in memory. The folder appears under its name when it is complete; what was there
 * is replaced.
 *
 * @throws {Error} On every rank, if it fails on one of them; nothing is left under `path` then but what was there.
 */
export async function writeZarr<V extends BlockVector<V>>(
  path: string,
  array: V,
  options: ZarrOptions = {},
): Promise<void> {
  const { space, dtype } = array;
  const { comm } = space;
  await replacing(path, "writeZarr", array, options, async (partial) => {
    const { version, codec, chunks, shards } = formatOf(array, options);
    const inChunks = array instanceof DistributedArray ? await moveToChunks(array, shards ?? chunks) : array;
    await agree(comm, "writeZarr", async () => {
      if (comm && comm.rank > 0) return;
      const [name, metadata] = metadataOf(version, space.dims, dtype, chunks, codec, shards);
      await mkdir(partial, { recursive: true });
      await writeFile(join(partial, name), JSON.stringify(metadata, undefined, 2));
    });
    await agree(comm, "writeZarr", async () => {
      const { localStart, localShape, primary } = inChunks.space;
      if (!primary || product(localShape) === 0) return;
      const into = shards
        ? new ShardFolder(partial, metadataOf(version, space.dims, dtype, chunks, codec)[1], shards.map((n, axis) => n / chunks[axis])) // prettier-ignore
        : new ZarrFolder(partial);
      const { zarr, folder, array: target } = await openArray(into);
      const last = folder.complex ? [2] : [];
      const shape = [...localShape, ...last];
      const selection = shape.map((length, axis) =>
        zarr.slice(localStart[axis] ?? 0, (localStart[axis] ?? 0) + length),
      );
      if (!target.is("number")) throw new Error(`${partial} has elements of type ${target.dtype}`);
      await zarr.set(target, selection, { data: inChunks.local, shape, stride: stridesOf(shape) });
      if (into instanceof ShardFolder) await into.flush();
    });
  });
}

/** Loads the library on first use, and opens an array. Local. @throws {Error} If there is none; names the folder. */
async function openArray(folder: ZarrFolder) {
  const zarr = await import("zarrita");
  for (const name of ["gzip", "numcodecs.gzip"]) zarr.registry.set(name, async () => GZIP);
  try {
    const opened = (await folder.get("/zarr.json"))
      ? zarr.open.v3(folder, { kind: "array" })
      : zarr.open.v2(folder, { kind: "array" });
    const array = await opened;
    return { zarr, folder, array };
  } catch (cause) {
    throw new Error(`${folder.folder} cannot be opened as a Zarr array: ${messageOf(cause)}`, { cause });
  }
}

/** In place of the library's own, which does not compress. */
const GZIP = {
  fromConfig: () => ({
    kind: "bytes_to_bytes" as const,
    encode: (bytes: Uint8Array) => gzipSync(bytes, { level: 5 }),
    decode: (bytes: Uint8Array) => gunzipSync(bytes),
  }),
};

interface Chunk {
  readonly numbers: Storage;
  readonly strides: readonly number[];
}

async function decodeChunk(
  folder: ZarrFolder,
  array: ZarrArray<DataType, ZarrFolder>,
  coordinates: readonly number[],
): Promise<Chunk> {
  const where = () => `${folder.lastPath}, chunk [${(folder.complex ? coordinates.slice(0, -1) : coordinates).join(", ")}]`; // prettier-ignore
  let chunk: Awaited<ReturnType<typeof array.getChunk>>;
  try {
    chunk = await array.getChunk([...coordinates]);
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.message}: ${String(cause.cause)}` : String(cause);
    throw new Error(`${where()} cannot be decoded: ${reason}`, { cause });
  }
  const [found, expected] = [chunk.data.length, product(array.chunks)];
  if (found !== expected) throw new Error(`${where()} has ${found} elements; ${expected} are expected`);
  const numbers = folder.half
    ? Float32Array.from(chunk.data as Uint16Array, half)
    : numbersOf(chunk.data, folder.lastPath);
  return { numbers, strides: chunk.stride };
}

/** Copies what a chunk and a block have in common. */
function copyCommon(
  { numbers, strides }: Chunk,
  coordinates: readonly number[],
  chunks: readonly number[],
  block: { readonly storage: Storage; readonly start: readonly number[]; readonly shape: readonly number[] },
): void {
  const first = coordinates.map((c, axis) => Math.max(c * chunks[axis], block.start[axis]));
  const shape = coordinates.map((c, axis) => Math.min((c + 1) * chunks[axis], block.start[axis] + block.shape[axis]) - first[axis]); // prettier-ignore
  const offset = (steps: readonly number[], origin: (axis: number) => number) =>
    steps.reduce((sum, step, axis) => sum + (first[axis] - origin(axis)) * step, 0);
  const into = stridesOf(block.shape);
  copyBox(
    shape,
    { storage: numbers, strides, offset: offset(strides, (axis) => coordinates[axis] * chunks[axis]) },
    { storage: block.storage, strides: into, offset: offset(into, (axis) => block.start[axis]) },
    1,
  );
}

/** Coordinates of the chunks that a box touches. */
function chunksOf(chunks: readonly number[], start: readonly number[], shape: readonly number[]): number[][] {
  return chunks.reduce<number[][]>(
    (all, length, axis) => {
      const first = Math.floor(start[axis] / length);
      const count = Math.ceil((start[axis] + shape[axis]) / length) - first;
      return all.flatMap((coordinates) =>
        Array.from({ length: count }, (_, c) => [...coordinates, first + c]),
      );
    },
    [[]],
  );
}

function dtypeOf(type: string, complex: boolean, path: string): DType {
  if (type === "float32") return complex ? "complex64" : "float32";
  if (type === "float64") return complex ? "complex128" : "float64";
  if (["int8", "int16", "int32", "uint8", "uint16", "bool"].includes(type)) return "int32";
  if (["int64", "uint32", "uint64"].includes(type)) return "float64";
  throw new Error(`${path} has elements of type ${type}; only numbers can be read`);
}

function numbersOf(data: unknown, path: string): Storage {
  if (data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return exact(data, path);
  if (data instanceof Uint32Array) return Float64Array.from(data);
  return Int32Array.from(data as Iterable<number>); // shorter integers, and booleans
}

/** The options with what is missing. @throws {RangeError} If there is no such codec or version, or lengths do not fit. */
function formatOf<V extends BlockVector<V>>(array: V, options: ZarrOptions) {
  checkOptions("writeZarr", options, ["version", "chunks", "shards", "codec"]);
  const { version = 3, codec = "zstd", shards } = options;
  const chunks = chunksFor("writeZarr", array, options.chunks);
  if (!isCodec(codec)) throw new RangeError(`writeZarr: codec ${codec}; use ${ZARR_CODECS}`);
  if (version !== 2 && version !== 3)
    throw new RangeError(`writeZarr: version ${String(version)}; use 2 or 3`);
  if (shards) checkShards(shards, options);
  return { version, codec, chunks, shards };
}

/** @throws {RangeError} Unless shards are of whole chunks, in version 3. */
function checkShards(shards: readonly number[], { version = 3, chunks }: ZarrOptions): void {
  if (version === 3 && chunks?.length === shards.length && shards.every((n, axis) => n > 0 && n % chunks[axis] === 0))
    return; // prettier-ignore
  throw new RangeError(
    `writeZarr: shards [${shards.join(", ")}] of chunks [${chunks?.join(", ") ?? "not given"}], version ${version}; ` +
      "give chunks, and multiples of their lengths; use version 3",
  );
}

/** The same array in blocks that end where chunks or shards do. */
async function moveToChunks(array: DistributedArray, chunks: readonly number[]): Promise<DistributedArray> {
  const { distribution } = array;
  const { dims, grid } = distribution;
  const blocks = dims.map((length, axis) => {
    const ends = distribution
      .offsets(axis)
      .map((end) => Math.min(length, Math.round(end / chunks[axis]) * chunks[axis]));
    ends[ends.length - 1] = length;
    return ends.slice(1).map((end, c) => end - ends[c]);
  });
  const to = distribution.with(dims, { grid, blocks });
  return to.equals(distribution) ? array : array.redistribute(to);
}
