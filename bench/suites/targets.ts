import { type Benchmark, findBenchmark } from "../catalogue.js";
import type { Effort } from "../effort.js";
import { median, type Job, type Row } from "../measure.js";
import { formatBytes } from "../../src/bytes.js";

/** The targets of the communicator: what is measured, and what it is held against. */
export interface Target {
  readonly benchmark: string;
  readonly ranks: number;
  readonly bytes: number;
  /** Side of tsmpi; default the first of the stage. */
  readonly own?: string;
  /** `time`: ours over theirs at most; `rate`: theirs over ours at least; `µs`: ours at most. */
  readonly goal: "time" | "rate" | "µs";
  readonly against?: "Open MPI" | "mpi4py";
  readonly limit: number;
}

export interface Stage {
  readonly title: string;
  readonly jobs: readonly Job[];
  readonly targets: readonly Target[];
}

/** One line of the result; without a ratio it could not be measured. */
export interface Verdict {
  readonly target: Target;
  readonly ours: number | undefined;
  readonly theirs: number | undefined;
  /** In the sense of the goal. */
  readonly value: number | undefined;
  readonly met: boolean;
}

/** Short batches, since there are many; the third round only where the first two disagree. */
export const targetEffort: Effort = {
  rounds: 3,
  enoughWithin: 0.1,
  warmUpMs: 250,
  batchMs: 20,
  batches: 9,
  budgetMs: 400,
  timeoutMs: 90_000,
  iterations: 0,
};

const KiB = 2 ** 10;
const MiB = 2 ** 20;
const DOUBLE = 8;
const COLLECTIVES = ["bcast", "allgather", "alltoall", "reduce_scatter"] as const;

export type StageName = "host" | "mpi" | "network";

export const stages: Readonly<Record<StageName, Stage>> = {
  host: {
    title: "Ranks of one host, shared memory",
    jobs: [
      ...jobs(2, ["latency", 8, MiB, 4 * MiB], ["latency_objects", 8]),
      ...jobs(2, ["allreduce", DOUBLE, MiB, 8 * MiB], ...collectives(2)),
      ...jobs(4, ["allreduce", DOUBLE, MiB, 8 * MiB], ["barrier", 0], ...collectives(4)),
      ...jobs(8, ["allreduce", DOUBLE]),
      ...jobs(16, ["allreduce", DOUBLE, MiB, 8 * MiB], ["barrier", 0], ...collectives(16)),
    ],
    targets: [
      { benchmark: "latency", ranks: 2, bytes: 8, goal: "time", against: "mpi4py", limit: 1 },
      { benchmark: "latency_objects", ranks: 2, bytes: 8, goal: "time", against: "mpi4py", limit: 1 },
      ...[MiB, 4 * MiB].map((bytes) => openMpi("latency", 2, bytes, 1)),
      { benchmark: "allreduce", ranks: 2, bytes: DOUBLE, goal: "time", against: "mpi4py", limit: 1 },
      openMpi("allreduce", 4, DOUBLE, 1),
      openMpi("allreduce", 8, DOUBLE, 0.9),
      openMpi("allreduce", 16, DOUBLE, 0.6),
      ...[MiB, 8 * MiB].flatMap((bytes) => [2, 4, 16].map((ranks) => openMpi("allreduce", ranks, bytes, 1))),
      openMpi("barrier", 4, 0, 1),
      openMpi("barrier", 16, 0, 0.6),
      ...[2, 4, 16].flatMap(collectiveTargets),
    ],
  },
  mpi: {
    title: "Through the MPI engine",
    jobs: [
      ...jobs(2, ["latency", 8, MiB], ["latency_objects", 8], ["allreduce", DOUBLE, MiB]),
      ...jobs(4, ["allreduce", DOUBLE, MiB], ["bcast", 8], ["barrier", 0]),
    ],
    targets: [
      ...[8, MiB].map((bytes) => engine("latency", 2, bytes)),
      engine("latency_objects", 2, 8),
      ...[2, 4].flatMap((ranks) => [DOUBLE, MiB].map((bytes) => engine("allreduce", ranks, bytes))),
      engine("bcast", 4, 8),
      engine("barrier", 4, 0),
    ],
  },
  network: {
    title: "Between two hosts, TCP",
    jobs: jobs(2, ["latency", 8], ["bw", MiB]),
    targets: [
      { benchmark: "latency", ranks: 2, bytes: 8, own: "encrypted", goal: "µs", limit: 60 },
      { benchmark: "latency", ranks: 2, bytes: 8, own: "plain", goal: "µs", limit: 60 },
      { ...openMpi("bw", 2, MiB, 0.3), goal: "rate", own: "encrypted" },
      { ...openMpi("bw", 2, MiB, 0.6), goal: "rate", own: "plain" },
    ],
  },
};

