/** How much work to spend; `--quick` spends less. */
export interface Effort {
  /** Times that every side runs, in turn. */
  readonly rounds: number;
  /** In a run: batches to take the median of, and the least time of one. */
  readonly batches: number;
  readonly batchMs: number;
  /** Of the solver. */
  readonly iterations: number;
}

export interface Benchmark {
  readonly name: string;
  readonly title: string;
  /** File in programs/ and in peers/, without its extension; default: the name. */
  readonly program?: string;
  readonly ranks: readonly number[];
  /** Arguments of the program. */
  readonly args: (effort: Effort) => readonly number[];
  /** Measures the whole command, from outside, instead of what the program reports. */
  readonly wholeCommand?: boolean;
  /** Said below the table. */
  readonly note?: string;
}

export const full: Effort = { rounds: 5, batches: 11, batchMs: 40, iterations: 20 };
export const quick: Effort = { rounds: 1, batches: 3, batchMs: 10, iterations: 3 };

const KiB = 1024;
const MiB = 1024 * KiB;
const batches = ({ batchMs, batches }: Effort) => [batchMs, batches];

export const benchmarks: readonly Benchmark[] = [
  {
    name: "ping-pong",
    title: "Ping-pong: half a round trip between two ranks",
    ranks: [2],
    args: (effort) => [...batches(effort), 8, KiB, 64 * KiB, MiB],
  },
  {
    name: "allreduce",
    title: "Allreduce: sum of 1 and of 131 072 doubles",
    ranks: [2, 4, 16],
    args: (effort) => [...batches(effort), 8, MiB],
  },
  { name: "barrier", title: "Barrier", ranks: [2, 4, 16], args: batches },
  {
    name: "start-up",
    title: "Start-up: the whole command of a program that says hello",
    program: "hello",
    ranks: [16],
    args: () => [],
    wholeCommand: true,
    note: "The Python program imports numpy and mpi4py.",
  },
  {
    name: "poststack",
    title: "Post-stack inversion: one CGLS iteration with 20 × 267 × 550 unknowns, and peak memory of a rank",
    ranks: [1, 2],
    args: ({ iterations }) => [iterations],
    note: `The peer is a stand-in for PyLops-MPI, written for this benchmark: numpy, scipy's fftconvolve as PyLops uses it,
and two mpi4py reductions an iteration. It is leaner than PyLops-MPI itself.
Measured elsewhere, on a 2-core machine, not in this run: PyLops-MPI 0.7 took 396-450 ms per iteration on one rank and
192-212 ms on two, with 653 and 448 MiB a rank; serial PyLops 246 ms; Dask 141 ms on two threads.`,
  },
];
