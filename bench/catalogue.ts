import { nearest } from "../src/nearest.js";
import { geometric } from "./sizes.js";

const MiB = 2 ** 20;

/** What the figures of a benchmark are. */
export type Metric = "latency" | "bandwidth" | "overlap" | "ready" | "command" | "solver";

export interface Benchmark {
  /** As OSU spells it. */
  readonly name: string;
  /** Other spellings; case, `-`, `_` and a leading `osu_` or `IMB-` do not count. */
  readonly aliases?: readonly string[];
  readonly title: string;
  readonly metric: Metric;
  /** Ranks if nothing else is said, and which numbers of ranks it can run on. */
  readonly ranks: readonly number[];
  readonly fits?: "two" | "even";
  /** None if messages have no size. */
  readonly sizes?: readonly number[];
  /** Sizes are rounded down to a multiple of so many bytes: sums are of doubles. */
  readonly multiple?: number;
  /** Bytes that a rank allocates. */
  readonly memory?: (bytes: number, ranks: number) => number;
  /** Program in programs/ and peers/. */
  readonly program: "communication" | "poststack";
  /** What it is called on the command line of that program, if not by its name. */
  readonly argument?: string;
  readonly note?: string;
}

const upTo = (last: number, first = 1) => [...geometric(first, last, 4)];
const pairwise = { sizes: upTo(64 * MiB), memory: (bytes: number) => 2 * bytes };
const blocks = {
  sizes: upTo(64 * MiB),
  memory: (bytes: number, ranks: number) => (ranks + 1) * bytes,
};
const sums = { sizes: upTo(64 * MiB, 16), multiple: 8, memory: (bytes: number) => 3 * bytes };
const ofRanks = { metric: "latency", ranks: [2, 4], program: "communication" } as const;
const ofTwo = { ranks: [2], fits: "two", program: "communication" } as const;

export const catalogue: readonly Benchmark[] = [
  {
    name: "latency",
    aliases: ["ping-pong", "PingPong", "lat"],
    title: "half a round trip between two ranks",
    metric: "latency",
    ...ofTwo,
    ...pairwise,
  },
  {
    name: "latency_objects",
    aliases: ["objects", "pickle"],
    title: "half a round trip of an object with a text of that size; mpi4py pickles it",
    metric: "latency",
    ...ofTwo,
    sizes: upTo(MiB),
    memory: (bytes) => 6 * bytes,
  },
  {
    name: "bw",
    aliases: ["bandwidth", "Uniband"],
    title: "windows of 64 messages one way, each window acknowledged",
    metric: "bandwidth",
    ...ofTwo,
    ...pairwise,
  },
  {
    name: "bibw",
    aliases: ["Biband"],
    title: "windows of 64 messages both ways at once, the bytes of both counted",
    metric: "bandwidth",
    ...ofTwo,
    ...pairwise,
  },
  {
    name: "mbw_mr",
    aliases: ["multi_bw"],
    title: "windows of 64 messages in n / 2 pairs at once, the bytes of all counted",
    metric: "bandwidth",
    ranks: [2, 4],
    fits: "even",
    program: "communication",
    ...pairwise,
  },
  {
    name: "multi_lat",
    aliases: ["Multi-PingPong"],
    title: "half a round trip in n / 2 pairs at once, the slowest pair",
    metric: "latency",
    ranks: [2, 4],
    fits: "even",
    program: "communication",
    ...pairwise,
  },
  { name: "allreduce", title: "sum of a vector of doubles of that size", ...ofRanks, ...sums },
  { name: "reduce", title: "sum of a vector of doubles, roots take turns", ...ofRanks, ...sums },
  {
    name: "reduce_scatter",
    title: "sum of a vector of doubles of that size, every rank gets its part",
    ...ofRanks,
    ...sums,
  },
  { name: "bcast", aliases: ["broadcast"], title: "roots take turns", ...ofRanks, ...pairwise },
  { name: "allgather", title: "that size from every rank", ...ofRanks, ...blocks },
  {
    name: "alltoall",
    title: "that size from every rank to every rank",
    ...ofRanks,
    ...blocks,
    memory: (bytes, ranks) => 2 * ranks * bytes,
  },
  { name: "gather", title: "that size from every rank, roots take turns", ...ofRanks, ...blocks },
  { name: "scatter", title: "that size to every rank, roots take turns", ...ofRanks, ...blocks },
  { name: "barrier", title: "all ranks", ...ofRanks },
  {
    name: "iallreduce",
    title: "allreduce that is started, computation as long as it takes alone, and the wait",
    metric: "overlap",
    ranks: [2, 4],
    program: "communication",
    ...sums,
    note: "overlap: 1 - (total - computation) / communication alone, from 0 to 100 %; nothing calls test() meanwhile",
  },
  {
    name: "halo",
    aliases: ["halo2d", "stencil", "Exchange2D"],
    title: "edges of that size with the four neighbours in a 2-D grid of ranks",
    ...ofRanks,
    ranks: [4],
    sizes: upTo(16 * MiB),
    memory: (bytes) => 8 * bytes,
  },
  {
    name: "init",
    aliases: ["startup", "launch"],
    title: "from the launch of the command until all ranks are ready",
    metric: "ready",
    ranks: [2, 4],
    program: "communication",
    note: "mpi4py: with the import of NumPy",
  },
  {
    name: "hello",
    aliases: ["command", "start-up"],
    title: "the whole command of a program that only starts and ends",
    metric: "command",
    ranks: [16],
    program: "communication",
    argument: "init",
    note: "mpi4py: with the import of NumPy",
  },
  {
    name: "poststack",
    title: "one CGLS iteration of a post-stack inversion with 20 × 267 × 550 unknowns",
    metric: "solver",
    ranks: [1, 2],
    program: "poststack",
    note: `The peer is a stand-in for PyLops-MPI, written for this benchmark: numpy, scipy's fftconvolve as PyLops uses it,
and two mpi4py reductions an iteration. It is leaner than PyLops-MPI itself.
Measured elsewhere, on a 2-core machine, not in this run: PyLops-MPI 0.7 took 396-450 ms per iteration on one rank and
192-212 ms on two, with 653 and 448 MiB a rank; serial PyLops 246 ms; Dask 141 ms on two threads.`,
  },
];

/**
 * The benchmark of that name, or of one of its other spellings.
 *
 * @param others - Further names that may be meant, for the suggestion.
 * @throws {RangeError} With the nearest name there is.
 */
export function findBenchmark(name: string, others: readonly string[] = []): Benchmark {
  const wanted = plain(name);
  const spellings = (benchmark: Benchmark) => [benchmark.name, ...(benchmark.aliases ?? [])].map(plain);
  const found = catalogue.find((benchmark) => spellings(benchmark).includes(wanted));
  if (found) return found;
  const names = catalogue.map((benchmark) => benchmark.name);
  const near = catalogue.flatMap((b) => spellings(b).map((spelling) => ({ spelling, name: b.name })));
  for (const other of others) near.push({ spelling: plain(other), name: other });
  const spelt = nearest(
    wanted,
    near.map(({ spelling }) => spelling),
  );
  const meant = near.find(({ spelling }) => spelling === spelt)?.name;
  const guess = meant === undefined ? "" : `; did you mean ${meant}?`;
  throw new RangeError(`no benchmark ${name}${guess}\nThere are: ${[...names, ...others].join(" ")}`);
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(osu|imb)[_-]/, "")
    .replace(/[_-]/g, "");
}
