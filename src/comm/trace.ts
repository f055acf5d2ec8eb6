import type { CallInfo, Interceptor } from "./api/interception.js";

/** So many events are kept; the oldest go first. */
const CAPACITY = 100_000;

/** What has happened on a rank: at a moment, or for a time. */
export interface TraceEvent {
  readonly name: string;
  /** "mark", "span", or "call" of a communicator. */
  readonly kind: "mark" | "span" | "call";
  /** In milliseconds, as `performance.now()`. */
  readonly startMs: number;
  /** 0 for a mark. */
  readonly durationMs: number;
  /** Whatever the program wants to remember with it. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An event of the Chrome trace format, which Perfetto and `chrome://tracing` show. */
export interface ChromeEvent {
  readonly name: string;
  readonly cat: string;
  /** "X": from `ts` on for `dur`; "i": at `ts`; "M": names the rank. */
  readonly ph: "X" | "i" | "M";
  /** In microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly s?: "t";
  readonly pid: number;
  readonly tid: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/**
 * What a program notes of its own course on this rank, to be read or drawn on one axis of time; MPI's Pcontrol. Nothing is
 * recorded until the program asks for it. Local.
 *
 * ```ts
 * using calls = world.use(world.trace); // every call of the communicator, too
 * const iteration = world.trace.span("iteration", { k });
 * …
 * iteration[Symbol.dispose](); // or `using`
 * const clock = await world.syncedTime();
 * const all = await world.gather(world.trace.chrome(clock));
 * if (all) await writeFile("trace.json", JSON.stringify({ traceEvents: all.flat() }));
 * ```
 */
export class Trace implements Interceptor {
  readonly #rank: number;
  readonly #capacity: number;
  #events: TraceEvent[] = [];
  #dropped = 0;
  #paused = false;

  constructor(rank: number, capacity = CAPACITY) {
    this.#rank = rank;
    this.#capacity = capacity;
  }

  /** In the order of their ends. */
  get events(): readonly TraceEvent[] {
    return this.#events.slice(-this.#capacity);
  }

  /** Events that were recorded and had to go: only the latest 100,000 are kept. */
  get dropped(): number {
    return this.#dropped + Math.max(0, this.#events.length - this.#capacity);
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Notes a moment. */
  mark(name: string, details?: TraceEvent["details"]): void {
    this.#add({ name, kind: "mark", startMs: performance.now(), durationMs: 0, ...(details && { details }) });
  }

  /** Notes a time, from now until it is disposed of: `using span = trace.span("exchange")`. */
  span(name: string, details?: TraceEvent["details"]): Disposable {
    const startMs = performance.now();
    let open = !this.#paused;
    return {
      [Symbol.dispose]: () => {
        if (!open) return;
        open = false;
        const durationMs = performance.now() - startMs;
        this.#add({ name, kind: "span", startMs, durationMs, ...(details && { details }) });
      },
    };
  }

  /** What happens from now on is not recorded, until `resume`. Spans that end meanwhile are not, either. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.#events = [];
    this.#dropped = 0;
  }

  /** For `comm.use(trace)`: records calls, each from its begin until its result is awaited and there. */
  after(call: CallInfo): void {
    this.#call(call, {});
  }

  /** The same of calls that fail. */
  error(call: CallInfo, error: unknown): void {
    this.#call(call, { error: String(error) });
  }

  /**
   * The events in the Chrome trace format, with this rank as the process. Ranks of several hosts pass the clock that
   * `syncedTime` gives them, and ranks of one host may as well: then their events are on one axis of time.
   */
  chrome(clock: { readonly offsetMs: number } = { offsetMs: 0 }): ChromeEvent[] {
    const place = { pid: this.#rank, tid: 0 };
    const named: ChromeEvent = {
      ...{ name: "process_name", cat: "__metadata", ph: "M", ts: 0, ...place },
      args: { name: `rank ${this.#rank}` },
    };
    const timed = this.events.map(({ name, kind, startMs, durationMs, details }): ChromeEvent => {
      const event = { name, cat: kind, ts: 1000 * (startMs + clock.offsetMs), ...place };
      const args = details && { args: details };
      return kind === "mark"
        ? { ...event, ph: "i", s: "t", ...args }
        : { ...event, ph: "X", dur: 1000 * durationMs, ...args };
    });
    return [named, ...timed];
  }

  #call({ op, comm, startedAt: startMs }: CallInfo, details: Readonly<Record<string, unknown>>): void {
    const durationMs = performance.now() - startMs;
    this.#add({ name: op, kind: "call", startMs, durationMs, details: { comm, ...details } });
  }

  #add(event: TraceEvent): void {
    if (this.#paused) return;
    this.#events.push(event);
    if (this.#events.length < 2 * this.#capacity) return; // halved now and then, rather than shifted each time
    this.#dropped += this.#events.length - this.#capacity;
    this.#events = this.#events.slice(-this.#capacity);
  }
}
