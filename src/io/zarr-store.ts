import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

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
  /** The file that was read last, for error messages. */
  lastPath = "";

  constructor(folder: string) {
    this.folder = folder;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.lastPath = this.pathOf(key);
    const bytes = await readIfThere(this.lastPath);
    if (!bytes || !/(zarr\.json|\.zarray)$/.test(key)) return bytes;
    const metadata = JSON.parse(new TextDecoder().decode(bytes)) as Metadata; // the library checks it
    const real = realMetadata(metadata, this.lastPath);
    this.complex = real !== metadata;
    return new TextEncoder().encode(JSON.stringify(real));
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

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
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
  const { chunk_shape } = (metadata.chunk_grid as ChunkGrid).configuration;
  const chunk_grid = { name: "regular", configuration: { chunk_shape: [...chunk_shape, 2] } };
  return { ...common, data_type: real, chunk_grid, dimension_names: undefined };
}

interface ChunkGrid {
  readonly configuration: { readonly chunk_shape: readonly number[] };
}

/** What missing chunks are filled with: one number for both parts. */
function realFill(fill: unknown, path: string): unknown {
  const parts = Array.isArray(fill) ? fill : [fill, fill];
  if (parts[0] === parts[1]) return parts[0];
  throw new Error(
    `${path}: fill value ${JSON.stringify(fill)}; of complex arrays, one with equal parts can be read`,
  );
}
