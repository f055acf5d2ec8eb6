import { MultiBar, Presets } from "cli-progress";
import type { Inversion } from "./invert.js";

export interface Progress {
  /** One row of the table. */
  row(iteration: number, residualNorm: number, gradientNorm: number): void;
  end(): void;
}

/** Prints a table of iterations as they come, over a progress bar where there is a terminal. */
export function tableOf(iterations: number): Progress {
  const bars = process.stderr.isTTY
    ? new MultiBar({ clearOnComplete: true }, Presets.shades_classic)
    : undefined;
  const bar = bars?.create(iterations, 0);
  const print = (text: string) => {
    if (bars && process.stdout.isTTY) bars.log(`${text}\n`);
    else console.log(text);
  };
  return {
    row(iteration, residualNorm, gradientNorm) {
      if (iteration === 0) print("iteration  ‖d − A m‖₂  ‖gradient‖₂");
      bar?.update(iteration);
      const numbers = [residualNorm, gradientNorm].map((norm) => norm.toPrecision(5).padStart(11));
      print(`${String(iteration).padStart(9)} ${numbers.join("  ")}`);
    },
    end: () => bars?.stop(),
  };
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
