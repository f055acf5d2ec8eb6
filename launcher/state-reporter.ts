import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Answer, ControlMessage } from "../src/comm/wire/messages.js";
import type { EventLog } from "./event-log.js";
import type { Ledger } from "./ledger.js";
import { makeFolder } from "./make-folder.js";
import { showPlace } from "./places.js";
import type { Occasion, ReportOptions } from "./report-options.js";
import { StallWatch } from "./stall-watch.js";
import { type StateContext, stateReport, stateSummary } from "./state-report.js";
import { type Finding, type Findings, Survey } from "./survey.js";
import { describeRing, findRing, isStill } from "./wait-graph.js";
import { messageOf } from "../src/thrown.js";

export interface StateReporterOptions extends Pick<ReportOptions, "dumpOn" | "dumpFolder"> {
  readonly ledger: Ledger;
  readonly log: EventLog;
  readonly broadcast: (message: ControlMessage) => void;
  readonly say: (text: string) => void;
  readonly directory: string;
}

/** Finds out what all ranks are doing, and says it. */
export class StateReporter {
  readonly #options: StateReporterOptions;
  readonly #survey: Survey;
  readonly #atFailure = new Map<number, Finding>();
  #othersAreKnown = false;
  #count = 0;

  constructor(options: StateReporterOptions) {
    this.#options = options;
    this.#survey = new Survey(options.broadcast);
  }

  /** A rank has answered. */
  hear(answer: Answer): void {
    this.#survey.hear(answer);
  }

  /** A rank has ended, and will not answer. */
  ended(rank: number): void {
    this.#survey.ended(rank);
  }

  /** Prints a report under a headline, once all ranks have been heard: within a second or two. */
  async print(why: Occasion, headline: string): Promise<void> {
    this.#options.say(await this.compose(why, headline));
  }

  /** Makes a report, without printing it; the headline alone if none is wanted. */
  async compose(why: Occasion, headline: string): Promise<string> {
    const { ledger, log, dumpOn } = this.#options;
    if (!dumpOn.has(why)) return headline;
    const findings = await this.#survey.ask(() => ledger.running, true);
    const lines = [headline, ...stateReport(findings, this.#context), ...(await this.#ring(findings))];
    const dump = this.#dump(lines, findings);
    const shown =
      lines.length > MOST_LINES
        ? [...lines.slice(0, MOST_LINES), `  … ${lines.length - MOST_LINES} more lines`]
        : lines;
    if (dump !== undefined) shown.push(`  ${dump}`);
    else if (lines.length > MOST_LINES) shown.push("  all of it goes to a file with --dump-dir FOLDER");
    log.write("report", { why, text: lines.join("\n") });
    return shown.join("\n");
  }

  /** From now on, reports when the job stands still. */
  watchStalls(afterMs: number): StallWatch {
    return new StallWatch(
      afterMs,
      () => this.#survey.ask(() => this.#options.ledger.running, false),
      () => void this.print("stall", `tsmpirun: no progress for ${afterMs / 1000} s`),
    );
  }

  /** A rank has failed: asks the others, before they hear of it. */
  askAtFailure(): void {
    if (!this.#options.dumpOn.has("failure")) return void (this.#othersAreKnown = true);
    const asked = this.#survey.ask(() => this.#options.ledger.running, false, this.#atFailure);
    void asked.then(() => (this.#othersAreKnown = true));
  }

  /** All have answered that will. */
  get othersAreKnown(): boolean {
    return this.#othersAreKnown;
  }

  /** What other ranks were doing when the first one failed, as far as they have told by now. */
  get othersAtFailure(): readonly string[] {
    return stateSummary(this.#atFailure, this.#context);
  }

  /** Says whether some ranks wait for each other for ever. */
  async #ring(findings: Findings): Promise<string[]> {
    const { ledger } = this.#options;
    const ring = findRing(findings, ledger.ranks.length);
    if (ring === undefined || !isStill(ring, findings, await this.#survey.ask(() => ledger.running, false)))
      return [];
    return [`  => none of these can go on: ${describeRing(ring)}`];
  }

  get #context(): StateContext {
    const { ledger, directory } = this.#options;
    return {
      size: ledger.ranks.length,
      finalized: ledger.ranks.flatMap(({ finalized }, rank) => (finalized ? [rank] : [])),
      exited: ledger.ranks.flatMap(({ exited }, rank) => (exited === undefined ? [] : [rank])),
      show: (place) => showPlace(place, directory),
    };
  }

  /** Writes the whole report and what ranks have told; says where. */
  #dump(lines: readonly string[], findings: Findings): string | undefined {
    const { dumpFolder } = this.#options;
    if (dumpFolder === undefined) return undefined;
    const file = join(dumpFolder, `state-${++this.#count}`);
    try {
      makeFolder(dumpFolder);
      writeFileSync(`${file}.txt`, `${lines.join("\n")}\n`);
      writeFileSync(`${file}.json`, `${JSON.stringify(Object.fromEntries(findings), undefined, 1)}\n`);
      return `dump: ${file}.txt, and ${file}.json with all that ranks tell`;
    } catch (error) {
      return `${file}.txt cannot be written: ${messageOf(error)}`;
    }
  }
}

const MOST_LINES = 38;
