import type { Waiter } from "./request.js";
import type { Transport } from "./transports/transport.js";

/** After this long without a turn of the event loop, a completed request resumes its caller from there. */
const TURN_MS = 20;
/** Rounds of polling between two looks at the clock. */
const CLOCK_ROUNDS = 16;
/** From this round on a round may be long, and ends with a look at the clock. */
const SLOW_ROUNDS = 256;
/** Completed requests between two looks at the clock. */
const TURN_CHECK = 64;

const NOBODY = { settled: false } as const;

/** Something that completes by looking at memory, not by messages. */
export interface Pollable {
  /** Whether there is something new for `poll`: a glance that costs next to nothing. */
  changed(): boolean;
  poll(): void;
}

/**
 * How a rank waits. Waiting is a ladder: poll and spin for microseconds, give up the core between polls for about a
 * millisecond, then sleep in the event loop until the transport wakes this rank. A rank in which everything completes
 * quickly still turns its event loop every {@link TURN_MS}, so that signals and timers keep working.
 */
export abstract class Waiting implements Waiter {
  abstract readonly transport: Transport;
  readonly statistics = { messagesSent: 0, bytesSent: 0, overlapped: 0, waitMs: 0 };
  /** Requests that failed and that nobody has awaited. */
  readonly unobservedFailures = new Map<object, Error>();

  readonly #pollables: Pollable[] = [];
  #sleepers = 0;
  #pumping = false;
  #serving = false;
  /** The pump sleeps while nobody waits. */
  #idle = false;
  /** A sleeper has been woken: its caller is to run before anything else is polled. */
  #woken = false;
  /** What is polled for. */
  #target: { readonly settled: boolean } = NOBODY;
  #sinceTurnCheck = 0;
  #lastTurn = performance.now();

  /** Last resort before a sleep: looks for reasons why what this rank waits for will never come. */
  protected abstract audit(): void;

  progress(): void {
    this.transport.progress();
    for (const pollable of this.#pollables) if (pollable.changed()) pollable.poll();
  }

  /** Has `pollable` polled with every progress: collectives that watch shared memory. */
  watch(pollable: Pollable): void {
    this.#pollables.push(pollable);
  }

  unwatch(pollable: Pollable): void {
    const index = this.#pollables.indexOf(pollable);
    if (index >= 0) this.#pollables.splice(index, 1);
  }

  poll(operation: { readonly settled: boolean }): void {
    this.progress();
    if (operation.settled) this.statistics.overlapped++;
    else if (this.transport.pollUs > 0) this.#spin(operation);
  }

  mustTurn(): boolean {
    if (++this.#sinceTurnCheck < TURN_CHECK) return false;
    this.#sinceTurnCheck = 0;
    return performance.now() - this.#lastTurn > TURN_MS;
  }

  turn(callback: () => void): void {
    setImmediate(() => {
      this.#lastTurn = performance.now();
      callback();
    });
  }

  asleep(): void {
    this.#sleepers++;
    if (!this.#pumping) void this.#pump();
    else if (this.#idle) this.transport.wake();
  }

  /** Whether some request is waited for in the event loop. */
  get hasSleepers(): boolean {
    return this.#sleepers > 0;
  }

  /** Answers other ranks from the event loop even while nobody here waits; see structure/service.ts. */
  serve(serving: boolean): void {
    this.#serving = serving;
    if (serving && !this.#pumping) void this.#pump();
    else if (this.#idle) this.transport.wake();
  }

  awake(): void {
    this.#woken = true;
    if (--this.#sleepers === 0) this.transport.wake();
  }

  unobserved(operation: object, error: Error): void {
    this.unobservedFailures.set(operation, error);
  }

  observed(operation: object): void {
    this.unobservedFailures.delete(operation);
  }

  /** Polls until `operation` is settled, a sleeper is woken (its caller must run now), or sleeping pays better. */
  #spin(operation: { readonly settled: boolean }): void {
    const { transport } = this;
    if (this.#idle) transport.wake(); // waiting in earnest has better ways to sleep
    this.#woken = false;
    this.#target = operation;
    // A wait that is over after a few rounds is not worth two looks at the clock.
    let begun = transport.crowded ? performance.now() : 0;
    for (let round = 1; !operation.settled && !this.#woken; round++) {
      transport.relax?.(round, this.#glance, this.#over);
      this.progress();
      if (!transport.crowded && round % CLOCK_ROUNDS !== 0 && round < SLOW_ROUNDS) continue;
      const now = performance.now();
      if (begun === 0) begun = now;
      else if (now - begun > transport.pollUs / 1000) break;
    }
    if (begun > 0) this.statistics.waitMs += performance.now() - begun;
  }

  readonly #glance = (): boolean => {
    for (const pollable of this.#pollables) if (pollable.changed()) return true;
    return false;
  };

  readonly #over = (): boolean => {
    this.progress();
    return this.#target.settled || this.#woken;
  };

  /** Last look before a sleep: at what no message announces. */
  readonly #ready = (): boolean => {
    this.progress();
    this.audit();
    return this.#woken;
  };

  /** Moves messages for as long as somebody sleeps, or others are served; one pump runs at a time. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    while (this.#sleepers > 0 || (this.#serving && this.transport.linger !== undefined)) {
      this.#woken = false;
      if (this.#sleepers === 0) {
        await this.#serveIdly();
        continue;
      }
      this.progress();
      if (!this.#woken && this.transport.pollUs > 0) this.#spin(NOBODY);
      if (this.#woken) await Promise.resolve();
      else {
        const begun = performance.now();
        await this.transport.sleep(this.#ready);
        this.#lastTurn = performance.now();
        this.statistics.waitMs += this.#lastTurn - begun;
      }
    }
    this.#pumping = false;
  }

  /** Until something arrives. The event loop turns first: a program that keeps waiting moves messages by itself. */
  async #serveIdly(): Promise<void> {
    await new Promise<void>((resolve) => this.turn(resolve));
    this.progress();
    if (this.#sleepers > 0 || !this.#serving) return;
    this.#idle = true;
    await this.transport.linger?.(() => this.#sleepers > 0);
    this.#idle = false;
  }
}
