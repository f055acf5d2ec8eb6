import type { Knobs } from "../src/knobs.js";
import { UsageError } from "./errors.js";
import type { Flags } from "./knobs.js";
import { given, oneOf, positive } from "./option-values.js";
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

export const placementKnobs = {
  "map-by": {
    value: "POLICY",
    default: "slot",
    aliases: ["-map-by"],
    help: "how ranks are given to hosts; see --help mapping",
  },
  "rank-by": { value: "slot|node", help: "how they are numbered; see --help mapping" },
  ppn: {
    value: "N",
    short: "-N",
    aliases: ["-ppn", "--npernode", "--ntasks-per-node"],
    help: "ranks on each host",
  },
  "bind-to": {
    value: "WHAT",
    aliases: ["-bind-to"],
    help: "CPUs on which ranks run; see --help binding",
  },
  "cpu-list": { value: "0-7,16", aliases: ["--cpu-set"], help: "use these CPUs of each host only" },
  "cpus-per-rank": {
    value: "N",
    aliases: ["--cpus-per-proc", "--cpus-per-task"],
    help: "N cores for each rank, for programs with worker threads",
  },
  "use-hwthread-cpus": { help: "hardware threads count as CPUs, not cores" },
  "report-bindings": { help: "say on which CPUs each rank runs" },
  exclude: { value: "LIST", many: true, help: "hosts that are not used" },
  nolocal: { help: "this host is not used" },
  "dry-run": { aliases: ["--do-not-launch"], help: "show where ranks would run, and start nothing" },
  display: { value: "LIST", many: true, help: "show alloc,map,bind,topo,env before the job starts" },
} as const satisfies Knobs;

type PlacementFlags = Flags<typeof placementKnobs>;

/**
 * Reads the options. Local, pure.
 *
 * @throws {UsageError} For a wrong value, with the known ones.
 */
export function readPlacement(flags: PlacementFlags): PlacementOptions {
  const dryRun = flags["dry-run"] ?? false;
  const display = (flags.display ?? []).flatMap(parseDisplay);
  if (flags["report-bindings"]) display.push("bind");
  if (dryRun && display.length === 0) display.push("map");
  return {
    map: mapPolicy(flags),
    rankBy: given(flags["rank-by"], parseRankBy),
    bind: {
      to: given(flags["bind-to"], parseBindTo),
      cpuList: given(flags["cpu-list"], parseCpuItems),
      hwthreads: flags["use-hwthread-cpus"] ?? false,
    },
    exclude: flags.exclude ?? [],
    nolocal: flags.nolocal ?? false,
    dryRun,
    display: displays.filter((what) => display.includes(what)),
  };
}

function mapPolicy(flags: PlacementFlags): MapPolicy {
  const { "map-by": mapBy, ppn, "cpus-per-rank": cpusPerRank } = flags;
  const policy = parseMapBy(mapBy ?? "slot");
  const pe = given(cpusPerRank, (text) => positive("--cpus-per-rank", text));
  if (pe !== undefined && policy.cpusPerRank !== undefined && pe !== policy.cpusPerRank)
    throw new UsageError(`--map-by ${mapBy} and --cpus-per-rank ${pe} differ; keep one of them`);
  if (ppn !== undefined && policy.per !== undefined)
    throw new UsageError(`--map-by ${mapBy} and --ppn ${ppn} both say how many ranks; keep one of them`);
  const per = ppn === undefined ? policy.per : { count: positive("--ppn", ppn), level: "node" as const };
  return { ...policy, per, cpusPerRank: policy.cpusPerRank ?? pe };
}

function parseDisplay(text: string): Display[] {
  return text.split(",").map((word) => oneOf("--display", word, displays));
}
