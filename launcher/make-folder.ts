import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../src/thrown.js";

/** Makes a folder, and those around it. Node's own way does not end below folders that refuse, such as /proc. Local. */
export function makeFolder(folder: string, mode = 0o777): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error; // else another job was faster
  }
}
