import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether what was made of a folder of modules is there, and none of them has been compiled since. What has been installed
 * stays as it is: only where tsmpi is developed, and has a tsconfig.json, the modules are looked at. Local.
 */
export function isCurrent(made: string, folder: string, root: string): boolean {
  const madeMs = modifiedMs(made);
  if (madeMs === undefined) return false;
  if (modifiedMs(join(root, "tsconfig.json")) === undefined) return true;
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.every((name) => !name.endsWith(".js") || (modifiedMs(join(folder, name)) ?? 0) <= madeMs);
}

/** `undefined`: there is no such file. */
function modifiedMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