/** Holds what was measured against the targets. `sides` are those of the columns. */
export function judge(targets: readonly Target[], rows: readonly Row[], sides: readonly string[]): Verdict[] {
  return targets.map((target): Verdict => {
    const { benchmark, ranks, bytes, own, against, goal, limit } = target;
    const row = rows.find((r) => r.benchmark === benchmark && r.ranks === ranks && r.bytes === bytes);
    const us = own === undefined ? 0 : sides.findIndex((name) => name.includes(own));
    const them = sides.findIndex((name) => name === against);
    const [ours, theirs] = [row?.cells[us], row?.cells[them]];
    let value: number | undefined;
    if (goal === "µs") value = ours && ours.seconds * 1e6;
    else if (ours && theirs) {
      const rounds = Math.min(ours.samples.length, theirs.samples.length);
      const ratios = Array.from({ length: rounds }, (_, k) => ours.samples[k] / theirs.samples[k]);
      value = goal === "time" ? median(ratios) : 1 / median(ratios);
    }
    const met = value !== undefined && (goal === "rate" ? value >= limit : value <= limit);
    return { target, ours: ours?.seconds, theirs: theirs?.seconds, value, met };
  });
}

/** What is left of a stage with targets that are called so: "allreduce n=2 1 MiB against Open MPI". */
export function part({ title, jobs, targets }: Stage, only: RegExp): Stage {
  const kept = targets.filter((target) => only.test(nameOf(target)));
  const isWanted = ({ name }: Benchmark, ranks: number, size: number) =>
    kept.some((target) => target.benchmark === name && target.ranks === ranks && target.bytes === size);
  const smaller = jobs.map(({ ranks, benchmark, sizes }): Job => {
    return { ranks, benchmark, sizes: sizes.filter((size) => isWanted(benchmark, ranks, size)) };
  });
  return { title, jobs: smaller.filter(({ sizes }) => sizes.length > 0), targets: kept };
}

function nameOf({ benchmark, own, ranks, bytes, against }: Target): string {
  const parts = [benchmark, own ?? [], `n=${ranks}`, bytes > 0 ? formatBytes(bytes) : []].flat();
  return `${parts.join(" ")}${against === undefined ? "" : ` against ${against}`}`;
}

type Spec = readonly [name: string, ...sizes: number[]];

function jobs(ranks: number, ...specs: readonly Spec[]): Job[] {
  return specs.map(([name, ...sizes]) => ({ ranks, benchmark: findBenchmark(name), sizes }));
}

/** Blocks of allgather and alltoall, whole vectors of the others. */
function large(name: string): number {
  return name.startsWith("all") ? 64 * KiB : MiB;
}

function small(name: string, ranks: number): number {
  return name === "reduce_scatter" ? DOUBLE * ranks : 8;
}

function collectives(ranks: number): Spec[] {
  return COLLECTIVES.map((name): Spec => [name, small(name, ranks), large(name)]);
}

function collectiveTargets(ranks: number): Target[] {
  const peers = ranks >= 4 ? (["mpi4py", "Open MPI"] as const) : (["mpi4py"] as const);
  return COLLECTIVES.flatMap((benchmark) =>
    [small(benchmark, ranks), large(benchmark)].flatMap((bytes) =>
      peers.map((against): Target => ({ benchmark, ranks, bytes, goal: "time", against, limit: 1 })),
    ),
  );
}

function openMpi(benchmark: string, ranks: number, bytes: number, limit: number): Target {
  return { benchmark, ranks, bytes, goal: "time", against: "Open MPI", limit };
}

function engine(benchmark: string, ranks: number, bytes: number): Target {
  return { benchmark, ranks, bytes, goal: "time", against: "mpi4py", limit: 1.3 };
}
