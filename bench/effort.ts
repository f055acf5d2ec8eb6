import { availableParallelism } from "node:os";
import type { Effort as ProgramEffort } from "./programs/harness.js";

/** How much work to spend; `--quick` spends less. */
export interface Effort extends ProgramEffort {
  /** Times that every side runs, in turn. */
  readonly rounds: number;
  /** Of several rounds two are enough once their ratios differ by at most this much, relative to the smaller one. */
  readonly enoughWithin: number;
  /** After which a side that has not ended is stopped. */
  readonly timeoutMs: number;
  /** Of the solver. */
  readonly iterations: number;
}

export const full: Effort = {
  rounds: 3,
  enoughWithin: 0,
  warmUpMs: 300,
  batchMs: 40,
  batches: 11,
  budgetMs: 2000,
  timeoutMs: 180_000,
  iterations: 20,
};

export const quick: Effort = {
  rounds: 1,
  enoughWithin: 0,
  warmUpMs: 50,
  batchMs: 5,
  batches: 3,
  budgetMs: 100,
  timeoutMs: 60_000,
  iterations: 3,
};

/** The warm-up is time of a core for each rank: crowded ranks take turns, and warm up longer. All sides get the same. */
export function programArguments(effort: Effort, ranks: number): string[] {
  const { warmUpMs, batchMs, batches, budgetMs } = effort;
  const crowd = Math.max(1, ranks / availableParallelism());
  return [warmUpMs * crowd, batchMs, batches, budgetMs].map(String);
}
