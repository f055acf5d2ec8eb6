import { type FileHandle, open } from "node:fs/promises";
import { malformed } from "./elements.js";

/** Opens a file for an action, and closes it whatever comes of that. */
export async function withFile<T>(
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
export async function readAt(file: FileHandle, position: number, bytes: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}

/** Fills `into` from `position` on. @throws {Error} If the file ends before that. */
export async function readInto(
  file: FileHandle,
  into: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw malformed(path, position + done, "the file ended while it was read");
    done += bytesRead;
  }
}

/** Writes all of `bytes`, from `position` on. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
