import { TimeoutError } from "./errors.js";
import { ANY_SOURCE } from "./types.js";

/** What may end a call early. */
export interface LimitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** The call that a limit belongs to, for its error. */
export interface Limited {
  readonly op: string;
  readonly comm: string;
  readonly rank: number;
  readonly peer: number;
  readonly tag: number;
}

/** Counts limits that may still end something; where nothing else moves, this is no deadlock yet. */
export interface Limits {
  limits: number;
}

/**
 * Ends a request by an AbortSignal or after a time, whatever comes first. The clock starts with the call, yet a timer
 * runs only while somebody waits for more than a moment: a request that completes quickly costs no timer, and one that
 * nobody waits for ends when somebody does.
 */
export class Limit {
  readonly #limits: Limits;
  readonly #what: Limited;
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number;
  readonly #begun = performance.now();
  readonly #end: (reason: unknown, timedOut: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #active = true;

  /** @param end - Ends the request if it still can be ended. */
  constructor(
    limits: Limits,
    what: Limited,
    { signal, timeoutMs = Infinity }: LimitOptions,
    end: (reason: unknown, timedOut: boolean) => void,
  ) {
    this.#limits = limits;
    this.#what = what;
    this.#signal = signal;
    this.#timeoutMs = timeoutMs;
    this.#end = end;
    limits.limits++;
    signal?.addEventListener("abort", this.#abort);
  }

  /** Somebody sleeps until the request is settled. */
  arm(): void {
    if (!this.#active || this.#timeoutMs === Infinity || this.#timer !== undefined) return;
    const left = this.#begun + this.#timeoutMs - performance.now();
    if (left <= 0) this.#expire();
    else this.#timer = setTimeout(this.#expire, Math.min(left, LONGEST_TIMER_MS));
  }

  /** Ends the request if its time is over. */
  check(): void {
    if (this.#active && performance.now() - this.#begun >= this.#timeoutMs) this.#expire();
  }

  /** The request is settled. */
  release(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#limits.limits--;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
  }

  readonly #abort = (): void => this.#end(this.#signal?.reason, false);

  readonly #expire = (): void => {
    this.#timer = undefined;
    if (performance.now() - this.#begun < this.#timeoutMs - 1) return this.arm();
    const { op, comm, rank, peer, tag } = this.#what;
    const whom = peer === ANY_SOURCE ? "any rank" : `rank ${peer}`;
    const message =
      `${op}: rank ${rank} of "${comm}" has waited ${this.#timeoutMs} ms for ${whom}${tag < 0 ? "" : `, tag ${tag}`}; ` +
      "look what that rank is doing, or allow more time with timeoutMs";
    this.#end(new TimeoutError(rank, peer, tag, message), true);
  };
}

/** setTimeout takes no longer times. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
