import { type FileHandle, readFile } from "node:fs/promises";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import { LocalArray } from "../array/local-array.js";
import { agreeInTurn } from "./agree.js";
import { checkOptions } from "../options.js";
import { checkSize, inC, type Order, orderOf, readElements, writeElements } from "./array-file.js";
import { readAt, withFile } from "./file.js";
import { decodeElements } from "./elements.js";
import { formatHeader, headerBytes, parseHeader } from "./npy-format.js";

/**
 * Reads a whole .npy file, in C or Fortran order and any byte order. Local.
 *
 * @returns An array in C order: float32, float64, complex64, complex128 and int32 as they are, shorter integers and
 *   booleans as int32, float16 as float32, longer integers as float64. A scalar has the shape [1].
 * @throws {Error} If the file is not there, is no .npy file, or does not hold what its header promises.
 */
export async function readNpy(path: string): Promise<LocalArray> {
  return decodeNpy(await readFile(path), path);
}

/** Like {@link readNpy}, from bytes in memory; `name` is for error messages. Local. */
export function decodeNpy(bytes: Uint8Array, name: string): LocalArray {
  const header = parseHeader(bytes, name);
  checkSize(header, bytes.length, name);
  const shape = header.shape.length > 0 ? header.shape : [1];
  const elements = new Uint8Array(header.dataBytes);
  elements.set(bytes.subarray(header.dataOffset, header.dataOffset + header.dataBytes));
  const { dtype, numbers } = inC(decodeElements(elements, header, name), header, shape);
  const array = new LocalArray(shape, dtype);
  array.local.set(numbers);
  return array;
}

/**
 * Reads an .npy file into a space, each rank its own block and no more. Collective. The file may have been written by
 * any number of ranks.
 *
 * @param space - Its dims must be the file's shape.
 * @throws {Error} On every rank, if it fails on one of them.
 */
export function readNpyBlock<V extends BlockVector<V>>(path: string, space: BlockSpace<V>): Promise<V> {
  return agreeInTurn(space.comm, "readNpyBlock", () =>
    withFile(path, "r", (file) => readNpyAt(0, file, path, space)),
  );
}

/** Reads this rank's block of an .npy file that begins at a byte of another one. Local. */
export async function readNpyAt<V extends BlockVector<V>>(
  offset: number,
  file: FileHandle,
  path: string,
  space: BlockSpace<V>,
): Promise<V> {
  const start = await readAt(file, offset, 12);
  const header = parseHeader(await readAt(file, offset, headerBytes(start, path)), path);
  return readElements(file, path, { ...header, dataOffset: offset + header.dataOffset }, space);
}

export interface NpyOptions {
  /** "F" for the first axis fastest, as NumPy has it of Fortran's arrays. Default "C". */
  order?: Order;
}

/**
 * Writes an array to an .npy file, each rank its own block, all at once. Collective for distributed
 * arrays, local for others. The file appears under its name when it is complete; one that was there is replaced.
 *
 * Rank 0 writes the header and sets the length of the file; then every rank writes its block in stretches as long as
 * the distribution allows, a single one if only the first axis is split (in order "F": the last one). All ranks see one file system.
 *
 * @throws {Error} On every rank, if it fails on one of them, or they differ in path or options; nothing is left under `path` then but what was there.
 */
export async function writeNpy<V>(
  path: string,
  array: BlockVector<V>,
  options: NpyOptions = {},
): Promise<void> {
  const { space, dtype } = array;
  await writeElements(path, "writeNpy", array, options, () => {
    checkOptions("writeNpy", options, ["order"]);
    const order = orderOf("writeNpy", options);
    return { header: formatHeader(dtype, space.dims, order), order };
  });
}
