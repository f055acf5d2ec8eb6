import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { closest, distance } from "fastest-levenshtein";
import { environment } from "./environment.js";
import { type TransportName, transportNames } from "../src/comm/wire/messages.js";
import { UsageError } from "./errors.js";

/** What the command line asks for. */
export interface Options {
  /** Absolute path. */
  readonly script: string;
  readonly args: readonly string[];
  /** `undefined`: one rank for each slot. */
  readonly count: number | undefined;
  readonly hosts: readonly string[];
  readonly hostfile: string | undefined;
  readonly transport: TransportName;
  /** Who starts ranks and moves their messages: tsmpi, or the MPI whose mpirun is given or found. */
  readonly engine: "tsmpi" | "mpi";
  readonly mpirun: string | undefined;
  /** How agents of other hosts are started; `fork`: on this one, which plays the others. */
  readonly launcher: "ssh" | "fork";
  /** The ssh client, and more arguments for it. */
  readonly ssh: string;
  readonly sshArgs: string;
  /** Paths on other hosts; `undefined`: the same as here. */
  readonly node: string | undefined;
  readonly remotePrefix: string | undefined;
  /** Interface or subnet for the network; `undefined`: the way by which hosts are reached. */
  readonly iface: string | undefined;
  readonly tagOutput: boolean;
  readonly timeoutMs: number | undefined;
  readonly killGraceMs: number;
  /** A host that has been silent for so long is lost. */
  readonly heartbeatMs: number;
  /** `NAME`, `NAME=VALUE`, `PRE*`. */
  readonly exports: readonly string[];
  readonly directory: string;
  readonly encrypt: boolean;
  readonly oversubscribe: boolean | undefined;
  /** How much tsmpirun says itself. */
  readonly verbosity: "quiet" | "normal" | "verbose";
}

/** A request for help or the version instead of a job. */
export type Request = Options | { readonly help: string } | { readonly version: true };

/**
 * Reads the command line up to the script; what follows belongs to the script. Local.
 *
 * @param argv - Without node and tsmpirun.
 * @throws {UsageError} For an unknown option (with the nearest known one), a missing script, a wrong value.
 */
