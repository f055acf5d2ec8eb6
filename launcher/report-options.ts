import { resolve } from "node:path";
import type { Knobs } from "../src/knobs.js";
import { UsageError } from "./errors.js";
import type { Flags } from "./knobs.js";
import { makeFolder } from "./make-folder.js";
import type { outputKnobs } from "./output-options.js";

/** What the command line says about reports of what ranks do. */
export interface ReportOptions {
  /** Where whole reports go, beside the terminal; `undefined`: nowhere. */
  readonly dumpFolder: string | undefined;
}

export const reportKnobs = {
  "dump-dir": {
    value: "FOLDER",
    help: "whole reports go there, as text and JSON; without it, to the folder of --output-dir",
  },
} as const satisfies Knobs;

/**
 * Reads the options; makes the folder for dumps. Local.
 *
 * @throws {UsageError} For a wrong value.
 */
export function readReport(
  flags: Flags<typeof reportKnobs & Pick<typeof outputKnobs, "output-dir">>,
): ReportOptions {
  const { "dump-dir": dumps, "output-dir": outputs } = flags;
  if (dumps !== undefined) checkFolder("--dump-dir", dumps);
  const folder = dumps ?? outputs;
  return { dumpFolder: folder === undefined ? undefined : resolve(folder) };
}

function checkFolder(name: string, folder: string): void {
  try {
    makeFolder(resolve(folder));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${name} ${folder}: no files can be written there (${reason})`);
  }
}
