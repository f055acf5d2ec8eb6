import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import type { LocalArray } from "../array/local-array.js";
import { decodeNpy } from "./npy.js";

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
