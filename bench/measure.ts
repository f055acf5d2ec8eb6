import { spawn } from "node:child_process";
import type { Benchmark, Effort } from "./benchmarks.js";
import type { Result } from "./programs/timing.js";
import type { Side } from "./sides.js";

/** One row of a table: what every side took for the same thing. */
export interface Row {
  readonly ranks: number;
  readonly bytes: number;
  /** In the order of the sides; undefined where a side has no such program, or failed. */
  readonly cells: readonly (Cell | undefined)[];
}

export interface Cell {
  /** Medians over rounds. */
  readonly seconds: number;
  readonly peakBytes: number | undefined;
  readonly residual: number | undefined;
  /** Time of the first side over that of this one: median over rounds, each of which ran both. */
  readonly ratio: number;
  /** Of every round. */
  readonly samples: readonly number[];
}

const TIMEOUT_MS = 600_000;
/** Peers compute on one core a rank, as tsmpi does. */
const environment = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };

/** Runs all sides in turn, A B A B, so that whatever slows the machine down slows all of them. */
export async function measure(
  benchmark: Benchmark,
  ranks: number,
  sides: readonly Side[],
  effort: Effort,
): Promise<Row[]> {
  const runs: Result[][][] = sides.map(() => []); // by side and round
  const failed = new Set<Side>();
  for (let round = 0; round < effort.rounds; round++) {
    for (const [i, side] of sides.entries()) {
      if (failed.has(side)) continue;
      try {
        runs[i].push(await run(benchmark, ranks, side, effort));
      } catch (error) {
        failed.add(side);
        console.error(`${benchmark.name}, ${side.name}: ${error instanceof Error ? error.message : error}`);
        process.exitCode = 1;
      }
    }
  }
  const sizes = new Set(runs.flat(2).map(({ bytes }) => bytes));
  return [...sizes].map((bytes) => {
    const bySide = runs.map((rounds) =>
      rounds.flatMap((results) => results.filter((r) => r.bytes === bytes)),
    );
    return { ranks, bytes, cells: bySide.map((results) => cellOf(results, bySide[0])) };
  });
}

function cellOf(results: readonly Result[], first: readonly Result[]): Cell | undefined {
  if (results.length === 0) return undefined;
  const samples = results.map(({ seconds }) => seconds);
  const peaks = results.flatMap(({ peakBytes }) => peakBytes ?? []);
  const rounds = Math.min(results.length, first.length);
  return {
    seconds: median(samples),
    peakBytes: peaks.length > 0 ? median(peaks) : undefined,
    residual: results[0].residual,
    ratio: median(samples.slice(0, rounds).map((seconds, round) => first[round].seconds / seconds)),
    samples,
  };
}

async function run(benchmark: Benchmark, ranks: number, side: Side, effort: Effort): Promise<Result[]> {
  const command = side.command(benchmark.program ?? benchmark.name, ranks);
  if (!command) return [];
  const start = performance.now();
  const text = await stdoutOf([...command, ...benchmark.args(effort).map(String)]);
  const seconds = (performance.now() - start) / 1000;
  if (benchmark.wholeCommand) return [{ bytes: 0, seconds }];
  return text.split("\n").flatMap((line) => (line.startsWith("{") ? (JSON.parse(line) as Result) : []));
}

function stdoutOf([file, ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: environment,
      timeout: TIMEOUT_MS,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(stdout);
      const command = [file, ...args].join(" ");
      reject(new Error(`${command}: ended with ${signal ?? `exit code ${code}`}\n${stderr.trim()}`));
    });
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle - 1)] + sorted[Math.floor(middle)]) / 2;
}
