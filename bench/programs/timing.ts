import { availableParallelism } from "node:os";
import type { Communicator } from "tsmpi";

/** What one operation costs; programs print it as a line of JSON on rank 0. */
export interface Result {
  readonly bytes: number;
  readonly seconds: number;
  /** Largest resident memory of a rank. */
  readonly peakBytes?: number;
  /** Of a solver: shows that all sides solve the same problem. */
  readonly residual?: number;
}

const WARM_UP_MS = 300; // of a core for each rank, in which V8 compiles the loops

/** From the command line: least milliseconds of a batch, batches, and sizes of messages in bytes. */
export const [batchMs, batches, ...sizes] = process.argv.slice(2).map(Number);

/**
 * Median time of one operation over {@link batches}, in seconds, as rank 0 sees it. Collective.
 *
 * @param repeat - Does so many operations.
 */
export async function secondsPerOperation(
  comm: Communicator,
  repeat: (count: number) => Promise<void>,
): Promise<number> {
  const time = async (count: number) => {
    await comm.barrier();
    const start = performance.now();
    await repeat(count);
    return performance.now() - start;
  };
  let count = 1;
  const warmUpMs = WARM_UP_MS * Math.max(1, comm.size / availableParallelism());
  for (let spentMs = 0; spentMs < warmUpMs;) {
    const elapsedMs = await comm.bcast(await time(count)); // ranks go on alike
    spentMs += elapsedMs;
    if (elapsedMs < batchMs) count *= 2;
  }
  const samples: number[] = [];
  for (let batch = 0; batch < batches; batch++) samples.push((await time(count)) / 1000 / count);
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)];
}

export function report(comm: Communicator, result: Result): void {
  if (comm.rank === 0) console.log(JSON.stringify(result));
}
