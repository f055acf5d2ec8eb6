import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "./errors.js";
import { words } from "./words.js";
import { messageOf } from "../src/thrown.js";

/** A script; or the text of `-e`, which is as if it lay there. */
export interface Source {
  /** Absolute path; the place of the code of `-e`; what `--exec` names. */
  readonly script: string;
  /** The text of `-e`. */
  readonly code: string | undefined;
}

/** The code of `-e`, in the working directory. Local. */
export function inlineCode(code: string): Source {
  return { script: resolve("-e.ts"), code };
}

/** One program of a job, and what is its own. */
export interface Program extends Source {
  /** It is no script, but any command: it joins the job only if it wants to. */
  readonly foreign: boolean;
  /** Of node. */
  readonly flags: readonly string[];
  readonly args: readonly string[];
  /** Ranks; `undefined`: one for each slot, only if there is no other program. */
  readonly count: number | undefined;
  /** `NAME`, `NAME=VALUE`, `PRE*`. */
  readonly exports: readonly string[];
  readonly directory: string;
}

/** Splits a command line at each `:` that stands alone: one part for each program. Local, pure. */
export function splitPrograms(argv: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const word of argv) {
    if (word === ":") parts.push([]);
    else parts[parts.length - 1].push(word);
  }
  return parts;
}

/**
 * Reads the file of `--app`: one program a line, written as on the command line, with # comments. Local.
 *
 * @throws {UsageError} If it cannot be read, or names no program.
 */
export function readPrograms(path: string): string[][] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--app ${path}: cannot be read (${messageOf(error)})`);
  }
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) throw new UsageError(`--app ${path}: it names no program; write -n 2 script.ts`);
  return lines.map(words);
}

/** Which program each world rank runs: ranks are numbered program after program. Local, pure. */
export function programOfRanks(programs: readonly Program[], size: number): number[] {
  return programs.flatMap(({ count }, app) => Array.from({ length: count ?? size }, () => app));
}
