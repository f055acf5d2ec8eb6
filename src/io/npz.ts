import { readFile } from "node:fs/promises";
import { inflateSync, unzipSync } from "fflate";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import type { LocalArray } from "../array/local-array.js";
import { sameNumbers } from "../array/shape.js";
import type { Slice } from "../array/slices.js";
import { agree } from "./agree.js";
import { readInto, withFile } from "./array-file.js";
import { decodeNpy, readNpyAt } from "./npy.js";
import { zipMembers } from "./zip.js";

/**
 * Reads one array of an .npz archive, as NumPy's `savez` and `savez_compressed` write them; other members are not
 * unpacked. Local. What it gives is that of `readNpy`.
 *
 * @param member - Name of the array, without `.npy`.
 * @throws {Error} If the file is not there or no archive, or has no such array: the message lists those it has.
 */
export async function readNpz(path: string, member: string): Promise<LocalArray> {
  const bytes = await readFile(path);
  const names: string[] = [];
  let members: ReturnType<typeof unzipSync>;
  try {
    members = unzipSync(bytes, {
      filter: ({ name }) => {
        names.push(name.replace(/\.npy$/, ""));
        return name === `${member}.npy`;
      },
    });
  } catch (cause) {
    throw new Error(`readNpz: ${path} (${bytes.length} bytes) cannot be unpacked; is it an .npz file?`, {
      cause,
    });
  }
  const found = members[`${member}.npy`];
  if (!found)
    throw new Error(`readNpz: ${path} has no array "${member}"; it has ${names.join(", ") || "none"}`);
  return decodeNpy(found, `${path}:${member}`);
}

/**
 * Reads one array of an .npz archive into a space, each rank its own block. Collective. Of an array that is not compressed
 * (NumPy's `savez`), a rank reads no more than that; a compressed one (`savez_compressed`) every rank unpacks as a whole.
 *
 * @param space - Its dims must be the shape of the array.
 * @throws {Error} On every rank, if it fails on one of them.
 */
export function readNpzBlock<V extends BlockVector<V>>(
  path: string,
  member: string,
  space: BlockSpace<V>,
): Promise<V> {
  return agree(space.comm, "readNpzBlock", () =>
    withFile(path, "r", async (file) => {
      const members = await zipMembers(file, path);
      const found = members.find(({ name }) => name === `${member}.npy`);
      const names = members.map(({ name }) => name.replace(/\.npy$/, "")).join(", ");
      if (!found) throw new Error(`${path} has no array "${member}"; it has ${names || "none"}`);
      if (found.method === 0) return readNpyAt(found.offset, file, path, space);
      const packed = new Uint8Array(found.bytes);
      await readInto(file, packed, found.offset, path);
      return blockOf(inflated(packed, `${path}:${member}`), `${path}:${member}`, space);
    }),
  );
}

function inflated(packed: Uint8Array, where: string): LocalArray {
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(packed);
  } catch (cause) {
    throw new Error(`${where} (${packed.length} bytes) cannot be unpacked: ${String(cause)}`, { cause });
  }
  return decodeNpy(bytes, where);
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
