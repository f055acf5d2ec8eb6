import type { FileHandle } from "node:fs/promises";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import type { LocalArray } from "../array/local-array.js";
import { sameNumbers } from "../array/shape.js";
import type { Slice } from "../array/slices.js";
import { agreeInTurn } from "./agree.js";
import { withFile } from "./file.js";
import { decodeNpy, readNpyAt } from "./npy.js";
import { readMember, type ZipMember, zipMembers } from "./zip.js";

/**
 * Reads one array of an .npz archive, as NumPy's `savez` and `savez_compressed` write them; other members are not
 * unpacked. Local. What it gives is that of `readNpy`. The checksum of the member is compared.
 *
 * @param member - Name of the array, without `.npy`.
 * @throws {Error} If the file is not there or no archive, or spoiled, or has no such array: the message lists those it has.
 */
export function readNpz(path: string, member: string): Promise<LocalArray> {
  return withFile(path, "r", async (file) => {
    const found = await memberOf(file, path, member);
    return decodeNpy(await readMember(file, path, found), `${path}:${member}`);
  });
}

/**
 * Reads one array of an .npz archive into a space, each rank its own block. Collective. Of an array that is not compressed
 * (NumPy's `savez`), a rank reads no more than that, so its checksum is not compared; a compressed one
 * (`savez_compressed`) every rank unpacks as a whole, and compares it.
 *
 * @param space - Its dims must be the shape of the array.
 * @throws {Error} On every rank, if it fails on one of them.
 */
export function readNpzBlock<V extends BlockVector<V>>(
  path: string,
  member: string,
  space: BlockSpace<V>,
): Promise<V> {
  return agreeInTurn(space.comm, "readNpzBlock", () =>
    withFile(path, "r", async (file) => {
      const found = await memberOf(file, path, member);
      if (found.method === 0) return readNpyAt(found.offset, file, path, space);
      const where = `${path}:${member}`;
      return blockOf(decodeNpy(await readMember(file, path, found), where), where, space);
    }),
  );
}

async function memberOf(file: FileHandle, path: string, member: string): Promise<ZipMember> {
  const members = await zipMembers(file, path);
  const found = members.find(({ name }) => name === `${member}.npy`);
  if (found) return found;
  const names = members.map(({ name }) => name.replace(/\.npy$/, "")).join(", ");
  throw new Error(`${path} has no array "${member}"; it has ${names || "none"}`);
}

function blockOf<V extends BlockVector<V>>(whole: LocalArray, where: string, space: BlockSpace<V>): V {
  const { dims } = whole.space;
  if (!sameNumbers(dims, space.dims))
    throw new RangeError(`${where} has shape [${dims.join(", ")}], the space is ${space.toString()}`);
  const { localStart, localShape } = space;
  const block = whole.slice(...localStart.map((start, axis): Slice => [start, start + localShape[axis]]));
  const array = space.zeros(whole.dtype);
  array.local.set(block.local);
  return array;
}
