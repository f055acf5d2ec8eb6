import { resolve } from "node:path";
import type { Knobs } from "../src/knobs.js";
import { UsageError } from "./errors.js";
import type { Flags } from "./knobs.js";
import { makeFolder } from "./make-folder.js";
import { given, oneOf, seconds } from "./option-values.js";
import type { RecordOptions } from "./records.js";
import type { outputKnobs } from "./output-options.js";
import { messageOf } from "../src/thrown.js";

/** What the command line says about reports of what ranks do. */
export interface ReportOptions extends RecordOptions {
  /** A job that has stood still for so long is reported; `undefined`: it is not looked. */
  readonly stallMs: number | undefined;
  /** When it is told what ranks do. */
  readonly dumpOn: ReadonlySet<Occasion>;
  /** Where whole reports go, beside the terminal; `undefined`: nowhere. */
  readonly dumpFolder: string | undefined;
}

/** At SIGQUIT, at --timeout, at --wait, at --stall-warn, and when a rank fails. */
const occasions = ["quit", "timeout", "wait", "stall", "failure"] as const;
export type Occasion = (typeof occasions)[number];

export const reportKnobs = {
  "dump-on": {
    value: "LIST",
    default: occasions.join(","),
    help: "when it is told what ranks do: at SIGQUIT, --timeout, --wait, --stall-warn, when a rank fails",
  },
  "dump-dir": {
    value: "FOLDER",
    help: "whole reports go there, as text and JSON; without it, to the folder of --output-dir",
  },
  "stall-warn": {
    value: "SECONDS",
    help: "report, once, when some rank has waited for so long and no rank has begun anything",
  },
  stats: { help: "at the end, a table of calls, their bytes and the time in which ranks waited" },
  trace: {
    value: "FILE",
    help: "calls of all ranks, and what programs note by world.trace, for chrome://tracing or Perfetto",
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
  return {
    dumpOn: new Set(
      flags["dump-on"]?.split(",").map((word) => oneOf("--dump-on", word, occasions)) ?? occasions,
    ),
    dumpFolder: given(folder, (path) => resolve(path)),
    stallMs: given(flags["stall-warn"], (text) =>
      seconds("--stall-warn", text, { seconds: 0.5, why: "less than ranks may take to begin something" }),
    ),
    stats: flags.stats ?? false,
    trace: given(flags.trace, (path) => resolve(path)),
  };
}

function checkFolder(name: string, folder: string): void {
  try {
    makeFolder(resolve(folder));
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`${name} ${folder}: no files can be written there (${reason})`);
  }
}
