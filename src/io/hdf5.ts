import { access } from "node:fs/promises";
import type { Dataset, File, Metadata } from "h5wasm";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import type { DType } from "../array/dtype.js";
import { product, sameNumbers } from "../array/shape.js";
import { checkOptions } from "../options.js";
import { agree, agreeInTurn } from "./agree.js";
import { replacing } from "./replacing.js";
import { chunksFor } from "./chunks.js";
import { decodeElements } from "./elements.js";
import { messageOf } from "../thrown.js";

/**
 * Reads a dataset of an HDF5 file into a space, each rank its own block: hyperslabs that the HDF5 library (compiled to
 * WebAssembly) reads from the disk, with the chunks that they touch, and no more. Collective. The library is loaded on
 * first use.
 *
 * @param dataset - Its path in the file, such as `/data/velocity`.
 * @param space - Its dims must be the shape of the dataset.
 * @returns float32, float64 and int32 as they are, float16 as float32, shorter integers and booleans as int32, longer ones
 *   as float64; compounds of a real and an imaginary part, as h5py writes them, are complex. Other compounds cannot be read.
 * @throws {Error} On every rank, if it fails on one of them; names the file, the dataset, and what was expected.
 */
export function readHdf5Block<V extends BlockVector<V>>(
  path: string,
  dataset: string,
  space: BlockSpace<V>,
): Promise<V> {
  return agreeInTurn(space.comm, "readHdf5Block", async () => {
    await access(path);
    return withHdf5(path, "r", (library, file) => {
      const where = `${path}:${dataset}`;
      const found = datasetOf(file, dataset, where);
      const { shape, metadata } = found;
      if (!shape || !sameNumbers(shape, space.dims)) {
        const what = shape ? `shape [${shape.join(", ")}]` : "no shape";
        throw new RangeError(`${where} has ${what}, the space is ${space.toString()}`);
      }
      const type = typeOf(metadata, where);
      const bytes = new Uint8Array(metadata.size * product(space.localShape));
      forEachSlab(library, file, found.path, metadata.size, space, (slab, read) => {
        trying(`${where} cannot be read`, read);
        bytes.set(slab.bytes(), slab.first);
      });
      const { dtype, numbers } = decodeElements(bytes, { type, swapped: false }, where);
      const block = space.zeros(dtype);
      block.local.set(numbers);
      return block;
    });
  });
}

export interface Hdf5Options {
  /** Lengths of a chunk. Default: those of the largest block, halved until a chunk has 4 MiB at most. */
  chunks?: readonly number[];
  /** How hard chunks are compressed by gzip, 0 (not at all, the default) to 9. */
  compression?: number;
}

/**
 * Writes an array as a dataset of a new HDF5 file, complex elements as compounds of `r` and `i`, as h5py does. Collective
 * for distributed arrays, local for others. The library cannot write to a file from several processes at once, so the
 * ranks write their blocks one after the other; none holds more than its own. The file appears under its name when it is
 * complete; what was there is replaced.
 *
 * @param dataset - Its path in the file; groups on the way are made.
 * @throws {Error} On every rank, if it fails on one of them; nothing is left under `path` then but what was there.
 */
export async function writeHdf5<V>(
  path: string,
  dataset: string,
  array: BlockVector<V>,
  options: Hdf5Options = {},
): Promise<void> {
  const { space, dtype, local } = array;
  const { comm, dims } = space;
  await replacing(path, "writeHdf5", array, { dataset, ...options }, async (partial) => {
    checkOptions("writeHdf5", options, ["chunks", "compression"]);
    const { compression = 0 } = options;
    const chunks = chunksFor("writeHdf5", array, options.chunks);
    const names = dataset.split("/").filter((name) => name !== "");
    if (names.length === 0) throw new RangeError(`writeHdf5: dataset "${dataset}"; give it a name`);
    if (!Number.isInteger(compression) || compression < 0 || compression > 9)
      throw new RangeError(`writeHdf5: compression ${compression}; use 0 … 9`);
    const target = `/${names.join("/")}`;
    await agree(comm, "writeHdf5", async () => {
      if (comm && comm.rank > 0) return;
      await withHdf5(partial, "w", (_, file) => {
        for (let k = 1; k < names.length; k++) file.create_group(names.slice(0, k).join("/"));
        file.create_dataset({
          name: names.join("/"),
          ...TYPES[dtype],
          shape: dims.map(() => 0), // made longer below, so that no rank has to hold it all
          maxshape: dims.map((length) => length || null),
          chunks: [...chunks],
          ...(compression > 0 && { compression }),
        });
        datasetOf(file, target, path).resize([...dims]);
      });
    });
    const bytes = new Uint8Array(local.buffer, local.byteOffset, local.byteLength);
    for (let turn = 0; turn < (comm?.size ?? 1); turn++) {
      await agree(comm, "writeHdf5", async () => {
        if (turn !== (comm?.rank ?? 0) || !space.primary || bytes.length === 0) return;
        await withHdf5(partial, "a", (library, file) => {
          const size = bytes.length / product(space.localShape);
          forEachSlab(library, file, target, size, space, (slab, _, write) => {
            slab.bytes().set(bytes.subarray(slab.first, slab.first + slab.bytes().length));
            trying(`${path}:${dataset} cannot be written`, write);
          });
        });
      });
    }
  });
}

