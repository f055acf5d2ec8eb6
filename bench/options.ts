import { Command, CommanderError, Option } from "commander";
import { didYouMean, notKnown } from "../src/nearest.js";
import { catalogue, findBenchmark } from "./catalogue.js";
import { full, quick, type Effort } from "./effort.js";
import { parseSizes } from "./sizes.js";
import { PEERS, type Peer } from "./peers.js";
import { TRANSPORTS, type Launch, type Transport } from "./sides.js";
import type { Section } from "./plan.js";
import { overview } from "./suites/overview.js";
import { part, stages, targetEffort, type Stage, type StageName } from "./suites/targets.js";

/** Suites: what to call for without naming benchmarks. */
export const SUITES = ["overview", "targets"] as const;

export interface Request {
  readonly sections: readonly Section[];
  readonly transports: readonly Transport[];
  readonly peers: readonly Peer[];
  readonly effort: Effort;
  readonly json: string | undefined;
  readonly plot: string | undefined;
  readonly dryRun: boolean;
  /** Stages of the targets, instead of sections. */
  readonly targets: Readonly<Partial<Record<StageName, Stage>>> | undefined;
  readonly launch: Launch;
  readonly severalHosts: boolean;
}

/** What is wrong with the command line. */
export class UsageError extends Error {}

/**
 * Reads the command line of `tsmpi bench`. Local.
 *
 * @returns The text of `--help` if that is asked for.
 * @throws {UsageError} For an unknown benchmark, option, peer or transport, with the nearest known one; a wrong value.
 */
export function parseOptions(args: readonly string[]): Request | string {
  const command = define();
  try {
    command.parse(ownSpellings(args), { from: "user" });
    const flags: Flags = command.opts();
    if (flags.help) return help();
    return request(flags, command.args);
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(explain(error, command));
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

interface Flags {
  n?: string;
  sizes?: string;
  transport: string;
  vs?: string;
  rounds?: string;
  timeout?: string;
  only?: string;
  quick?: boolean;
  json?: string;
  plot?: string;
  dryRun?: boolean;
  encrypt: boolean;
  host: string[];
  hostfile?: string;
  tsmpirun?: string;
  mpirun?: string;
  help?: boolean;
}

function define(): Command {
  const collect = (value: string, list: string[]) => [...list, value];
  return new Command("tsmpi bench")
    .argument("[names...]")
    .allowExcessArguments()
    .helpOption(false)
    .addOption(new Option("-h, --help"))
    .option("-n, --ranks <list>")
    .option("-m, --sizes <list>")
    .option("--transport <list>", "", "auto")
    .option("--vs <list>")
    .option("--rounds <n>")
    .option("--timeout <seconds>")
    .option("--only <pattern>")
    .option("--quick")
    .option("--json <file>")
    .option("--plot <file>")
    .option("--dry-run")
    .option("--no-encrypt")
    .option("-H, --host <list>", "", collect, [])
    .option("-f, --hostfile <file>")
    .option("--tsmpirun <options>")
    .option("--mpirun <options>")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
}

/** `--vs` may stand alone: all peers. `-np` is `-n`. */
function ownSpellings(args: readonly string[]): string[] {
  return args.flatMap((word, i) => {
    if (word === "-np" || word === "--np") return ["--ranks"];
    if (word !== "--vs") return [word];
    const next = args[i + 1];
    const isList = next !== undefined && next.split(",").every((name) => ["all", ...PEERS].includes(name));
    return isList ? [word] : [word, "all"];
  });
}

function request(flags: Flags & { ranks?: string }, names: readonly string[]): Request {
  const ranks = flags.ranks === undefined ? undefined : parseRanks(flags.ranks);
  const sizes = flags.sizes === undefined ? undefined : parseSizes(flags.sizes);
  const targets = names[0] === "targets" ? stagesOf(names.slice(1), flags.only) : undefined;
  if (!targets && flags.only !== undefined) throw new RangeError("--only: is for targets; name benchmarks");
  if (targets && (ranks || sizes)) throw new RangeError("targets: its ranks and sizes are fixed");
  const wanted = names.length === 0 ? ["overview"] : names;
  const sections = targets ? [] : wanted.flatMap((name) => sectionsOf(name, ranks, sizes, flags));
  const effort = flags.quick ? quick : targets ? targetEffort : full;
  return {
    sections,
    transports: flags.transport.split(",").map((name) => oneOf("--transport", name, TRANSPORTS)),
    peers: flags.vs === undefined ? [] : parsePeers(flags.vs),
    effort: {
      ...effort,
      rounds: positive("--rounds", flags.rounds) ?? effort.rounds,
      timeoutMs: 1000 * (positive("--timeout", flags.timeout) ?? effort.timeoutMs / 1000),
    },
    json: flags.json,
    plot: picture(flags.plot),
    dryRun: flags.dryRun ?? false,
    targets,
    launch: launchOf(flags),
    severalHosts: flags.host.length > 0 || flags.hostfile !== undefined,
  };
}

function sectionsOf(
  name: string,
  ranks: readonly number[] | undefined,
  sizes: readonly number[] | undefined,
  { vs }: Flags,
): Section[] {
  if (name === "overview") {
    return Object.values(overview).filter(({ benchmark }) => benchmark.program === "communication");
  }
  const benchmark = findBenchmark(name, SUITES);
  const sections: Section[] = [{ benchmark, ranks, sizes }];
  // What mpi4py is used for most: objects. They have a benchmark of their own.
  if (benchmark.name === "latency" && vs !== undefined && parsePeers(vs).includes("mpi4py")) {
    const objects = findBenchmark("latency_objects");
    sections.push({ benchmark: objects, ranks, sizes: sizes?.filter((bytes) => bytes <= 2 ** 20) });
  }
  return sections;
}

function stagesOf(names: readonly string[], only: string | undefined): Partial<Record<StageName, Stage>> {
  const known = Object.keys(stages) as StageName[];
  const unknown = names.find((name) => !known.includes(name as StageName));
  if (unknown !== undefined) throw new RangeError(`targets ${unknown}: use ${known.join(", ")}`);
  const pattern = patternOf(only);
  const found: Partial<Record<StageName, Stage>> = {};
  for (const name of known) {
    if (names.length > 0 && !names.includes(name)) continue;
    const stage = part(stages[name], pattern);
    if (stage.targets.length > 0) found[name] = stage;
  }
  if (Object.keys(found).length > 0) return found;
  throw new RangeError(`--only ${only}: no target is called so; write "allreduce n=2 1 MiB" or a part of it`);
}

function patternOf(text = ""): RegExp {
  try {
    return new RegExp(text, "i");
  } catch (error) {
    throw new RangeError(`--only ${text}: not a regular expression`, { cause: error });
  }
}

/** Hosts mean the same to tsmpirun and to Open MPI's mpirun. */
function launchOf({ host, hostfile, encrypt, tsmpirun = "", mpirun = "" }: Flags): Launch {
  const hosts = [
    ...host.flatMap((list) => ["--host", list]),
    ...(hostfile === undefined ? [] : ["--hostfile", hostfile]),
  ];
  return {
    tsmpirun: [...hosts, ...(encrypt ? [] : ["--no-encrypt"]), ...words(tsmpirun)],
    mpirun: [...hosts, ...words(mpirun)],
  };
}

/** Words of a command line; quotes keep blanks together. */
function words(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c);
}

function parseRanks(text: string): number[] {
  const ranks = text.split(",").map(Number);
  const wrong = ranks.some((n) => !(Number.isSafeInteger(n) && n > 0));
  if (wrong) throw new RangeError(`-n ${text}: not a list of numbers of ranks; write 2,4,16`);
  return ranks;
}

function parsePeers(text: string): Peer[] {
  if (text.split(",").includes("all")) return [...PEERS];
  return text.split(",").map((name) => oneOf("--vs", name, PEERS));
}

function oneOf<T extends string>(option: string, name: string, known: readonly T[]): T {
  const found = known.find((each) => each === name);
  if (found !== undefined) return found;
  throw new RangeError(`${option} ${name}: ${notKnown(name, known)}`);
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new RangeError(`${name} ${text}: use a positive integer`);
}

function picture(file: string | undefined): string | undefined {
  if (file === undefined || /\.(png|svg)$/i.test(file)) return file;
  throw new RangeError(`--plot ${file}: end the name in .png or .svg`);
}

function explain({ code, message }: CommanderError, command: Command): string {
  if (code !== "commander.unknownOption") return message.replace(/^error: /, "");
  const [, option] = /'([^']+)'/.exec(message) ?? [];
  const known = command.options.flatMap(({ long }) => long ?? []);
  return `unknown option ${option}; ${didYouMean(option ?? "", known, Infinity)}`;
}

