import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { parseCommand } from "./command-line.js";
import { defineEnding, type EndingFlags, type EndingOptions, readEnding } from "./ending-options.js";
import { environment } from "./environment.js";
import { type TransportName, transportNames } from "../src/comm/wire/messages.js";
import { type DebugFlags, type DebugOptions, defineDebug, readDebug } from "./debug-options.js";
import { UsageError } from "./errors.js";
import { type Exported, readExported } from "./exports.js";
import { defineNetwork, type NetworkFlags, type NetworkOptions, readNetwork } from "./network-options.js";
import {
  defineOutput,
  outputAliases,
  type OutputFlags,
  type OutputOptions,
  readOutput,
} from "./output-options.js";
import {
  definePlacement,
  positive,
  placementAliases,
  type PlacementFlags,
  type PlacementOptions,
  readPlacement,
} from "./placement-options.js";
import { type Program, readPrograms, splitPrograms } from "./programs.js";
import { type Launcher, launchers } from "./launching.js";
import { type Manager, managers } from "./resource-manager.js";

/** What the command line asks for. */
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
  readonly ending: EndingOptions;
  readonly encrypt: boolean;
  /** Which variables go to other hosts, beside those of `-x`. */
  readonly exported: Exported;
  /** Ranks also have the variables that Open MPI gives to its own. */
  readonly compatEnv: boolean;
  /** Begins the id of the job; "": it has no name. */
  readonly name: string;
  /** How many hosts and ranks are there is said while a job starts. */
  readonly progress: boolean;
  readonly oversubscribe: boolean | undefined;
  /** How much tsmpirun says itself. */
  readonly verbosity: "quiet" | "normal" | "verbose";
}

/** A request for help or the version instead of a job. */
export type Request = Options | { readonly help: string } | { readonly version: true };

/**
 * Reads the command line up to the script; what follows belongs to the script, up to a `:` that stands alone, after which
 * come another program's options. Local.
 *
 * @param argv - Without node and tsmpirun.
 * @throws {UsageError} For an unknown option (with the nearest known one), a missing script, a wrong value.
 */
export function parseOptions(argv: readonly string[]): Request {
  const [first, ...others] = splitPrograms(argv);
  const { flags, words } = parseCommand<Flags>(define(), first, aliases);
  if (flags.help !== undefined) return { help: flags.help === true ? "" : flags.help };
  if (flags.version) return { version: true };
  const programs = programsOf(flags, words, others);
  const counts = programs.flatMap(({ count }) => count ?? []);
  return {
    programs,
    count: counts.length === 0 ? undefined : counts.reduce((a, b) => a + b),
    placement: readPlacement(flags),
    debug: readDebug(flags),
    hosts: flags.host ?? [],
    hostfile: flags.hostfile ?? environment.hostfile,
    transport: oneOf("--transport", flags.transport ?? environment.transport ?? "auto", transportNames),
    engine: oneOf("--engine", flags.engine ?? "tsmpi", ["tsmpi", "mpi"] as const),
    mpirun: flags.mpirun,
    manager: oneOf("--rm", flags.rm ?? "auto", ["auto", "none", ...managers] as const),
    launcher: flags.launcher === undefined ? undefined : oneOf("--launcher", flags.launcher, launchers),
    ssh: flags.ssh,
    sshArgs: flags.sshArgs ?? "",
    sshConcurrency: positive("--ssh-concurrency", flags.sshConcurrency ?? "64"),
    treeSpawn: positive("--tree-spawn", flags.treeSpawn ?? "64"),
    node: flags.node,
    remotePrefix: flags.remotePrefix,
    network: readNetwork(flags),
    output: readOutput(flags),
    ending: readEnding(flags),
    encrypt: flags.encrypt ?? true,
    exported: readExported(flags.export ?? "all"),
    compatEnv: flags.compatEnv ?? false,
    name: jobName(flags.name ?? ""),
    progress: flags.progress ?? false,
    oversubscribe: flags.oversubscribe,
    verbosity: flags.quiet ? "quiet" : flags.verbose ? "verbose" : "normal",
  };
}

