import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type TransportName, transportNames, type UserFile } from "../src/comm/wire/messages.js";
import { variableOf } from "../src/knobs.js";
import { parseCommand } from "./command-line.js";
import { type DebugOptions, readDebug } from "./debug-options.js";
import { type EndingOptions, readEnding } from "./ending-options.js";
import { UsageError } from "./errors.js";
import { type Exported, readExported } from "./exports.js";
import { type Flags, knobs, programKnobs } from "./knobs.js";
import { type Launcher, readLauncher } from "./launching.js";
import { type NetworkOptions, readNetwork } from "./network-options.js";
import { oneOf, positive } from "./option-values.js";
import { type OutputOptions, readOutput } from "./output-options.js";
import { type PlacementOptions, readPlacement } from "./placement-options.js";
import { type ReportOptions, readReport } from "./report-options.js";
import { readUserFiles } from "./preload.js";
import { inlineCode, type Program, readPrograms, type Source, splitPrograms } from "./programs.js";
import { type Manager, managers } from "./resource-manager.js";
import { blame, rankVariables, settle, type Settings, valuesOf } from "./settings.js";

/** What is asked for: by the command line, variables and files. */
export interface Options {
  /** One, or several that make one world. */
  readonly programs: readonly Program[];
  /** Ranks of all programs; `undefined`: one for each slot. */
  readonly count: number | undefined;
  readonly placement: PlacementOptions;
  readonly debug: DebugOptions;
  readonly hosts: readonly string[];
  readonly hostfile: string | undefined;
  readonly transport: TransportName;
  /** Who starts ranks and moves their messages: tsmpi, or the MPI whose mpirun is given or found. */
  readonly engine: "tsmpi" | "mpi";
  readonly mpirun: string | undefined;
  /** Whose job this is; `auto`: find out; `none`: nobody's, whatever variables say. */
  readonly manager: Manager | "auto" | "none";
  /** How agents of other hosts are started; `undefined`: by the resource manager, or else over ssh. */
  readonly launcher: Launcher | undefined;
  /** The ssh client, or the command of another launcher; and more arguments for ssh. */
  readonly ssh: string | undefined;
  readonly sshArgs: string;
  /** Agents that are on their way at the same time. */
  readonly sshConcurrency: number;
  /** Over ssh, the launcher and every agent start at most so many agents; those start the rest. */
  readonly treeSpawn: number;
  /** Paths on other hosts; `undefined`: the same as here. */
  readonly node: string | undefined;
  readonly remotePrefix: string | undefined;
  readonly network: NetworkOptions;
  readonly output: OutputOptions;
  readonly report: ReportOptions;
  readonly ending: EndingOptions;
  readonly encrypt: boolean;
  /** Files that go to every host. */
  readonly preload: readonly UserFile[];
  /** Where a host has not the working directory, ranks run in the user's home. */
  readonly anywhere: boolean;
  /** Which variables go to other hosts, beside those of `-x`. */
  readonly exported: Exported;
  /** What ranks are to read as variables. */
  readonly told: Readonly<Record<string, string>>;
  /** Begins the id of the job; "": it has no name. */
  readonly name: string;
  /** How many hosts and ranks are there is said while a job starts. */
  readonly progress: boolean;
  readonly oversubscribe: boolean | undefined;
  /** How much tsmpirun says itself. */
  readonly verbosity: "quiet" | "normal" | "verbose";
}

/** What ranks are told of collectives, ready for any host. */
export async function completeTold(told: Options["told"]): Promise<Options["told"]> {
  if (!Object.keys(told).some((name) => name.startsWith(variableOf("coll")))) return told;
  return (await import("./choices.js")).withRules(told); // knows all collectives: loaded if there is a need
}

/** A request for help or the version instead of a job. */
export type Request = Options | { readonly help: string } | { readonly version: true };

/**
 * Reads the command line up to the script, and what else has been set; what follows belongs to the script, up to a `:`
 * that stands alone, after which come another program's options. Local.
 *
 * @param argv - Without node and tsmpirun.
 * @throws {UsageError} For an unknown option (with the nearest known one), a missing script, a wrong value.
 */
export function parseOptions(argv: readonly string[]): Request {
  const [first, ...others] = splitPrograms(argv);
  const { flags: given, words } = parseCommand(knobs, first);
  const settings = settle(given);
  const flags = valuesOf(settings, knobs);
  if (flags.help !== undefined) return { help: flags.help === true ? "" : flags.help };
  if (flags.version) return { version: true };
  try {
    return readOptions(flags, settings, programsOf(flags, words, others));
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(blame(error.message, settings));
    throw error;
  }
}

