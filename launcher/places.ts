import { readFileSync } from "node:fs";
import { relative } from "node:path";

/** A path as one would write it in `directory`, unless that is far away. Local. */
export function shortPath(path: string, directory: string): string {
  const short = relative(directory, path);
  return short.startsWith("../..") ? path : short;
}

/** A line of a source file, without what is around it; `undefined` if the file is not on this host. Local. */
export function sourceLine(path: string, line: number): string | undefined {
  try {
    return readFileSync(path, "utf8").split("\n")[line - 1]?.trim().slice(0, MOST_COLUMNS);
  } catch {
    return undefined;
  }
}

/** A place in a program, `/a/b.ts:3:14`, with what stands there: `b.ts:3  await world.barrier();`. Local. */
export function showPlace(place: string, directory: string): string {
  const [, path, line] = /^(.*?):(\d+)(?::\d+)?$/.exec(place) ?? [];
  if (path === undefined) return place;
  const source = sourceLine(path, Number(line));
  return `${shortPath(path, directory)}:${line}${source === undefined ? "" : `  ${source}`}`;
}

const MOST_COLUMNS = 100;
