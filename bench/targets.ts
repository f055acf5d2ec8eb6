import { writeFile } from "node:fs/promises";
import type { Effort } from "./effort.js";
import { measure, type Failure, type Job, type Row } from "./measure.js";
import { findPeers, type Peer } from "./peers.js";
import { describe, explain, introduce, withFolder } from "./session.js";
import { tsmpi, type Launch, type Side } from "./sides.js";
import { formatBytes } from "../src/bytes.js";
import { judge, type Stage, type StageName, type Target, type Verdict } from "./suites/targets.js";

export interface TargetSettings {
  readonly stages: Readonly<Partial<Record<StageName, Stage>>>;
  readonly effort: Effort;
  readonly launch: Launch;
  /** The launch leads to several hosts; else the network is this host's loopback. */
  readonly severalHosts: boolean;
  readonly json?: string;
}

/**
 * Measures the targets, and says of each whether it is met as soon as that is known. Exit code 1 if tsmpi failed or its
 * results were wrong.
 */
export async function runTargets(settings: TargetSettings): Promise<number> {
  return withFolder(async (folder) => {
    const { effort, json } = settings;
    const started = performance.now();
    const report: StageReport[] = [];
    for (const [name, stage] of Object.entries(settings.stages) as [StageName, Stage][]) {
      const { own, sides, missing } = sidesOf(name, settings, folder);
      console.log(`\n## ${stage.title}${name === "network" ? where(settings) : ""}`);
      introduce(sides, missing, effort);
      console.log(line(HEADING));
      const names = sides.map((side) => side.name);
      const found: StageReport = {
        stage: name,
        ...describe(sides, missing, effort),
        own: own.length,
        ...NOTHING,
      };
      report.push(found);
      for (const job of stage.jobs) {
        const targets = stage.targets.filter((target) => isOf(job, target));
        const { rows, failures } = await measure(job, sides.map((side) => holding(side, own, targets)), effort); // prettier-ignore
        const verdicts = judge(targets, rows, names);
        for (const verdict of verdicts) console.log(targetLine(verdict));
        for (const failure of failures) console.log(explain(failure));
        found.rows = [...found.rows, ...rows];
        found.failures = [...found.failures, ...failures];
        found.verdicts = [...found.verdicts, ...verdicts];
        if (json !== undefined) await writeFile(json, `${JSON.stringify(report, undefined, 1)}\n`); // it may be stopped
      }
    }
    return sumUp(report, (performance.now() - started) / 1000);
  });
}

const NOTHING = { rows: [], failures: [], verdicts: [] } as const;

interface StageReport extends ReturnType<typeof describe> {
  readonly stage: StageName;
  /** So many of the sides are tsmpi. */
  readonly own: number;
  rows: readonly Row[];
  failures: readonly Failure[];
  verdicts: readonly Verdict[];
}

/** @returns The exit code. */
function sumUp(report: readonly StageReport[], seconds: number): number {
  const verdicts = report.flatMap((stage) => stage.verdicts);
  const met = verdicts.filter((verdict) => verdict.met).length;
  const missed = verdicts.filter((verdict) => !verdict.met && verdict.value !== undefined).length;
  const counts = `${met} met, ${missed} missed, ${verdicts.length - met - missed} not measured`;
  console.log(`\n${counts}, in ${seconds.toFixed(0)} s`);
  const cells = report.flatMap(({ rows }) => rows.flatMap((row) => row.cells));
  const wrong = cells.reduce((sum, cell) => sum + (cell?.errors ?? 0), 0);
  if (wrong > 0) console.log(`WRONG RESULTS: ${wrong} elements`);
  const isBroken = report.some(({ sides, own, failures }) =>
    failures.some(({ side }) => sides.slice(0, own).some(({ name }) => name === side)),
  );
  return wrong > 0 || isBroken ? 1 : 0;
}

function isOf({ benchmark, ranks, sizes }: Job, target: Target): boolean {
  return target.benchmark === benchmark.name && target.ranks === ranks && sizes.includes(target.bytes);
}

/** A side as it is, or without programs if no target of a job is held against it. */
function holding(side: Side, own: readonly Side[], targets: readonly Target[]): Side {
  const isNeeded = own.includes(side) || targets.some(({ against }) => against === side.name);
  return isNeeded ? side : { ...side, command: () => undefined };
}

interface Sides {
  readonly own: readonly Side[];
  readonly sides: readonly Side[];
  readonly missing: readonly string[];
}

function sidesOf(name: StageName, settings: TargetSettings, folder: string): Sides {
  if (name === "network") return overNetwork(settings, folder);
  const peers: readonly Peer[] = name === "mpi" ? ["mpi4py"] : ["openmpi", "mpi4py"];
  const found = findPeers(peers, folder);
  const own = name === "mpi" ? [tsmpi("mpi:openmpi")] : [tsmpi("auto")];
  return { own, sides: [...own, ...found.sides], missing: found.missing };
}

/** Without hosts, tsmpirun plays two of them, and Open MPI is confined to TCP over the loopback device. */
function overNetwork({ launch, severalHosts }: TargetSettings, folder: string): Sides {
  const { tsmpirun = [], mpirun = [] } = launch;
  const ours = severalHosts ? tsmpirun : ["--launcher", "fork", "--host", "a:1,b:1", ...tsmpirun];
  const theirs = severalHosts ? mpirun : ["--mca", "btl", "tcp,self", "--mca", "pml", "ob1", ...mpirun];
  const own = [
    tsmpi("auto", { tsmpirun: ours }, "tsmpi encrypted"),
    tsmpi("auto", { tsmpirun: [...ours, "--no-encrypt"] }, "tsmpi plain"),
  ];
  const { sides, missing } = findPeers(["openmpi"], folder, { mpirun: theirs });
  return { own, sides: [...own, ...sides], missing };
}

function where({ severalHosts }: TargetSettings): string {
  return severalHosts
    ? ""
    : "\n# through the loopback device of this host, since no hosts were given (-H node1:1,node2:1)";
}

const HEADING = ["#", "ranks", "bytes", "tsmpi", "peer", "", "", "goal", ""];
/** Of the columns; below 0, texts stand at the left. Fixed, since lines are printed one by one. */
const WIDTHS = [-19, 5, 7, 7, 16, 5, 6, 6, -1];

/** What is said of a target. */
export function targetLine({ target, ours, theirs, value, met }: Verdict): string {
  const { benchmark, ranks, bytes, own, against = "", goal, limit } = target;
  const unit = goal === "µs" ? "µs" : goal === "time" ? "×" : "× rate";
  return line([
    own === undefined ? benchmark : `${benchmark}, ${own}`,
    `${ranks}`,
    bytes > 0 ? formatBytes(bytes) : "",
    time(ours),
    against === "" ? "" : `${against} ${time(theirs)}`,
    value === undefined ? "–" : value.toPrecision(3),
    unit,
    `${goal === "rate" ? "≥" : "≤"} ${limit}`,
    value === undefined ? "not measured" : met ? "met" : "MISSED",
  ]);
}

function line(texts: readonly string[]): string {
  const padded = texts.map((text, i) => (WIDTHS[i] < 0 ? text.padEnd(-WIDTHS[i]) : text.padStart(WIDTHS[i])));
  return padded.join("  ").trimEnd();
}

function time(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  return seconds < 1e-3 ? `${(seconds * 1e6).toPrecision(3)} µs` : `${(seconds * 1e3).toPrecision(3)} ms`;
}
