import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readInto, withFile } from "./file.js";
import { crc32c } from "./crc32c.js";
import { malformed } from "./elements.js";
import { hasCode } from "../thrown.js";

/** What of the metadata of an array, in either version of the format, tells how its elements are stored. */
interface Metadata {
  readonly shape: readonly number[];
  readonly [name: string]: unknown;
}

const REAL_OF: Readonly<Record<string, string | undefined>> = {
  complex64: "float32",
  complex128: "float64",
  "<c8": "<f4",
  "<c16": "<f8",
  ">c8": ">f4",
  ">c16": ">f8",
};

/**
 * A Zarr array in a folder, as the library sees it: complex elements, which it does not know, are an axis more of two
 * real numbers each. The bytes of chunks are the same.
 */
export class ZarrFolder {
  readonly folder: string;
  /** Whether elements are complex; known when the metadata have been read. */
  complex = false;
  /** Whether elements are half-precision numbers, which the library sees as integers of as many bits. */
  half = false;
  /** The file that was read last, for error messages. */
  lastPath = "";

  constructor(folder: string) {
    this.folder = folder;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.lastPath = this.pathOf(key);
    const bytes = await this.bytesOf(key);
    if (!bytes || !/(zarr\.json|\.zarray)$/.test(key)) return bytes;
    const metadata = JSON.parse(new TextDecoder().decode(bytes)) as Metadata; // the library checks it
    const integers = halfMetadata(metadata, this.lastPath);
    this.half = integers !== metadata;
    const real = realMetadata(integers, this.lastPath);
    this.complex = real !== integers;
    return new TextEncoder().encode(JSON.stringify(real));
  }

  /** What is stored under a key. */
  protected bytesOf(key: string): Promise<Uint8Array | undefined> {
    return ifThere(readFile(this.pathOf(key)));
  }

  /** A part of a file, for the chunks in a shard: from an offset on, or its last bytes. */
  async getRange(
    key: string,
    range: { offset: number; length: number } | { suffixLength: number },
  ): Promise<Uint8Array | undefined> {
    this.lastPath = this.pathOf(key);
    return ifThere(
      withFile(this.lastPath, "r", async (file) => {
        const suffix = "suffixLength" in range;
        const bytes = new Uint8Array(suffix ? range.suffixLength : range.length);
        const from = suffix ? (await file.stat()).size - range.suffixLength : range.offset;
        if (from < 0) throw malformed(this.lastPath, 0, `the file is shorter than the index of a shard, ${bytes.length} bytes`); // prettier-ignore
        await readInto(file, bytes, from, this.lastPath);
        if (suffix && !hasIntactSum(bytes)) throw malformed(this.lastPath, from, "the index of the shard has not the checksum behind it"); // prettier-ignore
        return bytes;
      }),
    );
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    const path = this.pathOf(key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, value);
  }

  /** The file behind a key: chunks of complex arrays have an index too many, always 0. */
  pathOf(key: string): string {
    const isChunk = /\d$/.test(key);
    return join(this.folder, this.complex && isChunk ? key.replace(/[./]0$/, "") : key);
  }
}

/** Whether the checksum is right that follows the index of a shard, 16 bytes for each chunk; true if none does. */
function hasIntactSum(index: Uint8Array): boolean {
  if (index.length % 16 !== 4) return true;
  const end = index.length - 4;
  const sum = new DataView(index.buffer, index.byteOffset).getUint32(end, true);
  return sum === crc32c(index.subarray(0, end));
}

/** What is read, or `undefined` if there is no such file. */
async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
}

const BITS_OF: Readonly<Record<string, string | undefined>> = {
  float16: "uint16",
  "<f2": "<u2",
  ">f2": ">u2",
};
/** Fill values of half-precision numbers, as integers. */
const HALF_FILLS: Readonly<Record<string, number | null | undefined>> = {
  null: null,
  "0": 0,
  NaN: 0x7e00,
  Infinity: 0x7c00,
  "-Infinity": 0xfc00,
};

/** The metadata of the array of integers that have the bits of half-precision numbers; others as they are. */
function halfMetadata(metadata: Metadata, path: string): Metadata {
  const name = metadata.data_type ?? metadata.dtype;
  const bits = typeof name === "string" ? BITS_OF[name] : undefined;
  if (!bits) return metadata;
  const fill_value = HALF_FILLS[String(metadata.fill_value)];
  if (fill_value === undefined)
    throw new Error(`${path}: fill value ${JSON.stringify(metadata.fill_value)}; of float16 arrays, ${Object.keys(HALF_FILLS).join(", ")} can be read`); // prettier-ignore
  return { ...metadata, fill_value, ...("dtype" in metadata ? { dtype: bits } : { data_type: bits }) };
}

/** The metadata of the array of real numbers that a complex one is; others as they are. */
function realMetadata(metadata: Metadata, path: string): Metadata {
  const name = metadata.data_type ?? metadata.dtype;
  const real = typeof name === "string" ? REAL_OF[name] : undefined;
  if (!real) return metadata;
  if (metadata.order === "F" || JSON.stringify(metadata).includes('"transpose"'))
    throw new Error(`${path}: complex elements in Fortran order; only C order can be read`);
  const common = {
    ...metadata,
    shape: [...metadata.shape, 2],
    fill_value: realFill(metadata.fill_value, path),
  };
  if ("dtype" in metadata) return { ...common, dtype: real, chunks: [...(metadata.chunks as number[]), 2] };
  const chunk_grid = inPairs(metadata.chunk_grid as Chunked);
  const codecs = (metadata.codecs as Chunked[]).map((codec) =>
    codec.name === "sharding_indexed" ? inPairs(codec) : codec,
  );
  return { ...common, data_type: real, chunk_grid, codecs, dimension_names: undefined };
}

/** The grid of the chunks of an array, or of those in a shard. */
interface Chunked {
  readonly name: string;
  readonly configuration: { readonly chunk_shape: readonly number[] };
}

function inPairs({ configuration, ...rest }: Chunked): Chunked {
  return { ...rest, configuration: { ...configuration, chunk_shape: [...configuration.chunk_shape, 2] } };
}

/** What missing chunks are filled with: one number for both parts. */
function realFill(fill: unknown, path: string): unknown {
  const parts = Array.isArray(fill) ? fill : [fill, fill];
  if (parts[0] === parts[1]) return parts[0];
  throw new Error(
    `${path}: fill value ${JSON.stringify(fill)}; of complex arrays, one with equal parts can be read`,
  );
}
