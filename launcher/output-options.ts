import { resolve } from "node:path";
import type { Knobs } from "../src/knobs.js";
import { UsageError } from "./errors.js";
import type { Flags } from "./knobs.js";
import { given, ranks } from "./option-values.js";
import { checkPattern } from "./output-pattern.js";

/** What the command line says about what ranks print and read. */
export interface OutputOptions {
  /** Goes before every line, see {@link checkPattern}; "": nothing. */
  readonly tag: string;
  /** Path of each rank's own files; `undefined`: there are none. */
  readonly files: string | undefined;
  /** Whether what goes to files is shown, too. */
  readonly tee: boolean;
  /** Both streams go to stdout. */
  readonly mergeStderr: boolean;
  /** Ranks whose output is shown; `undefined`: all. */
  readonly shown: ReadonlySet<number> | undefined;
  /** Bytes are passed on as they come, not line by line. */
  readonly raw: boolean;
  /** Who reads tsmpirun's stdin; `undefined`: rank 0, unless it is a terminal. */
  readonly stdin: number | "all" | "none" | undefined;
  readonly printExitCodes: boolean;
}

export const outputKnobs = {
  "tag-output": {
    aliases: ["--tag", "--prepend-rank"],
    help: "put [rank] in front of every line",
  },
  "tag-format": {
    value: "'%r@%h %t'",
    aliases: ["--prepend-pattern"],
    help: "or what you like: %r rank, %g ranks, %h host, %p process, %s out or err, %t time",
  },
  timestamp: {
    aliases: ["--timestamp-output"],
    help: "the time, too, as the agent of the rank's host sees it",
  },
  "output-dir": {
    value: "FOLDER",
    aliases: ["--output-filename"],
    help: "files for each rank instead: FOLDER/rank-0007.out and .err",
  },
  "output-pattern": {
    value: "'%j-%r.%s'",
    help: "their names; also %h, %p, and %4r for four digits. Who has the same name shares a file",
  },
  tee: { help: "show what goes to files, too" },
  "merge-stderr-to-stdout": { help: "both go to stdout" },
  "print-ranks": {
    value: "0,8-11",
    help: "show only these; all go to files, and a rank that fails shows its last lines",
  },
  raw: { help: "bytes as they come, not line by line" },
  stdin: {
    value: "N|all|none",
    help: "who reads standard input; otherwise rank 0, if it is a file or a pipe",
  },
  "print-exit-codes": {
    aliases: ["--print-all-exitcodes"],
    help: "at the end, those of all ranks",
  },
} as const satisfies Knobs;

type OutputFlags = Flags<typeof outputKnobs>;

/**
 * Reads the options. Local, pure.
 *
 * @throws {UsageError} For a wrong value, and for options that contradict each other.
 */
export function readOutput(flags: OutputFlags): OutputOptions {
  const tag = tagOf(flags);
  const files = filesOf(flags);
  if (flags.raw && tag !== "")
    throw new UsageError("--raw passes bytes on as they come, without tags; leave one out");
  if (flags.tee && files === undefined)
    throw new UsageError(
      "--tee shows what also goes to files; say which by --output-dir or --output-pattern",
    );
  return {
    tag,
    files,
    tee: flags.tee ?? false,
    mergeStderr: flags["merge-stderr-to-stdout"] ?? false,
    shown: given(flags["print-ranks"], (text) => new Set(ranks("--print-ranks", text))),
    raw: flags.raw ?? false,
    stdin: given(flags.stdin, stdinOf),
    printExitCodes: flags["print-exit-codes"] ?? false,
  };
}

/** @throws {UsageError} If a rank is to be shown that there is not. */
export function checkShown({ shown = new Set() }: Pick<OutputOptions, "shown">, size: number): void {
  const absent = [...shown].find((rank) => rank >= size);
  if (absent === undefined) return;
  throw new UsageError(`--print-ranks: there is no rank ${absent}; the job has ranks 0 to ${size - 1}`);
}

function tagOf(flags: OutputFlags): string {
  const { "tag-output": tagOutput, "tag-format": tagFormat, timestamp } = flags;
  if (tagFormat !== undefined) {
    checkPattern("--tag-format", tagFormat, "rhptgs");
    return `${tagFormat} `;
  }
  return `${timestamp ? "%t " : ""}${tagOutput ? "[%r] " : ""}`;
}

function filesOf(flags: OutputFlags): string | undefined {
  const { "output-dir": outputDir, "output-pattern": outputPattern } = flags;
  if (outputDir === undefined && outputPattern === undefined) return undefined;
  const pattern = outputPattern ?? "rank-%4r.%s";
  checkPattern("--output-pattern", pattern, "rhpgsj");
  return resolve(outputDir ?? ".", pattern);
}

function stdinOf(text: string): number | "all" | "none" {
  if (text === "all" || text === "none") return text;
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new UsageError(`--stdin ${text}: not known; write a rank, all or none`);
}
