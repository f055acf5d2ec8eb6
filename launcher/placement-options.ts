import { type Command, Option } from "commander";
import { closest } from "fastest-levenshtein";
import { UsageError } from "./errors.js";
import {
  type BindPolicy,
  type MapPolicy,
  parseBindTo,
  parseCpuItems,
  parseMapBy,
  parseRankBy,
  type RankPolicy,
} from "./placement/policy.js";

/** What the command line says about where ranks run. */
export interface PlacementOptions {
  readonly map: MapPolicy;
  readonly rankBy: RankPolicy | undefined;
  readonly bind: BindPolicy;
  /** Hosts that are not used, each as in `--host`. */
  readonly exclude: readonly string[];
  /** The launcher's host is not used. */
  readonly nolocal: boolean;
  /** Places the ranks, shows where, and ends. */
  readonly dryRun: boolean;
  readonly display: readonly Display[];
}

/** What can be shown before a job starts. */
export const displays = ["alloc", "map", "bind", "topo", "env"] as const;
export type Display = (typeof displays)[number];

export interface PlacementFlags {
  mapBy?: string;
  rankBy?: string;
  ppn?: string;
  bindTo?: string;
  cpuList?: string;
  cpusPerRank?: string;
  useHwthreadCpus?: boolean;
  reportBindings?: boolean;
  exclude?: string[];
  nolocal?: boolean;
  dryRun?: boolean;
  display?: string[];
}

/** Second names of these options, as other launchers spell them. */
export const placementAliases: Readonly<Record<string, string>> = {
  "-ppn": "--ppn",
  "--npernode": "--ppn",
  "--ntasks-per-node": "--ppn",
  "-map-by": "--map-by",
  "-bind-to": "--bind-to",
  "--cpu-set": "--cpu-list",
  "--cpus-per-proc": "--cpus-per-rank",
  "--cpus-per-task": "--cpus-per-rank",
  "--do-not-launch": "--dry-run",
};

/** Adds the options to the command. */
export function definePlacement(command: Command): Command {
  const collect = (value: string, earlier: string[] = []) => [...earlier, value];
  return command
    .addOption(new Option("--map-by <policy>"))
    .addOption(new Option("--rank-by <policy>"))
    .addOption(new Option("-N, --ppn <count>"))
    .addOption(new Option("--bind-to <what>"))
    .addOption(new Option("--cpu-list <cpus>"))
    .addOption(new Option("--cpus-per-rank <count>"))
    .addOption(new Option("--use-hwthread-cpus"))
    .addOption(new Option("--report-bindings"))
    .addOption(new Option("--exclude <hosts>").argParser(collect))
    .addOption(new Option("--nolocal"))
    .addOption(new Option("--dry-run"))
    .addOption(new Option("--display <what>").argParser(collect));
}

/**
 * Reads the options. Local, pure.
 *
 * @throws {UsageError} For a wrong value, with the known ones.
 */
export function readPlacement(flags: PlacementFlags): PlacementOptions {
  const dryRun = flags.dryRun ?? false;
  const display = (flags.display ?? []).flatMap(parseDisplay);
  if (flags.reportBindings) display.push("bind");
  if (dryRun && display.length === 0) display.push("map");
  return {
    map: mapPolicy(flags),
    rankBy: flags.rankBy === undefined ? undefined : parseRankBy(flags.rankBy),
    bind: {
      to: flags.bindTo === undefined ? undefined : parseBindTo(flags.bindTo),
      cpuList: flags.cpuList === undefined ? undefined : parseCpuItems(flags.cpuList),
      hwthreads: flags.useHwthreadCpus ?? false,
    },
    exclude: flags.exclude ?? [],
    nolocal: flags.nolocal ?? false,
    dryRun,
    display: displays.filter((what) => display.includes(what)),
  };
}

function mapPolicy({ mapBy, ppn, cpusPerRank }: PlacementFlags): MapPolicy {
  const policy = parseMapBy(mapBy ?? "slot");
  const pe = cpusPerRank === undefined ? undefined : positive("--cpus-per-rank", cpusPerRank);
  if (pe !== undefined && policy.cpusPerRank !== undefined && pe !== policy.cpusPerRank)
    throw new UsageError(`--map-by ${mapBy} and --cpus-per-rank ${pe} differ; keep one of them`);
  if (ppn !== undefined && policy.per !== undefined)
    throw new UsageError(`--map-by ${mapBy} and --ppn ${ppn} both say how many ranks; keep one of them`);
  const per = ppn === undefined ? policy.per : { count: positive("--ppn", ppn), level: "node" as const };
  return { ...policy, per, cpusPerRank: policy.cpusPerRank ?? pe };
}

function parseDisplay(text: string): Display[] {
  return text.split(",").map((word) => {
    const known = displays.find((what) => what === word);
    if (known !== undefined) return known;
    throw new UsageError(
      `--display ${text}: "${word}" is not known; did you mean ${closest(word, displays)}? Known are ${displays.join(", ")}`,
    );
  });
}

/**
 * Reads a number above 0. Local, pure.
 *
 * @throws {UsageError} If it is none.
 */
export function positive(name: string, text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`${name} ${text}: not a positive integer`);
}
