import type { Benchmark } from "./catalogue.js";
import { run } from "./command.js";
import { programArguments, type Effort } from "./effort.js";
import type { Result } from "./programs/harness.js";
import type { Side } from "./sides.js";

/**
 * A benchmark that one program runs on so many ranks, and no other with it: where code is compiled as it runs, what was
 * measured before would change what is measured after.
 */
export interface Job {
  readonly ranks: number;
  readonly benchmark: Benchmark;
  /** Of messages, in bytes; `[0]` if they have none. */
  readonly sizes: readonly number[];
}

/** One row of a table: what every side took for the same thing. */
export interface Row {
  readonly benchmark: string;
  readonly ranks: number;
  readonly bytes: number;
  /** In the order of the sides; undefined where a side has no such program, or failed. */
  readonly cells: readonly (Cell | undefined)[];
}

export interface Cell {
  /** Median over rounds of the medians over batches. */
  readonly seconds: number;
  /** Over all batches of all rounds. */
  readonly min: number;
  readonly max: number;
  /** Time of the first side over that of this one: median over rounds, each of which ran both. */
  readonly ratio: number;
  /** Of every round. */
  readonly samples: readonly number[];
  /** Elements that were found wrong, over all rounds. */
  readonly errors: number;
  /** Of a nonblocking operation; medians over rounds. */
  readonly pureSeconds?: number;
  readonly computeSeconds?: number;
  readonly peakBytes?: number;
  readonly residual?: number;
}

export interface Failure {
  readonly side: string;
  readonly ranks: number;
  readonly message: string;
}

export interface Measurement {
  readonly rows: readonly Row[];
  readonly failures: readonly Failure[];
}

/**
 * Runs all sides in turn, A B A B, so that whatever slows the machine down slows all of them. What a side has measured
 * before it fails or is stopped counts; it does not get another turn.
 */
export async function measure(job: Job, sides: readonly Side[], effort: Effort): Promise<Measurement> {
  const { ranks, benchmark, sizes } = job;
  const results: Result[][][] = sides.map(() => []); // by side and round
  const failures = new Map<Side, Failure>();
  for (let round = 0; round < effort.rounds && !isEnough(job, results, effort); round++) {
    for (const [i, side] of sides.entries()) {
      if (failures.has(side) || side.command(benchmark, ranks) === undefined) continue;
      const turn = await runOnce(job, side, effort);
      results[i].push(turn.results);
      if (turn.failure !== undefined)
        failures.set(side, { side: side.name, ranks, message: `${benchmark.name}: ${turn.failure}` });
    }
  }
  const rows = sizes.map((size): Row => {
    const bySide = resultsOf(job, results, size);
    const bytes = bySide.flat().find((result) => result)?.bytes ?? size;
    return { benchmark: benchmark.name, ranks, bytes, cells: bySide.map((r) => cellOf(r, bySide[0])) };
  });
  return { rows, failures: [...failures.values()] };
}

type Rounds = readonly (Result | undefined)[];

/** What every side has found in every round for this size. */
function resultsOf({ benchmark }: Job, results: readonly Result[][][], size: number): Rounds[] {
  const fits = ({ bytes }: Result) => benchmark.sizes === undefined || bytes === size;
  return results.map((rounds) => rounds.map((found) => found.find(fits)));
}

/** Whether there are two rounds or more, and all say nearly the same: the ratios of the first side to all others, at all sizes. */
function isEnough(job: Job, results: readonly Result[][][], { enoughWithin }: Effort): boolean {
  if (enoughWithin === 0 || results[0].length < 2) return false;
  return job.sizes.every((size) => {
    const [first, ...others] = resultsOf(job, results, size);
    return others.every((rounds) => {
      const ratios = ratiosOf(first, rounds);
      return Math.max(...ratios) <= Math.min(...ratios) * (1 + enoughWithin); // also if that side has no such program
    });
  });
}

/** Time of the first side over that of another one, in every round that ran both. */
function ratiosOf(first: Rounds, other: Rounds): number[] {
  return other.flatMap((result, round) => {
    const ours = first[round];
    return result && ours ? [ours.seconds / result.seconds] : [];
  });
}

/** One turn of one side. */
async function runOnce(job: Job, side: Side, effort: Effort) {
  const { stdout, seconds, startedAt, failure } = await run(commandOf(job, side, effort), effort.timeoutMs);
  const lines = stdout.split("\n").filter((line) => /^\{.*\}$/.test(line));
  const results = lines.map((line): Result => {
    const result = JSON.parse(line) as Result;
    if (result.readyAt === undefined) return result;
    const isWhole = job.benchmark.metric === "command";
    return { ...result, seconds: isWhole ? seconds : (result.readyAt - startedAt) / 1000 };
  });
  return { results, failure };
}

/** What is started for a job that this side has a program for. */
export function commandOf({ ranks, benchmark, sizes }: Job, side: Side, effort: Effort): string[] {
  const start = side.command(benchmark, ranks) ?? [];
  if (benchmark.program === "poststack") return [...start, `${effort.iterations}`];
  const what = `${benchmark.argument ?? benchmark.name}:${sizes.join(",")}`;
  return [...start, ...programArguments(effort, ranks), what];
}

function cellOf(rounds: Rounds, first: Rounds): Cell | undefined {
  const results = rounds.filter((result) => result !== undefined);
  if (results.length === 0) return undefined;
  const samples = results.map(({ seconds }) => seconds);
  return {
    seconds: median(samples),
    min: Math.min(...results.map(({ min, seconds }) => min ?? seconds)),
    max: Math.max(...results.map(({ max, seconds }) => max ?? seconds)),
    ratio: median(ratiosOf(first, rounds)),
    samples,
    errors: results.reduce((sum, { errors = 0 }) => sum + errors, 0),
    pureSeconds: medianOf(results, "pureSeconds"),
    computeSeconds: medianOf(results, "computeSeconds"),
    peakBytes: medianOf(results, "peakBytes"),
    residual: results[0].residual,
  };
}

function medianOf(results: readonly Result[], key: "pureSeconds" | "computeSeconds" | "peakBytes") {
  const values = results.flatMap((result) => result[key] ?? []);
  return values.length > 0 ? median(values) : undefined;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle - 1)] + sorted[Math.floor(middle)]) / 2;
}
