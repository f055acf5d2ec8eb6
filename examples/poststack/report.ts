import type { Inversion } from "./invert.js";

const BAR = 24; // characters

/** One row of the table of iterations, with a bar of how far they are; the first comes with the heading. */
export function row(iteration: number, iterations: number, norms: readonly number[]): string {
  const heading = iteration === 0 ? "iteration  ‖d − A m‖₂  ‖gradient‖₂\n" : "";
  const numbers = norms.map((norm) => norm.toPrecision(5).padStart(11)).join("  ");
  const done = Math.round((BAR * iteration) / iterations);
  const bar = "━".repeat(done) + "─".repeat(BAR - done);
  return `${heading}${String(iteration).padStart(9)} ${numbers}  ${bar}`;
}

export interface Job {
  readonly ranks: number;
  readonly transport: string;
}

/** What happened, one fact a line. */
export function summary(job: Job, inversion: Inversion): string {
  const { space } = inversion.truth;
  const { iterations, seconds, status, waiting, error, backgroundError } = inversion;
  const facts: Record<string, string> = {
    ranks: `${job.ranks} over ${job.transport}`,
    unknowns: `${grouped(space.size)} (${space.dims.join(" × ")})`,
    iterations: `${iterations} (${status})`,
    time: `${seconds.toFixed(3)} s, ${(iterations / seconds).toFixed(1)} iterations/s`,
    communication: `${percent(waiting)} of the time`,
    "model error": `${percent(error)} (background: ${percent(backgroundError)})`,
  };
  return Object.entries(facts).map(([name, fact]) => `${name.padEnd(15)}${fact}`).join("\n"); // prettier-ignore
}

/** The same for a program to read. */
export function history({ ranks, transport }: Job, { iterations, cost, seconds }: Inversion): string {
  const facts = { ranks, transport, iterations, cost, seconds, iterationsPerSecond: iterations / seconds };
  return `${JSON.stringify(facts, undefined, 1)}\n`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
}

/** 2937000 as 2 937 000. */
export function grouped(integer: number): string {
  return String(integer).replace(/\B(?=(\d{3})+$)/g, " ");
}