function help(): string {
  const width = Math.max(...catalogue.map(({ name }) => name.length)) + 2;
  const list = catalogue.map(({ name, title }) => `  ${name.padEnd(width)}${title}`);
  return `tsmpi bench [options] [names]

Measures communication, by the names of the OSU benchmarks; osu_latency and IMB's PingPong are understood as well.
Results are checked while they are measured. Without names: overview, a few figures of most.

${list.join("\n")}

  overview  a few figures of most; targets [host] [mpi] [network]  all targets of the communicator, met or missed

  -n, --ranks LIST      numbers of ranks: 2,4,16
  -m, --sizes LIST      of messages, in bytes: 8,1K,1M; 1:1M doubles, 1:64M:4 grows by four (default 1:64M:4)
  --transport LIST      of tsmpi: ${TRANSPORTS.join(", ")}; several are compared
  --vs [LIST]           measures peers in turn with tsmpi: ${PEERS.join(", ")} (default all that are installed)
  --rounds N            times that every side runs (default ${full.rounds}, quick ${quick.rounds})
  --timeout SECONDS     stop a side that takes longer, and go on (default ${full.timeoutMs / 1000})
  --only PATTERN        of targets, a regular expression of their names: 'n=16', 'allreduce n=2 1 MiB'
  --quick               fewer repetitions: to see that it works, not how fast
  -H, --host LIST, -f, --hostfile FILE   of tsmpirun and of Open MPI's mpirun: node1:1,node2:1
  --no-encrypt          of tsmpirun
  --tsmpirun, --mpirun OPTIONS   more options of those, such as "--ssh 'ssh -F config'"
  --json FILE           everything that was measured
  --plot FILE           curves, .png or .svg
  --dry-run             print the commands that would run

  tsmpi bench latency bw --vs --plot latency.png
  tsmpi bench allreduce -n 2,4,16 -m 8:1M --vs openmpi

Figures are medians over rounds of medians over batches of operations that follow each other without pause, timed by the
slowest rank, after a warm-up that is not counted; min and max are over all batches. µs: of one operation; latency is
half a round trip. MB/s: 10^6 bytes. ratio: time of tsmpi over the peer's; below 1, tsmpi is faster.

Exit codes: 0; 1 if tsmpi failed or results were wrong; 2 for the command line; 128 + n after signal n.`;
}
