import { writeFile } from "node:fs/promises";
import type { Effort } from "./effort.js";
import { measure, type Failure, type Row } from "./measure.js";
import { findPeers, type Peer } from "./peers.js";
import { describe, explain, introduce, withFolder } from "./session.js";
import { tsmpi, type Launch, type Side } from "./sides.js";
import { formatBytes } from "./sizes.js";
import { align } from "./table.js";
import { judge, stages, type StageName, type Verdict } from "./suites/targets.js";

export interface TargetSettings {
  readonly stages: readonly StageName[];
  readonly effort: Effort;
  readonly launch: Launch;
  /** The launch leads to several hosts; else the network is this host's loopback. */
  readonly severalHosts: boolean;
  readonly json?: string;
}

/** Measures the targets, and says of each whether it is met. Exit code 1 if tsmpi failed or its results were wrong. */
export async function runTargets(settings: TargetSettings): Promise<number> {
  return withFolder(async (folder) => {
    const { effort, json } = settings;
    const started = performance.now();
    const verdicts: Verdict[] = [];
    const report: object[] = [];
    let [wrong, broken] = [0, 0];
    for (const name of settings.stages) {
      const stage = stages[name];
      const { own, sides, missing } = sidesOf(name, settings, folder);
      console.log(`\n## ${stage.title}${name === "network" ? where(settings) : ""}`);
      introduce(sides, missing, effort);
      const rows: Row[] = [];
      const failures: Failure[] = [];
      for (const job of stage.jobs) {
        const found = await measure(job, sides, effort);
        rows.push(...found.rows);
        failures.push(...found.failures);
      }
      const judged = judge(stage, rows, sides.map((side) => side.name)); // prettier-ignore
      console.log(targetTable(judged));
      for (const failure of failures) console.log(explain(failure));
      verdicts.push(...judged);
      wrong += rows.reduce(
        (sum, { cells }) => sum + cells.reduce((n, cell) => n + (cell?.errors ?? 0), 0),
        0,
      );
      broken += failures.filter(({ side }) => own.some((each) => each.name === side)).length;
      report.push({ stage: name, ...describe(sides, missing, effort), rows, failures, verdicts: judged });
    }
    const met = verdicts.filter((verdict) => verdict.met).length;
    const missed = verdicts.filter(({ met, value }) => !met && value !== undefined).length;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `\n${met} met, ${missed} missed, ${verdicts.length - met - missed} not measured, in ${seconds} s`,
    );
    if (wrong > 0) console.log(`WRONG RESULTS: ${wrong} elements`);
    if (json !== undefined) await writeFile(json, `${JSON.stringify(report, undefined, 1)}\n`);
    return wrong > 0 || broken > 0 ? 1 : 0;
  });
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

/** A line for each target. */
export function targetTable(verdicts: readonly Verdict[]): string {
  const heading = ["#", "ranks", "bytes", "tsmpi", "peer", "", "", "goal", ""];
  const lines = verdicts.map(({ target, ours, theirs, value, met }) => {
    const { benchmark, ranks, bytes, own, against = "", goal, limit } = target;
    const unit = goal === "µs" ? "µs" : goal === "time" ? "×" : "× rate";
    return [
      own === undefined ? benchmark : `${benchmark}, ${own}`,
      `${ranks}`,
      bytes > 0 ? formatBytes(bytes) : "",
      time(ours),
      against === "" ? "" : `${against} ${time(theirs)}`,
      value === undefined ? "–" : value.toPrecision(3),
      unit,
      `${goal === "rate" ? "≥" : "≤"} ${limit}`,
      value === undefined ? "not measured" : met ? "met" : "MISSED",
    ];
  });
  return align([heading, ...lines], (column) => column === 0 || column === 8).join("\n");
}

function time(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  return seconds < 1e-3 ? `${(seconds * 1e6).toPrecision(3)} µs` : `${(seconds * 1e3).toPrecision(3)} ms`;
}
