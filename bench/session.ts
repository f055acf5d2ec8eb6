import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { shellWord } from "../src/shell-word.js";
import { endAll } from "./command.js";
import type { Effort } from "./effort.js";
import { commandOf, measure, type Failure, type Row } from "./measure.js";
import { planOf, type Section } from "./plan.js";
import { findPeers, type Peer } from "./peers.js";
import type { Launch, Side } from "./sides.js";
import { table } from "./table.js";

export interface Settings {
  readonly own: readonly Side[];
  readonly peers: readonly Peer[];
  readonly launch?: Launch;
  readonly effort: Effort;
  readonly json?: string;
  readonly plot?: string;
  readonly dryRun?: boolean;
}

/** Everything that was measured: what `--json` writes. */
export interface Report {
  readonly date: string;
  readonly processor: string;
  readonly node: string;
  readonly effort: Effort;
  readonly sides: readonly { readonly name: string; readonly about: string }[];
  readonly missing: readonly string[];
  readonly tables: readonly {
    readonly name: string;
    readonly title: string;
    readonly rows: readonly Row[];
  }[];
  readonly failures: readonly Failure[];
}

/**
 * Measures all sections, and prints a table for each number of ranks as soon as it is there.
 *
 * @returns The exit code: 1 if tsmpi failed, or anybody's results were wrong; a peer that fails is only mentioned.
 */
export async function runSections(sections: readonly Section[], settings: Settings): Promise<number> {
  const plans = sections.map((section) => ({ ...section, ...planOf(section) })); // complains before anything runs
  return withFolder(async (folder) => {
    const { own, effort, dryRun = false } = settings;
    const { sides: others, missing } = findPeers(settings.peers, folder, settings.launch);
    const sides = [...own, ...others];
    introduce(sides, missing, effort);
    const report = { ...describe(sides, missing, effort), tables: [] as Report["tables"][number][] };
    const failures: Failure[] = [];
    const jobs = plans.flatMap((plan) => plan.jobs);
    for (const { notes } of plans) for (const note of notes) console.log(`# ${note}`);
    for (const job of jobs) {
      const { benchmark } = job;
      if (dryRun) {
        for (const side of sides) {
          if (side.command(benchmark, job.ranks))
            console.log(commandOf(job, side, effort).map(shellWord).join(" "));
        }
        continue;
      }
      const { rows, failures: failed } = await measure(job, sides, effort);
      const shown = rows.filter(({ cells }) => cells.some((cell) => cell));
      const names = sides.map(({ name }) => name);
      console.log(`\n${table(benchmark, shown, names)}`);
      if (benchmark.note !== undefined) console.log(`# ${benchmark.note.replaceAll("\n", "\n# ")}`);
      for (const failure of failed) console.log(explain(failure));
      failures.push(...failed);
      report.tables.push({ name: benchmark.name, title: benchmark.title, rows: shown });
    }
    if (dryRun) return 0;
    await save({ ...report, failures }, settings);
    return verdict({ ...report, failures }, settings);
  });
}

/** Runs an action with a temporary folder that is gone afterwards, also after Ctrl-C; the exit code is 128 + n then. */
export async function withFolder(action: (folder: string) => Promise<number>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "tsmpi-bench-"));
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  const names = Object.keys(signals) as (keyof typeof signals)[];
  let interrupted: number | undefined;
  const interrupt = (name: keyof typeof signals) => {
    interrupted ??= signals[name];
    endAll();
  };
  for (const name of names) process.on(name, interrupt);
  try {
    const code = await action(folder);
    return interrupted ?? code;
  } catch (error) {
    if (interrupted === undefined) throw error;
    return interrupted;
  } finally {
    await rm(folder, { recursive: true, force: true });
    // Who presses Ctrl-C twice changes nothing: the process is about to end.
    if (interrupted === undefined) for (const name of names) process.off(name, interrupt);
  }
}

export function introduce(sides: readonly Side[], missing: readonly string[], effort: Effort): void {
  const { rounds, batches } = effort;
  console.log(
    `# ${processor()}; median of ${rounds} × ${batches} batches${rounds > 1 ? ", taking turns" : ""}`,
  );
  for (const { about } of sides) console.log(`# ${about}`);
  for (const peer of missing) console.log(`# not found: ${peer}`);
  if (sides.length > 1)
    console.log(
      `# ratio: time of ${sides[0].name} over that of the other; below 1, ${sides[0].name} is faster`,
    );
}

export function describe(sides: readonly Side[], missing: readonly string[], effort: Effort) {
  const named = sides.map(({ name, about }) => ({ name, about }));
  const date = new Date().toISOString();
  return { date, processor: processor(), node: process.version, effort, sides: named, missing };
}

async function save(report: Report, { json, plot }: Settings): Promise<void> {
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, undefined, 1)}\n`);
  if (plot !== undefined) await (await import("./plot.js")).plotReport(plot, report);
}

function verdict({ tables, failures }: Report, { own }: Settings): number {
  const names = own.map(({ name }) => name);
  let code = failures.some(({ side }) => names.includes(side)) ? 1 : 0;
  const rows = tables.flatMap((each) => each.rows);
  for (const { benchmark, ranks, bytes, cells } of rows) {
    const errors = cells.reduce((sum, cell) => sum + (cell?.errors ?? 0), 0);
    if (errors > 0) {
      console.log(`# WRONG RESULTS: ${benchmark}, ${ranks} ranks, ${bytes} bytes: ${errors} elements`);
      code = 1;
    }
  }
  const disagreement = residualsDiffer(rows);
  if (disagreement !== undefined) console.log(disagreement);
  return disagreement === undefined ? code : 1;
}

/** As a comment of as many lines as it takes. */
export function explain({ side, ranks, message }: Failure): string {
  return `# ${side}, ${ranks} ranks, ${message}`.replaceAll("\n", "\n#   ");
}

/** Sides that end at different residuals have not solved the same problem. */
function residualsDiffer(rows: readonly Row[]): string | undefined {
  const residuals = rows.flatMap(({ cells }) => cells.flatMap((cell) => cell?.residual ?? []));
  if (residuals.length === 0 || Math.max(...residuals) <= Math.min(...residuals) * (1 + 1e-6))
    return undefined;
  return `# These times do not compare: residuals differ, ${residuals.join(", ")}`;
}

function processor(): string {
  return `${availableParallelism()} × ${cpus()[0]?.model ?? process.arch}`;
}
