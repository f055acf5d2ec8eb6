import { closeSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "./errors.js";
import { makeFolder } from "./make-folder.js";
import { messageOf } from "../src/thrown.js";

/** Files for what ranks print, made when there is something to write; two ranks may share one. */
export class RankFiles {
  readonly #open = new Map<string, number>();
  readonly #failed: (message: string) => void;

  /** @param failed - Told once for each file that cannot be written. */
  constructor(failed: (message: string) => void) {
    this.#failed = failed;
  }

  write(path: string, bytes: Uint8Array): void {
    const fd = this.#open.get(path) ?? this.#make(path);
    try {
      for (let written = 0; fd >= 0 && written < bytes.length;) written += writeSync(fd, bytes, written);
    } catch (error) {
      this.#fail(path, error);
    }
  }

  close(): void {
    for (const fd of this.#open.values()) if (fd >= 0) closeSync(fd);
    this.#open.clear();
  }

  #make(path: string): number {
    try {
      makeFolder(dirname(path));
      const fd = openSync(path, "w");
      this.#open.set(path, fd);
      return fd;
    } catch (error) {
      this.#fail(path, error);
      return NONE;
    }
  }

  #fail(path: string, error: unknown): void {
    this.#open.set(path, NONE);
    this.#failed(`${path} cannot be written, its output is lost: ${messageOf(error)}`);
  }
}

const NONE = -1;

/**
 * Makes the folder in which files of ranks will be, as far as that does not depend on the rank. Local.
 *
 * @param pattern - Their path, see {@link checkPattern}.
 * @throws {UsageError} If it cannot be made.
 */
export function checkPlace(pattern: string): void {
  const folder = dirname(pattern.replace(/%.*/s, "x"));
  try {
    makeFolder(folder);
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`--output-dir ${folder}: no files can be written there (${reason})`);
  }
}
