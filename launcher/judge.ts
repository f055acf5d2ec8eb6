import type { EventLog } from "./event-log.js";
import { exitCodeOf, type Ledger } from "./ledger.js";
import type { Outputs } from "./outputs.js";
import { sourceLine } from "./places.js";
import { report } from "./report.js";
import { PROGRAM } from "./start-agent.js";
import type { StateReporter } from "./state-reporter.js";
import { root } from "./version.js";

/** Why a job ends. */
export interface Verdict {
  readonly code: number;
  /** Printed at the end. */
  readonly text: string;
}

interface JudgeOptions {
  readonly ledger: Ledger;
  readonly states: StateReporter;
  readonly outputs: Outputs;
  readonly log: EventLog;
  readonly directory: string;
  readonly hostOf: (rank: number) => string;
  readonly abortOnExit: boolean;
  /** How long it took until all ranks could be reached; 0 before. */
  readonly readyMs: () => number;
  /** Since the job was started. */
  readonly seconds: () => number;
  /** Ends the ranks that are left. */
  readonly stop: () => void;
}

/**
 * Finds out, from the failures of ranks, why a job ends, and says it once. After the first failure more are collected for
 * a moment, so that the message names the cause and not one of the ranks that it took along.
 */
export class Judge {
  readonly #options: JudgeOptions;
  #verdict: Verdict | undefined;
  #collecting: NodeJS.Timeout | undefined;
  #isReported = false;
  #isLogged = false;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /** The job ends for this reason, unless there was one before. */
  decide(verdict: Verdict): void {
    this.#verdict ??= verdict;
  }

  /** There may be a failure that ends the job. */
  check(): void {
    const { ledger, states, abortOnExit } = this.#options;
    if (this.#verdict || this.#collecting || ledger.faults.length === 0) return;
    // What would keep others waiting for ever ends a job even if an exit does not.
    if (!abortOnExit && !ledger.faults.some(({ how }) => how === "abort" || how === "absent")) return;
    states.askAtFailure();
    this.#collect(0);
  }

  /** What the failures so far mean, if nothing has been decided. */
  judge(): void {
    const { ledger, states, outputs, directory, hostOf, seconds } = this.#options;
    const { faults } = ledger;
    if (this.#verdict || faults.length === 0) return;
    const text = report(faults, {
      host: hostOf,
      pid: (rank) => ledger.ranks[rank].pid,
      seconds: (rank) => ledger.ranks[rank].exited?.seconds ?? Number(seconds().toFixed(1)),
      hidden: [`${root}/src/`, `${root}/dist/src/`, `${root}/dist/library/`, `/${PROGRAM}`],
      directory,
      sourceLine,
      unseen: (rank) => outputs.unseen(rank),
      others: states.othersAtFailure,
    });
    this.#verdict = { code: exitCodeOf(faults[0]), text };
  }

  /** The message comes last, after what the ranks have printed; but not long after. */
  report(): void {
    if (this.#isReported) return;
    this.#isReported = true;
    if (this.#verdict?.text) this.#options.outputs.say(this.#verdict.text);
  }

  /** Ranks are being stopped. */
  log(): void {
    if (!this.#isLogged) this.#options.log.write("abort", { ...this.#verdict });
    this.#isLogged = true;
  }

  /** All ranks have ended: says why, if they did so too soon. Resolves to what the job ends with. */
  close(): Verdict {
    clearTimeout(this.#collecting);
    this.judge();
    if (this.#verdict) this.log(); // all ranks have left before they were stopped
    this.report();
    return this.#verdict ?? { code: 0, text: "" };
  }

  /** A rank that has lost another may be ahead of the news of why: that of its agent or of its host. */
  #collect(waitedMs: number): void {
    const { ledger, states, readyMs, stop } = this.#options;
    const collectMs = Math.min(Math.max(COLLECT_MS, readyMs() / 4), COLLECT_MOST_MS);
    this.#collecting = setTimeout(() => {
      const isOpen =
        (ledger.unexplained && waitedMs < EXPLAIN_MS) || (!states.othersAreKnown && waitedMs < OTHERS_MS);
      if (isOpen && !this.#verdict) return this.#collect(waitedMs + collectMs);
      this.judge();
      stop();
      setTimeout(() => this.report(), REPORT_MS).unref();
    }, collectMs);
  }
}

/** Failures of other ranks are collected for so long; longer where even starting took long, on busy machines. */
const COLLECT_MS = 200;
const COLLECT_MOST_MS = 1000;
const EXPLAIN_MS = 2000;
/** So long it may take longer, until other ranks have told what they are doing. */
const OTHERS_MS = 400;
const REPORT_MS = 1000;
