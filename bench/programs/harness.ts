import type { Communicator } from "tsmpi";

/** How much work to spend, from the command line: every side gets the same numbers. */
export interface Effort {
  /** Least time before the first measurement of a benchmark, in which V8 compiles the loops; a quarter of it per size. */
  readonly warmUpMs: number;
  /** Least time of a batch of operations, and batches of which the median is taken. */
  readonly batchMs: number;
  readonly batches: number;
  /** Once this is spent on a size, three batches are enough. */
  readonly budgetMs: number;
}

/** One benchmark at one size on this rank. */
export interface Loop {
  /** Does so many turns. */
  repeat: (count: number) => Promise<void>;
  /** What a turn counts for: 2 for a round trip of which half is reported, 64 for a window of messages. Default 1. */
  readonly perTurn?: number;
  /** Spoils the receive buffers, so that what is found in them afterwards has arrived. */
  clear?(): void;
  /** Elements that are wrong in what the last turn left on this rank. */
  wrong?(): number;
}

/** What one operation costs; programs print it as a line of JSON on rank 0. */
export interface Result {
  readonly name: string;
  /** Of the message, as the benchmark defines it; 0 if it has none. */
  readonly bytes: number;
  /** Median over batches, of the slowest rank; and the least and the most of them. */
  readonly seconds: number;
  readonly min?: number;
  readonly max?: number;
  /** Operations in a batch. */
  readonly count?: number;
  /** Elements with a wrong value, over all ranks. */
  readonly errors?: number;
  /** Of a nonblocking operation: without computation, and of the computation alone. */
  readonly pureSeconds?: number;
  readonly computeSeconds?: number;
  /** When all ranks were ready, in ms since 1970. */
  readonly readyAt?: number;
  /** Largest resident memory of a rank. */
  readonly peakBytes?: number;
  /** Of a solver: shows that all sides solve the same problem. */
  readonly residual?: number;
}

export type Timing = Pick<Result, "seconds"> & { min: number; max: number; count: number };

/** What has been measured and checked. */
export type Measured = Omit<Result, "name" | "bytes">;

/** Times a loop, and checks its results before and after the timed batches. Collective. */
export async function measure(
  comm: Communicator,
  loop: Loop,
  effort: Effort,
  first: boolean,
): Promise<Measured> {
  loop.clear?.();
  await loop.repeat(1);
  let errors = loop.wrong?.() ?? 0;
  await comm.barrier(); // the other rank still reads what clear() would spoil
  loop.clear?.();
  const timing = await time(comm, loop, effort, first);
  errors += loop.wrong?.() ?? 0;
  return { ...timing, errors: await comm.allreduce(errors) };
}

/** Time of one operation without checks. Collective. */
export async function time(
  comm: Communicator,
  { repeat, perTurn = 1 }: Loop,
  { warmUpMs, batchMs, batches, budgetMs }: Effort,
  first: boolean,
): Promise<Timing> {
  const timed = async (turns: number) => {
    await comm.barrier();
    const start = performance.now();
    await repeat(turns);
    return comm.allreduce(performance.now() - start, { op: "max" }); // ranks go on alike
  };
  let turns = 1;
  for (let spentMs = 0; ;) {
    const elapsedMs = await timed(turns);
    spentMs += elapsedMs;
    if (elapsedMs >= batchMs / 2 && spentMs >= (first ? warmUpMs : warmUpMs / 4)) break;
    if (elapsedMs < batchMs) turns *= 2;
  }
  const count = turns * perTurn;
  const samples: number[] = [];
  for (let spentMs = 0; samples.length < batches && (samples.length < 3 || spentMs < budgetMs);) {
    const elapsedMs = await timed(turns);
    spentMs += elapsedMs;
    samples.push(elapsedMs / 1000 / count);
  }
  samples.sort((a, b) => a - b);
  const seconds = samples[Math.floor(samples.length / 2)];
  return { seconds, min: samples[0], max: samples[samples.length - 1], count };
}

export function report(comm: Communicator, result: Result): void {
  if (comm.rank === 0) console.log(JSON.stringify(result));
}
