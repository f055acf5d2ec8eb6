import { closeSync, openSync, writeSync } from "node:fs";
import type { ControlMessage } from "../src/comm/wire/messages.js";
import { UsageError } from "./errors.js";
import { messageOf } from "../src/thrown.js";

/** What happens to a job, in the order in which it happens. */
export type EventName =
  "map" | "agent" | "start" | "ready" | "failure" | "exit" | "report" | "abort" | "end" | "timing";

/** Steps of a job's way to its end; their times count from the start of tsmpirun. */
export const phases = ["placed", "bundled", "agents", "probed", "ready", "ended"] as const;
export type Phase = (typeof phases)[number];

/**
 * The file of `--log-json`: one event a line, written as it happens. Keeps the time of each phase, with or without a file.
 *
 *     {"time":"2026-01-31T12:00:00.000Z","ms":412.3,"event":"exit","rank":3,"host":"node1","code":0,…}
 */
export class EventLog {
  readonly #file: number | undefined;
  readonly #times = new Map<Phase, number>();

  /** @throws {UsageError} If the file cannot be written. */
  constructor(path: string | undefined) {
    try {
      this.#file = path === undefined ? undefined : openSync(path, "w");
    } catch (error) {
      const reason = messageOf(error);
      throw new UsageError(`--log-json ${path}: cannot be written (${reason})`);
    }
  }

  write(event: EventName, fields: Readonly<Record<string, unknown>>): void {
    if (this.#file === undefined) return;
    const ms = Math.round(performance.now() * 10) / 10;
    writeSync(this.#file, `${JSON.stringify({ time: new Date().toISOString(), ms, event, ...fields })}\n`);
  }

  /** Writes what an agent of a host has told, if it is an event. */
  heard(host: string, message: ControlMessage): void {
    if (message.kind === "agent-hello") this.write("agent", { host, pid: message.pid });
    if (message.kind === "started") this.write("start", { rank: message.rank, host, pid: message.pid });
    const { kind, ...fields } = message;
    if (kind === "failure") this.write("failure", { host, ...fields });
    if (kind === "exited") this.write("exit", { host, ...fields });
  }

  /** A phase is over; only the first time counts. */
  mark(phase: Phase): void {
    if (!this.#times.has(phase)) this.#times.set(phase, performance.now());
  }

  /** The phases so far: `placed 4 ms, bundled 52 ms`. */
  get timing(): string {
    const known = phases.flatMap((phase) => {
      const ms = this.#times.get(phase);
      return ms === undefined ? [] : [`${phase} ${ms.toFixed(0)} ms`];
    });
    return known.join(", ");
  }

  /** Writes the phases, and closes the file. */
  close(): void {
    const times = phases.map((phase) => [`${phase}Ms`, Math.round(this.#times.get(phase) ?? -1)] as const);
    this.write("timing", Object.fromEntries(times.filter(([, ms]) => ms >= 0)));
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
