import { open, readFile, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import { numbersPerElement } from "../array/dtype.js";
import { LocalArray } from "../array/local-array.js";
import { product, sameNumbers } from "../array/shape.js";
import { agree } from "./agree.js";
import { runs } from "../array/runs.js";
import { transposed } from "./box.js";
import { decodeElements, formatHeader, headerBytes, malformed, parseHeader } from "./npy-format.js";
import type { Decoded, NpyHeader } from "./npy-format.js";

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
  return agree(space.comm, "readNpyBlock", () => withFile(path, "r", (file) => readBlock(file, path, space)));
}

/**
 * Writes an array to an .npy file in C order, each rank its own block, all at once. Collective for distributed
 * arrays, local for others. The file appears under its name when it is complete; one that was there is replaced.
 *
 * Rank 0 writes the header and sets the length of the file; then every rank writes its block in stretches as long as
 * the distribution allows, a single one if only the first axis is split. All ranks see one file system.
 *
 * @throws {Error} On every rank, if it fails on one of them; nothing is left under `path` then but what was there.
 */
export async function writeNpy<V>(path: string, array: BlockVector<V>): Promise<void> {
  const { space, dtype, local } = array;
  const { comm, dims, localShape, localStart } = space;
  const root = !comm || comm.rank === 0;
  const partial = `${path}.part`;
  const header = formatHeader(dtype, dims);
  const elementBytes = local.BYTES_PER_ELEMENT * numbersPerElement(dtype);
  const bytes = new Uint8Array(local.buffer, local.byteOffset, local.byteLength);
  try {
    await agree(comm, "writeNpy", async () => {
      if (!root) return;
      await withFile(partial, "w", async (file) => {
        await file.truncate(header.length + elementBytes * product(dims));
        await writeAt(file, header, 0);
      });
    });
    await agree(comm, "writeNpy", async () => {
      if (!space.primary) return;
      await withFile(partial, "r+", async (file) => {
        for (const { global, local: from, length } of runs(dims, localStart, localShape)) {
          const run = bytes.subarray(from * elementBytes, (from + length) * elementBytes);
          await writeAt(file, run, header.length + global * elementBytes);
        }
      });
    });
    await agree(comm, "writeNpy", async () => {
      if (root) await rename(partial, path);
    });
  } catch (error) {
    if (root) await rm(partial, { force: true });
    throw error;
  }
}

async function readBlock<V extends BlockVector<V>>(
  file: FileHandle,
  path: string,
  space: BlockSpace<V>,
): Promise<V> {
  const start = await readAt(file, 0, 12);
  const header = parseHeader(await readAt(file, 0, headerBytes(start, path)), path);
  checkSize(header, (await file.stat()).size, path);
  if (!sameNumbers(header.shape, space.dims)) {
    throw new RangeError(`${path} has shape [${header.shape.join(", ")}], the space is ${space.toString()}`);
  }
  // A Fortran-ordered array is a C-ordered one with its axes reversed.
  const flip = (lengths: readonly number[]) => (header.fortranOrder ? [...lengths].reverse() : lengths);
  const elementBytes = header.dataBytes / Math.max(1, product(header.shape));
  const elements = new Uint8Array(elementBytes * product(space.localShape));
  for (const run of runs(flip(space.dims), flip(space.localStart), flip(space.localShape))) {
    const into = elements.subarray(run.local * elementBytes, (run.local + run.length) * elementBytes);
    await readInto(file, into, header.dataOffset + run.global * elementBytes, path);
  }
  const { dtype, numbers } = inC(decodeElements(elements, header, path), header, space.localShape);
  const array = space.zeros(dtype);
  array.local.set(numbers);
  return array;
}

function inC(decoded: Decoded, header: NpyHeader, shape: readonly number[]): Decoded {
  if (!header.fortranOrder || shape.length < 2) return decoded;
  const { dtype, numbers } = decoded;
  return { dtype, numbers: transposed(numbers, shape, numbersPerElement(dtype)) };
}

function checkSize({ dataOffset, dataBytes, type, shape }: NpyHeader, fileBytes: number, path: string): void {
  if (fileBytes >= dataOffset + dataBytes) return;
  const promised = `${dataBytes} bytes of [${shape.join(", ")}] ${type}`;
  throw malformed(
    path,
    dataOffset,
    `the header promises ${promised}, the file has ${fileBytes - dataOffset}`,
  );
}

async function withFile<T>(
  path: string,
  flags: string,
  action: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags);
  try {
    return await action(file);
  } finally {
    await file.close();
  }
}

/** Up to `bytes` bytes from `position`; fewer at the end of the file. */
async function readAt(file: FileHandle, position: number, bytes: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}

async function readInto(file: FileHandle, into: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw malformed(path, position + done, "the file ended while it was read");
    done += bytesRead;
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
