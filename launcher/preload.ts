import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { UserFile } from "../src/comm/wire/messages.js";
import { UsageError } from "./errors.js";
import { messageOf } from "../src/thrown.js";

/** What one message to an agent can hold. */
const MOST_BYTES = 2 ** 30;

/**
 * Reads the files of `--preload`, which go to every host with the job. Local.
 *
 * @param lists - Paths, separated by commas.
 * @throws {UsageError} If one cannot be read, two have the same name, or all are larger than 1 GiB.
 */
export function readUserFiles(lists: readonly string[]): UserFile[] {
  const paths = lists.flatMap((list) => list.split(",")).filter(Boolean);
  const files = paths.map((path) => ({ name: basename(path), bytes: read(path) }));
  const names = files.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new UsageError(`--preload: two files have the name ${twice}; rename one of them`);
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (bytes <= MOST_BYTES) return files;
  throw new UsageError(
    `--preload: ${bytes} bytes; no more than ${MOST_BYTES} travel with a job, use a disk that all hosts share`,
  );
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--preload ${path}: cannot be read (${messageOf(error)})`);
  }
}