function readOptions(flags: AllFlags, settings: Settings, programs: readonly Program[]): Options {
  const counts = programs.flatMap(({ count }) => count ?? []);
  return {
    programs,
    count: counts.length === 0 ? undefined : counts.reduce((a, b) => a + b),
    placement: readPlacement(flags),
    debug: readDebug(flags),
    hosts: flags.host ?? [],
    hostfile: flags.hostfile,
    transport: oneOf("--transport", flags.transport ?? "auto", transportNames),
    engine: oneOf("--engine", flags.engine ?? "tsmpi", ["tsmpi", "mpi"] as const),
    mpirun: flags.mpirun,
    manager: oneOf("--rm", flags.rm ?? "auto", ["auto", "none", ...managers] as const),
    launcher: readLauncher(flags.launcher),
    ssh: flags.ssh,
    sshArgs: flags["ssh-args"] ?? "",
    sshConcurrency: positive("--ssh-concurrency", flags["ssh-concurrency"] ?? "64"),
    treeSpawn: positive("--tree-spawn", flags["tree-spawn"] ?? "64"),
    node: flags.node,
    remotePrefix: flags["remote-prefix"],
    network: readNetwork(flags),
    output: readOutput(flags),
    report: readReport(flags),
    ending: readEnding(flags),
    encrypt: flags.encrypt ?? true,
    preload: readUserFiles(flags.preload ?? []),
    anywhere: flags["wdir-fallback"] ?? false,
    exported: readExported(flags.export ?? "all"),
    told: rankVariables(settings),
    name: jobName(flags.name ?? ""),
    progress: flags.progress ?? false,
    oversubscribe: flags.oversubscribe,
    verbosity: flags.quiet ? "quiet" : flags.verbose ? "verbose" : "normal",
  };
}

type AllFlags = Flags<typeof knobs>;
type ProgramFlags = Flags<typeof programKnobs>;

/** One program of the command line, or all those of `--app`. */
function programsOf(flags: AllFlags, own: readonly string[], others: readonly string[][]): Program[] {
  const rest = (flags.app === undefined ? others : readPrograms(flags.app)).map((argv) => {
    const { flags, words } = parseCommand(programKnobs, argv, ONE_PROGRAM);
    return programOf(valuesOf(settle(flags), programKnobs), words);
  });
  if (flags.app !== undefined && (own.length > 0 || others.length > 0))
    throw new UsageError(`--app ${flags.app} names the programs; leave ${own[0] ?? ":"} out`);
  const programs = flags.app === undefined ? [programOf(flags, own), ...rest] : rest;
  const vague = programs.length > 1 && programs.find(({ count }) => count === undefined);
  if (vague)
    throw new UsageError(`${vague.script}: say how many ranks of ${programs.length} programs, by -n`);
  return programs;
}

const ONE_PROGRAM =
  "; a program after the first has -n, -x, --wdir, -e and --exec, the other options go before the first script";

function programOf(flags: ProgramFlags, words: readonly string[]): Program {
  return {
    ...sourceOf(flags, words),
    count: rankCount(flags.np),
    exports: flags.env ?? [],
    directory: resolve(flags.wdir ?? "."),
  };
}

type Started = Source & Pick<Program, "foreign" | "flags" | "args">;

function sourceOf({ eval: code, exec }: ProgramFlags, words: readonly string[]): Started {
  const source = { code, foreign: false, flags: [] };
  if (code !== undefined && exec) throw new UsageError("--exec and -e: keep one of them");
  if (code !== undefined) return { ...source, ...inlineCode(code), args: words };
  const [script, ...args] = words;
  if (script === undefined)
    throw new UsageError(
      exec
        ? "--exec: no program given; write: tsmpirun -n 4 --exec ./program"
        : "no script given; write: tsmpirun -n 4 script.ts (see tsmpirun --help)",
    );
  // A name without a slash is looked for in PATH, on the host of the rank.
  if (exec)
    return { ...source, foreign: true, script: script.includes("/") ? resolve(script) : script, args };
  return script === "node" ? ofNode(args) : { ...source, script: resolve(script), args };
}

/** The file in which errors of `-e` seem to be. */

/** As in `node --expose-gc script.ts`: its flags are those of the ranks' node. */
function ofNode(words: readonly string[]): Started {
  let end = 0;
  while (words[end]?.startsWith("-")) end += WITH_VALUE.includes(words[end]) ? 2 : 1;
  const flags = words.slice(0, end);
  if (flags.some((flag) => /^(-[epi]|-pe|--eval|--print|--interactive)$/.test(flag)))
    throw new UsageError(`node ${flags.join(" ")}: write tsmpirun -e CODE, without node`);
  const { script, args } = sourceOf({}, words.slice(end));
  return { script, args, flags, code: undefined, foreign: false };
}

/** Flags of node whose value is a word of its own. */
const WITH_VALUE = ["-r", "--require", "--import", "--loader", "-C", "--conditions", "--env-file", "--title"];

function rankCount(text: string | undefined): number | undefined {
  if (text === undefined || text === "auto") return undefined;
  if (/^\d{1,7}$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(
    `-n ${text}: not a number of ranks; write a positive integer, e.g. -n ${availableParallelism()}, or auto`,
  );
}

function jobName(text: string): string {
  if (/^[\w.-]{0,64}$/.test(text)) return text;
  throw new UsageError(`--name ${text}: write letters, digits, dots and dashes, 64 at most`);
}