const pair = (type: string) => ({
  dtype: [
    ["r", type],
    ["i", type],
  ] as [string, string][],
});
const [NO_FLOATS, NO_DOUBLES] = [new Float32Array(0), new Float64Array(0)];
const parts = (none: Float32Array | Float64Array) => new Map([["r", none], ["i", none]]); // prettier-ignore

/** What the library is told of each dtype, and data of it that are none. */
const TYPES = {
  float32: { dtype: "<f", data: NO_FLOATS },
  float64: { dtype: "<d", data: NO_DOUBLES },
  int32: { dtype: "<i", data: new Int32Array(0) },
  complex64: { ...pair("<f"), data: parts(NO_FLOATS) },
  complex128: { ...pair("<d"), data: parts(NO_DOUBLES) },
} as const satisfies Readonly<Record<DType, object>>;

type Library = Awaited<typeof import("h5wasm").ready>;

async function withHdf5<T>(
  path: string,
  mode: "r" | "w" | "a",
  action: (library: Library, file: File) => T,
): Promise<T> {
  const { default: hdf5 } = await import("h5wasm/node");
  const library = await hdf5.ready;
  library.activate_throwing_error_handler(); // instead of printing what is wrong
  const file = trying(`${path} cannot be opened as an HDF5 file`, () => new hdf5.File(path, mode));
  try {
    return action(library, file);
  } finally {
    file.close();
  }
}

const SLAB_BYTES = 2 ** 26;

/** Some rows of a block, in the memory of the library. */
interface Slab {
  /** Where it begins in the bytes of the block. */
  readonly first: number;
  bytes(): Uint8Array;
}

/** Cuts this rank's block into slabs along its first axis, so that the memory of the library need not hold it all. */
function forEachSlab<V>(
  library: Library,
  file: File,
  dataset: string,
  elementBytes: number,
  { localStart, localShape }: BlockSpace<V>,
  use: (slab: Slab, read: () => void, write: () => void) => void,
): void {
  if (product(localShape) === 0) return;
  const row = elementBytes * product(localShape.slice(1));
  const rows = Math.min(localShape[0], Math.max(1, Math.floor(SLAB_BYTES / row)));
  const address = library._malloc(rows * row);
  if (address === 0) throw new RangeError(`${dataset}: ${rows * row} bytes do not fit into the memory of the HDF5 library`); // prettier-ignore
  const ones = localShape.map(() => 1n);
  try {
    for (let done = 0; done < localShape[0]; done += rows) {
      const here = Math.min(rows, localShape[0] - done);
      const count = localShape.with(0, here).map(BigInt);
      const start = localStart.with(0, localStart[0] + done).map(BigInt);
      const call = (name: "get_dataset_data" | "set_dataset_data") => () =>
        library[name](file.file_id, dataset, count, start, ones, BigInt(address));
      const bytes = () => library.HEAPU8.subarray(address, address + here * row); // the heap may grow in a call
      use({ first: done * row, bytes }, call("get_dataset_data"), call("set_dataset_data"));
    }
  } finally {
    library._free(address);
  }
}

function datasetOf(file: File, name: string, where: string): Dataset {
  const found = trying(`${where} is not there`, () => file.get(name));
  if (found && "slice" in found) return found;
  throw new Error(
    `${where} is ${found ? "no dataset" : "not there"}; the file has ${file.keys().join(", ")}`,
  );
}

/** The reason of the library in one line: its innermost, but for where it has looked for plugins. */
function trying<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const text = messageOf(cause);
    const reasons = [...text.matchAll(/#\d+: (.*) in \w+\(\): (.*)/g)].filter(
      ([, file]) => !file.includes("H5PL"),
    );
    throw new Error(`${what}: ${reasons.at(-1)?.[2] ?? text}`, { cause });
  }
}

/** Numbers of HDF5's classes of types. */
const [INTEGER, FLOAT, COMPOUND, ENUM] = [0, 1, 6, 8];

/** The type of the elements, named as in NumPy. @throws {Error} If they are no numbers. */
function typeOf({ type, size, signed, compound_type }: Metadata, where: string): string {
  if (type === INTEGER || type === ENUM) return `${signed ? "i" : "u"}${size}`;
  if (type === FLOAT) return `f${size}`;
  const [re, im, more] = compound_type?.members ?? [];
  const complex =
    type === COMPOUND &&
    re?.type === FLOAT &&
    im?.type === FLOAT &&
    more === undefined &&
    re.size === im.size;
  if (complex && re.offset === 0 && im.offset === re.size && size === 2 * re.size) return `c${size}`;
  throw new Error(
    `${where} has no numbers as elements; only floats, integers and pairs of floats can be read`,
  );
}
