import { closeSync, openSync, writeSync } from "node:fs";
import type { RankStatistics } from "../src/comm/recording.js";
import type { ChromeEvent } from "../src/comm/trace.js";
import type { RecordKind } from "../src/comm/wire/messages.js";
import { UsageError } from "./errors.js";
import { hostClockMs } from "../src/host-clock.js";
import { nameRanks } from "./ranks.js";
import { statsTable } from "./stats-table.js";
import { messageOf } from "../src/thrown.js";

export interface RecordOptions {
  /** A table of calls is printed at the end. */
  readonly stats: boolean;
  /** File for the trace of all ranks; `undefined`: there is none. */
  readonly trace: string | undefined;
}

/** What ranks have recorded for `--stats` and `--trace`, and hand over when they end. */
export class Records {
  readonly #stats: Map<number, RankStatistics> | undefined;
  readonly #path: string | undefined;
  readonly #file: number | undefined;
  /** On the axis of the trace this is 0. */
  readonly #startMs = hostClockMs();
  readonly #traced = new Set<number>();
  #events = 0;

  /** @throws {UsageError} If the trace cannot be written. */
  constructor({ stats, trace }: RecordOptions) {
    this.#stats = stats ? new Map() : undefined;
    this.#path = trace;
    try {
      this.#file = trace === undefined ? undefined : openSync(trace, "w");
    } catch (error) {
      const reason = messageOf(error);
      throw new UsageError(`--trace ${trace}: cannot be written (${reason})`);
    }
    this.#write('{"displayTimeUnit":"ms","traceEvents":[');
  }

  /** What ranks are to record, for their environment. */
  get wanted(): Readonly<Record<string, string>> {
    const kinds = [...(this.#stats ? ["stats"] : []), ...(this.isTracing ? ["trace"] : [])];
    return kinds.length === 0 ? {} : { TSMPI_RECORD: kinds.join(",") };
  }

  get isTracing(): boolean {
    return this.#file !== undefined;
  }

  /** @param aheadMs - By how much the clock of the rank's host is ahead of this one's. */
  hear(rank: number, what: RecordKind, text: string, aheadMs: number): void {
    if (what === "stats") this.#stats?.set(rank, parseStatistics(text));
    else this.#trace(rank, parseEvents(text), aheadMs);
  }

  /** The job is over: closes the trace, and returns what there is to say. */
  finish(size: number): string[] {
    const said: string[] = [];
    if (this.#stats !== undefined)
      said.push([`tsmpirun: calls of ${size} ranks`, ...statsTable(this.#stats, size)].join("\n"));
    if (this.#file !== undefined) {
      this.#write("\n]}\n");
      closeSync(this.#file);
      const missing = Array.from({ length: size }, (_, rank) => rank).filter(
        (rank) => !this.#traced.has(rank),
      );
      const without = missing.length === 0 ? "" : `; nothing has come from ${nameRanks(missing)}`;
      said.push(`tsmpirun: trace: ${this.#events} events in ${this.#path}${without}`);
    }
    return said;
  }

  #trace(rank: number, events: readonly ChromeEvent[], aheadMs: number): void {
    this.#traced.add(rank);
    const shiftUs = 1000 * (this.#startMs + aheadMs);
    for (const event of events) {
      const timed =
        event.ph === "M" ? event : { ...event, ts: Math.round(1000 * (event.ts - shiftUs)) / 1000 };
      this.#write(`${this.#events++ === 0 ? "" : ","}\n${JSON.stringify(timed)}`);
    }
  }

  #write(text: string): void {
    if (this.#file !== undefined) writeSync(this.#file, text);
  }
}

const parseStatistics: (json: string) => RankStatistics = JSON.parse;
const parseEvents: (json: string) => ChromeEvent[] = JSON.parse;