/** What each program of a job has for itself. */
interface ProgramFlags {
  n?: string;
  x?: string[];
  wdir?: string;
}

interface Flags extends ProgramFlags, PlacementFlags, DebugFlags, OutputFlags, EndingFlags, NetworkFlags {
  app?: string;
  host?: string[];
  hostfile?: string;
  transport?: string;
  engine?: string;
  mpirun?: string;
  rm?: string;
  launcher?: string;
  ssh?: string;
  sshArgs?: string;
  sshConcurrency?: string;
  treeSpawn?: string;
  node?: string;
  remotePrefix?: string;
  encrypt?: boolean;
  export?: string;
  compatEnv?: boolean;
  name?: string;
  progress?: boolean;
  oversubscribe?: boolean;
  verbose?: boolean;
  quiet?: boolean;
  help?: string | true;
  version?: boolean;
}

/** Second names of options, as other launchers spell them. */
const aliases: Readonly<Record<string, string>> = {
  "-np": "-n",
  "--np": "-n",
  "--hosts": "--host",
  "--machinefile": "--hostfile",
  ...outputAliases,
  ...placementAliases,
};

/** One program of the command line, or all those of `--app`. */
function programsOf(flags: Flags, own: readonly string[], others: readonly string[][]): Program[] {
  const rest = (flags.app === undefined ? others : readPrograms(flags.app)).map((argv) => {
    const { flags, words } = parseCommand<ProgramFlags>(defineProgram(), argv, aliases, ONE_PROGRAM);
    return programOf(flags, words);
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
  "; a program after the first has -n, -x and --wdir, the other options go before the first script";

function programOf(flags: ProgramFlags, [script, ...args]: readonly string[]): Program {
  if (script === undefined) {
    throw new UsageError("no script given; write: tsmpirun -n 4 script.ts (see tsmpirun --help)");
  }
  return {
    script: resolve(script),
    args,
    count: rankCount(flags.n),
    exports: flags.x ?? [],
    directory: resolve(flags.wdir ?? "."),
  };
}

const collect = (value: string, earlier: string[] = []): string[] => [...earlier, value];

function defineProgram(): Command {
  return new Command("tsmpirun")
    .argument("[script]")
    .argument("[args...]")
    .passThroughOptions()
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addOption(new Option("-n <count>"))
    .addOption(new Option("-x <name>").argParser(collect))
    .addOption(new Option("--wdir <folder>"));
}

function define(): Command {
  return [definePlacement, defineDebug, defineOutput, defineEnding, defineNetwork]
    .reduce((command, define) => define(command), defineProgram())
    .addOption(new Option("--app <file>"))
    .addOption(new Option("-H, --host <hosts>").argParser(collect))
    .addOption(new Option("-f, --hostfile <file>"))
    .addOption(new Option("--transport <name>"))
    .addOption(new Option("--engine <name>"))
    .addOption(new Option("--mpirun <path>"))
    .addOption(new Option("--rm <name>"))
    .addOption(new Option("--launcher <name>"))
    .addOption(new Option("--ssh <command>"))
    .addOption(new Option("--ssh-args <arguments>"))
    .addOption(new Option("--ssh-concurrency <count>"))
    .addOption(new Option("--tree-spawn <count>"))
    .addOption(new Option("--node <path>"))
    .addOption(new Option("--remote-prefix <folder>"))
    .addOption(new Option("--export <names>"))
    .addOption(new Option("--compat-env"))
    .addOption(new Option("--name <name>"))
    .addOption(new Option("--progress"))
    .addOption(new Option("--no-encrypt"))
    .addOption(new Option("--encrypt"))
    .addOption(new Option("--oversubscribe"))
    .addOption(new Option("--no-oversubscribe"))
    .addOption(new Option("-v, --verbose"))
    .addOption(new Option("-q, --quiet"))
    .addOption(new Option("--allow-run-as-root"))
    .addOption(new Option("-h, --help [topic]"))
    .addOption(new Option("-V, --version"));
}

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

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const choice = known.join(", ").replace(/, (\w+)$/, " or $1");
  throw new UsageError(`${name} ${value}: not known; choose ${choice}`);
}
