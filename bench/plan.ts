import { totalmem } from "node:os";
import type { Benchmark } from "./catalogue.js";
import type { Job } from "./measure.js";
import { formatBytes } from "../src/bytes.js";

/** A benchmark at some sizes on some numbers of ranks. */
export interface Section {
  readonly benchmark: Benchmark;
  /** Default: those of the benchmark. */
  readonly ranks?: readonly number[];
  readonly sizes?: readonly number[];
}

export interface Plan {
  readonly jobs: readonly Job[];
  /** What is left out, and why. */
  readonly notes: readonly string[];
}

const SHARE_OF_MEMORY = 1 / 4;

/**
 * What has to be run for a section: sizes are rounded to what can be summed, and those that need more memory than there
 * is are left out.
 *
 * @throws {RangeError} For ranks on which the benchmark cannot run.
 */
export function planOf(section: Section, memory = totalmem() * SHARE_OF_MEMORY): Plan {
  const { benchmark } = section;
  const notes: string[] = [];
  const jobs = (section.ranks ?? benchmark.ranks).map((ranks): Job => {
    checkRanks(benchmark, ranks);
    return { ranks, benchmark, sizes: sizesOf(section, ranks, memory, notes) };
  });
  return { jobs: jobs.filter(({ sizes }) => sizes.length > 0), notes };
}

function checkRanks({ name, fits }: Benchmark, ranks: number): void {
  if (fits === "two" && ranks !== 2) {
    const other = name === "latency" ? "; use multi_lat" : name === "bw" ? "; use mbw_mr" : "";
    throw new RangeError(`${name} takes 2 ranks, not ${ranks}${other}`);
  }
  if (fits === "even" && ranks % 2 !== 0)
    throw new RangeError(`${name} takes pairs of ranks, not ${ranks}; use ${ranks + 1}`);
}

function sizesOf({ benchmark, sizes }: Section, ranks: number, memory: number, notes: string[]): number[] {
  if (benchmark.sizes === undefined) return [0];
  const { name, multiple = 1, memory: needed = (bytes) => bytes } = benchmark;
  const wanted = sizes ?? benchmark.sizes;
  const usable = [
    ...new Set(wanted.map((bytes) => Math.max(multiple > 1 ? multiple : 0, bytes - (bytes % multiple)))),
  ];
  if (multiple > 1 && wanted.some((bytes) => bytes % multiple !== 0))
    notes.push(`${name}: sizes are rounded to a multiple of ${multiple} bytes, and at least that`);
  const kept = usable.filter((bytes) => ranks * needed(bytes, ranks) <= memory);
  if (kept.length < usable.length) {
    const [least] = usable.filter((bytes) => !kept.includes(bytes));
    const amount = formatBytes(ranks * needed(least, ranks));
    notes.push(
      `${name}, ${ranks} ranks: sizes from ${formatBytes(least)} are left out; they need ${amount} of memory`,
    );
  }
  return kept;
}
