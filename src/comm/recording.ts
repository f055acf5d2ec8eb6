import { env } from "../env.js";
import { hostClockOffsetMs } from "../host-clock.js";
import type { CallInfo, Interceptor } from "./api/interception.js";
import type { Control } from "./boot.js";
import type { Trace } from "./trace.js";
import type { Communicator } from "./types.js";

/** What calls of one kind came to on a rank. */
export interface CallStatistics {
  calls: number;
  /** Of the arrays that were passed, and for receives of those that came; other values do not count. */
  bytes: number;
  /** From the `await` of a result to its arrival, in milliseconds. */
  waitMs: number;
}

/** What a rank tells for `tsmpirun --stats` when it ends. */
export interface RankStatistics {
  readonly calls: Readonly<Record<string, CallStatistics>>;
  readonly messages: number;
  readonly bytes: number;
  readonly overlapped: number;
}

/** So many events of a trace travel at a time. */
const PIECE = 5000;

/**
 * Records what the launcher wants to know of this rank, and hands it over when the process ends, however it does. Local.
 * Nothing is watched, and calls cost nothing, unless `--stats` or `--trace` was given.
 */
export function recordForLauncher(world: Communicator & { readonly trace: Trace }, control: Control): void {
  const hands: (() => void)[] = [];
  if (env.record.includes("stats")) {
    const calls: Record<string, CallStatistics> = {};
    world.use(counting(calls));
    hands.push(() => {
      const { messagesSent: messages, bytesSent: bytes, overlapped } = world.statistics;
      const statistics: RankStatistics = { calls, messages, bytes, overlapped };
      control.record("stats", JSON.stringify(statistics));
    });
  }
  if (env.record.includes("trace")) {
    world.use(world.trace);
    hands.push(() => {
      const events = world.trace.chrome({ offsetMs: hostClockOffsetMs() });
      for (let first = 0; first < events.length; first += PIECE)
        control.record("trace", JSON.stringify(events.slice(first, first + PIECE)));
    });
  }
  if (hands.length > 0) atEnd(() => hands.forEach((hand) => hand()));
}

/** Also if the job is ended by SIGTERM, unless the program has its own way with that. */
function atEnd(hand: () => void): void {
  process.once("exit", hand);
  process.once("SIGTERM", () => {
    if (process.listenerCount("SIGTERM") > 0) return;
    process.off("exit", hand);
    hand();
    process.kill(process.pid, "SIGTERM");
  });
}

function counting(calls: Record<string, CallStatistics>): Interceptor {
  const count = ({ op, args, awaitedAt }: CallInfo, result: unknown): void => {
    const sum = (calls[op] ??= { calls: 0, bytes: 0, waitMs: 0 });
    sum.calls++;
    sum.bytes += bytesOf(op === "recv" ? result : args[0]);
    if (awaitedAt !== undefined) sum.waitMs += performance.now() - awaitedAt;
  };
  return { after: count, error: (call) => count(call, undefined) };
}

function bytesOf(value: unknown): number {
  return ArrayBuffer.isView(value) ? value.byteLength : 0;
}
