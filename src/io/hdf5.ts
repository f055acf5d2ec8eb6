import { access } from "node:fs/promises";
import type { Dataset, File } from "h5wasm";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import type { DType, Storage } from "../array/dtype.js";
import { product, sameNumbers } from "../array/shape.js";
import { agree } from "./agree.js";
import { exact } from "./elements.js";

/**
 * Reads a dataset of an HDF5 file into a space, each rank its own block: a hyperslab that the HDF5 library (compiled to
 * WebAssembly) reads from the disk, with the chunks that it touches, and no more. Collective. The library is loaded on
 * first use.
 *
 * @param dataset - Its path in the file, such as `/data/velocity`.
 * @param space - Its dims must be the shape of the dataset.
 * @returns float32, float64 and int32 as they are, shorter integers as int32, longer ones as float64. Compounds, such as
 *   complex numbers, cannot be read.
 * @throws {Error} On every rank, if it fails on one of them; names the file, the dataset, and what was expected.
 */
export function readHdf5Block<V extends BlockVector<V>>(
  path: string,
  dataset: string,
  space: BlockSpace<V>,
): Promise<V> {
  return agree(space.comm, "readHdf5Block", async () => {
    await access(path);
    return withHdf5(path, (file) => {
      const where = `${path}:${dataset}`;
      const found = datasetOf(file, dataset, where);
      const { shape } = found;
      if (!shape || !sameNumbers(shape, space.dims)) {
        const what = shape ? `shape [${shape.join(", ")}]` : "no shape";
        throw new RangeError(`${where} has ${what}, the space is ${space.toString()}`);
      }
      const { localStart, localShape } = space;
      const empty = product(localShape) === 0;
      // Of an empty block the type has to be known, too: as many elements as the dataset has, one at most.
      const ranges = localShape.map((length, axis): [number, number] =>
        empty ? [0, Math.min(1, space.dims[axis])] : [localStart[axis], localStart[axis] + length],
      );
      const data = trying(`${where} cannot be read`, () =>
        space.size > 0 ? found.slice(ranges) : found.value,
      );
      const { dtype, numbers } = decoded(data, where);
      const block = space.zeros(dtype);
      if (!empty) block.local.set(numbers);
      return block;
    });
  });
}

async function withHdf5<T>(path: string, action: (file: File) => T): Promise<T> {
  const { default: hdf5 } = await import("h5wasm/node");
  (await hdf5.ready).activate_throwing_error_handler(); // instead of printing what is wrong
  const file = trying(`${path} cannot be opened as an HDF5 file`, () => new hdf5.File(path, "r"));
  try {
    return action(file);
  } finally {
    file.close();
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
    const text = cause instanceof Error ? cause.message : String(cause);
    const reasons = [...text.matchAll(/#\d+: (.*) in \w+\(\): (.*)/g)].filter(
      ([, file]) => !file.includes("H5PL"),
    );
    throw new Error(`${what}: ${reasons.at(-1)?.[2] ?? text}`, { cause });
  }
}

function decoded(data: unknown, where: string): { dtype: DType; numbers: Storage } {
  if (data instanceof Float64Array) return { dtype: "float64", numbers: data };
  if (data instanceof Float32Array) return { dtype: "float32", numbers: data };
  if (data instanceof Int32Array) return { dtype: "int32", numbers: data };
  if (data instanceof Uint32Array) return { dtype: "float64", numbers: Float64Array.from(data) };
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return { dtype: "float64", numbers: exact(data, where) };
  if (ArrayBuffer.isView(data) && !(data instanceof DataView))
    return { dtype: "int32", numbers: Int32Array.from(data as Int16Array) }; // shorter integers
  throw new Error(`${where} has no numbers as elements; only floats and integers can be read`);
}