export function parseOptions(argv: readonly string[]): Request {
  const command = define();
  try {
    command.parse(ownSpellings(argv, command), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(explain(error, command));
    throw error;
  }
  const flags: Flags = command.opts();
  if (flags.help !== undefined) return { help: flags.help === true ? "" : flags.help };
  if (flags.version) return { version: true };
  const [script, ...args] = command.args;
  if (script === undefined) {
    throw new UsageError("no script given; write: tsmpirun -n 4 script.ts (see tsmpirun --help)");
  }
  return {
    script: resolve(script),
    args,
    count: rankCount(flags.n),
    hosts: flags.host ?? [],
    hostfile: flags.hostfile ?? environment.hostfile,
    transport: transport(flags.transport ?? environment.transport ?? "auto"),
    engine: engine(flags.engine ?? "tsmpi"),
    mpirun: flags.mpirun,
    launcher: launcher(flags.launcher ?? "ssh"),
    ssh: flags.ssh ?? "ssh",
    sshArgs: flags.sshArgs ?? "",
    node: flags.node,
    remotePrefix: flags.remotePrefix,
    iface: flags.iface,
    tagOutput: flags.tagOutput ?? false,
    timeoutMs: optionalSeconds("--timeout", flags.timeout ?? environment.timeout),
    killGraceMs: optionalSeconds("--kill-grace", flags.killGrace) ?? 5000,
    heartbeatMs: heartbeat(flags.heartbeat ?? "10"),
    exports: flags.x ?? [],
    directory: resolve(flags.wdir ?? "."),
    encrypt: flags.encrypt ?? true,
    oversubscribe: flags.oversubscribe,
    verbosity: flags.quiet ? "quiet" : flags.verbose ? "verbose" : "normal",
  };
}

interface Flags {
  n?: string;
  host?: string[];
  hostfile?: string;
  transport?: string;
  engine?: string;
  mpirun?: string;
  launcher?: string;
  ssh?: string;
  sshArgs?: string;
  node?: string;
  remotePrefix?: string;
  iface?: string;
  tagOutput?: boolean;
  timeout?: string;
  killGrace?: string;
  heartbeat?: string;
  x?: string[];
  wdir?: string;
  encrypt?: boolean;
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
  "--tag": "--tag-output",
};

function define(): Command {
  const collect = (value: string, earlier: string[] = []) => [...earlier, value];
  return new Command("tsmpirun")
    .argument("[script]")
    .argument("[args...]")
    .passThroughOptions()
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addOption(new Option("-n <count>"))
    .addOption(new Option("-H, --host <hosts>").argParser(collect))
    .addOption(new Option("-f, --hostfile <file>"))
    .addOption(new Option("--transport <name>"))
    .addOption(new Option("--engine <name>"))
    .addOption(new Option("--mpirun <path>"))
    .addOption(new Option("--launcher <name>"))
    .addOption(new Option("--ssh <command>"))
    .addOption(new Option("--ssh-args <arguments>"))
    .addOption(new Option("--node <path>"))
    .addOption(new Option("--remote-prefix <folder>"))
    .addOption(new Option("--iface <name>"))
    .addOption(new Option("--tag-output"))
    .addOption(new Option("--timeout <seconds>"))
    .addOption(new Option("--kill-grace <seconds>"))
    .addOption(new Option("--heartbeat <seconds>"))
    .addOption(new Option("-x <name>").argParser(collect))
    .addOption(new Option("--wdir <folder>"))
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

/** Replaces aliases before the script; commander knows two names of an option at most, and no `-np`. */
function ownSpellings(argv: readonly string[], command: Command): string[] {
  const out: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word === "--" || !word.startsWith("-")) return [...out, ...argv.slice(i)];
    const [name, ...value] = word.split("=");
    const known = aliases[name] ?? name;
    const option = command.options.find((o) => o.short === known || o.long === known);
    if (option?.short === known && value.length > 0) out.push(known, value.join("="));
    else out.push([known, ...value].join("="));
    if (option?.required && value.length === 0 && i + 1 < argv.length) out.push(argv[++i]);
  }
  return out;
}

function explain(error: CommanderError, command: Command): string {
  const message = error.message.replace(/^error: /, "").replaceAll("'", '"');
  if (error.code !== "commander.unknownOption") return `${message}; see tsmpirun --help`;
  const given = /"(.*)"/.exec(message)?.[1] ?? "";
  const names = [
    ...command.options.flatMap((option) => [option.short, option.long]),
    ...Object.keys(aliases),
  ].filter((name) => name !== undefined);
  const near = closest(given, names);
  const alike = distance(given, near) <= Math.max(2, given.length / 3);
  return `unknown option ${given}; ${alike ? `did you mean ${near}?` : "see tsmpirun --help"}`;
}

function rankCount(text: string | undefined): number | undefined {
  if (text === undefined || text === "auto") return undefined;
  if (/^\d{1,7}$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(
    `-n ${text}: not a number of ranks; write a positive integer, e.g. -n ${availableParallelism()}, or auto`,
  );
}

function optionalSeconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 0 && seconds <= 1e6) return seconds * 1000;
  throw new UsageError(`${name} ${text}: not a number of seconds`);
}

function heartbeat(text: string): number {
  const ms = optionalSeconds("--heartbeat", text) ?? 0;
  if (ms >= 1000) return ms;
  throw new UsageError(`--heartbeat ${text}: a host is not given up that soon; use 1 or more seconds`);
}

function engine(name: string): Options["engine"] {
  if (name === "tsmpi" || name === "mpi") return name;
  throw new UsageError(`--engine ${name}: not known; choose tsmpi or mpi`);
}

function transport(name: string): Options["transport"] {
  const known = transportNames.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  const choice = transportNames.join(", ").replace(/, (\w+)$/, " or $1");
  throw new UsageError(`--transport ${name}: not known; choose ${choice}`);
}

function launcher(name: string): Options["launcher"] {
  if (name === "ssh" || name === "fork") return name;
  throw new UsageError(`--launcher ${name}: not known; choose ssh or fork`);
}
