import type { FileHandle } from "node:fs/promises";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import { numbersPerElement } from "../array/dtype.js";
import { runs } from "../array/runs.js";
import { product, sameNumbers } from "../array/shape.js";
import { agree } from "./agree.js";
import { transposed } from "./box.js";
import { decodeElements, malformed, type Decoded, type ElementLayout } from "./elements.js";
import { readInto, withFile, writeAt } from "./file.js";
import { replacing } from "./replacing.js";

/**
 * Reads this rank's block of an array that lies in a file. Local.
 *
 * @throws {Error} If the file is too short, or its shape is not that of the space.
 */
export async function readElements<V extends BlockVector<V>>(
  file: FileHandle,
  path: string,
  header: ElementLayout,
  space: BlockSpace<V>,
): Promise<V> {
  checkSize(header, (await file.stat()).size, path);
  if (!sameNumbers(header.shape, space.dims)) {
    throw new RangeError(`${path} has shape [${header.shape.join(", ")}], the space is ${space.toString()}`);
  }
  const flip = (lengths: readonly number[]) => inOrder(header.fortranOrder ? "F" : "C", lengths);
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

/** Decoded numbers in C order. */
export function inC(decoded: Decoded, layout: ElementLayout, shape: readonly number[]): Decoded {
  if (!layout.fortranOrder || shape.length < 2) return decoded;
  const { dtype, numbers } = decoded;
  return { dtype, numbers: transposed(numbers, shape, numbersPerElement(dtype)) };
}

/** @throws {Error} If the file ends before the array does. */
export function checkSize(
  { dataOffset, dataBytes, type, shape }: ElementLayout,
  fileBytes: number,
  path: string,
): void {
  if (fileBytes >= dataOffset + dataBytes) return;
  const promised = `${dataBytes} bytes of [${shape.join(", ")}] ${type}`;
  throw malformed(
    path,
    dataOffset,
    `the array takes ${promised}, the file has ${Math.max(0, fileBytes - dataOffset)}`,
  );
}

/** Which axis is fastest: the last one, or the first one. */
export type Order = "C" | "F";

/** @throws {RangeError} If it is neither. */
export function orderOf(where: string, { order = "C" }: { order?: Order }): Order {
  if (order === "C" || order === "F") return order;
  throw new RangeError(`${where}: order ${String(order)}; use "C" or "F"`);
}

/** A Fortran-ordered array is a C-ordered one with its axes reversed. */
function inOrder(order: Order, lengths: readonly number[]): readonly number[] {
  return order === "F" ? [...lengths].reverse() : lengths;
}

/** How the bytes of a file are made of those of an array. */
export interface FileForm {
  readonly header: Uint8Array;
  /** The bytes to write for those of a block, which it leaves as they are. */
  readonly prepare?: (bytes: Uint8Array) => Uint8Array;
  readonly order: Order;
}

/**
 * Writes an array behind a header, each rank its own block, all at once. Collective for distributed arrays.
 *
 * Rank 0 writes the header and sets the length of the file; then every rank writes its block in stretches as long as
 * the distribution allows, a single one if only the first axis is split. The file appears under its name when it is
 * complete.
 *
 * @param options - Compared between ranks; then `formOf` checks them.
 */
export function writeElements<V, O extends object>(
  path: string,
  where: string,
  array: BlockVector<V>,
  options: O,
  formOf: (options: O) => FileForm,
): Promise<void> {
  return replacing(path, where, array, options, (partial) => writeTo(partial, where, array, formOf(options)));
}

async function writeTo<V>(
  partial: string,
  where: string,
  { space, dtype, local }: BlockVector<V>,
  { header, prepare = (bytes) => bytes, order }: FileForm,
): Promise<void> {
  const { comm, dims } = space;
  const perElement = numbersPerElement(dtype);
  const elementBytes = local.BYTES_PER_ELEMENT * perElement;
  const [whole, start, shape] = [dims, space.localStart, space.localShape].map((lengths) =>
    inOrder(order, lengths),
  );
  await agree(comm, where, async () => {
    if (comm && comm.rank > 0) return;
    await withFile(partial, "w", async (file) => {
      await file.truncate(header.length + elementBytes * product(dims));
      await writeAt(file, header, 0);
    });
  });
  await agree(comm, where, async () => {
    if (!space.primary) return;
    const numbers = order === "F" ? transposed(local, shape, perElement) : local;
    const bytes = prepare(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    await withFile(partial, "r+", async (file) => {
      for (const { global, local: from, length } of runs(whole, start, shape)) {
        const run = bytes.subarray(from * elementBytes, (from + length) * elementBytes);
        await writeAt(file, run, header.length + global * elementBytes);
      }
    });
  });
}
