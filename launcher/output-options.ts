import { type Command, Option } from "commander";
import { resolve } from "node:path";
import { UsageError } from "./errors.js";
import { checkPattern } from "./output-pattern.js";
import { parseRanks } from "./ranks.js";

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

export interface OutputFlags {
  tagOutput?: boolean;
  tagFormat?: string;
  timestamp?: boolean;
  outputDir?: string;
  outputPattern?: string;
  tee?: boolean;
  mergeStderrToStdout?: boolean;
  printRanks?: string;
  raw?: boolean;
  stdin?: string;
  printExitCodes?: boolean;
}

/** Second names of these options, as other launchers spell them. */
export const outputAliases: Readonly<Record<string, string>> = {
  "--tag": "--tag-output",
  "--prepend-rank": "--tag-output",
  "--prepend-pattern": "--tag-format",
  "--timestamp-output": "--timestamp",
  "--output-filename": "--output-dir",
  "--print-all-exitcodes": "--print-exit-codes",
};

/** Adds the options to the command. */
export function defineOutput(command: Command): Command {
  return command
    .addOption(new Option("--tag-output"))
    .addOption(new Option("--tag-format <pattern>"))
    .addOption(new Option("--timestamp"))
    .addOption(new Option("--output-dir <folder>"))
    .addOption(new Option("--output-pattern <pattern>"))
    .addOption(new Option("--tee"))
    .addOption(new Option("--merge-stderr-to-stdout"))
    .addOption(new Option("--print-ranks <ranks>"))
    .addOption(new Option("--raw"))
    .addOption(new Option("--stdin <who>"))
    .addOption(new Option("--print-exit-codes"));
}

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
    mergeStderr: flags.mergeStderrToStdout ?? false,
    shown: flags.printRanks === undefined ? undefined : new Set(ranksOf("--print-ranks", flags.printRanks)),
    raw: flags.raw ?? false,
    stdin: flags.stdin === undefined ? undefined : stdinOf(flags.stdin),
    printExitCodes: flags.printExitCodes ?? false,
  };
}

function tagOf({ tagOutput, tagFormat, timestamp }: OutputFlags): string {
  if (tagFormat !== undefined) {
    checkPattern("--tag-format", tagFormat, "rhptgs");
    return `${tagFormat} `;
  }
  return `${timestamp ? "%t " : ""}${tagOutput ? "[%r] " : ""}`;
}

function filesOf({ outputDir, outputPattern }: OutputFlags): string | undefined {
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

function ranksOf(name: string, text: string): number[] {
  const ranks = parseRanks(text);
  if (ranks !== undefined) return ranks;
  throw new UsageError(`${name} ${text}: not a list of ranks; write it as 0,8-11`);
}
