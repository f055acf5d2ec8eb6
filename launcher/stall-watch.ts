import type { Findings } from "./survey.js";

/**
 * Notices that a job stands still: some rank waits, and no rank has begun anything for a while. Asks the ranks four times
 * in that time. A stall is told once; another one, after ranks have moved, again.
 */
export class StallWatch {
  readonly #afterMs: number;
  readonly #ask: () => Promise<Findings>;
  readonly #tell: () => void;
  /** What each rank has begun so far. */
  readonly #known = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #sinceMs = performance.now();
  #told = false;
  #over = false;

  constructor(afterMs: number, ask: () => Promise<Findings>, tell: () => void) {
    this.#afterMs = afterMs;
    this.#ask = ask;
    this.#tell = tell;
    this.#later();
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #later(): void {
    if (!this.#over) this.#timer = setTimeout(() => void this.#look(), this.#afterMs / LOOKS);
  }

  async #look(): Promise<void> {
    const findings = await this.#ask();
    const states = [...findings].flatMap(([rank, { state }]) =>
      state === undefined ? [] : [{ rank, ...state }],
    );
    // Who does not answer computes: that is no progress for those who wait.
    const moved = states.some(({ rank, progress }) => this.#known.get(rank) !== progress);
    for (const { rank, progress } of states) this.#known.set(rank, progress);
    if (moved) {
      this.#sinceMs = performance.now();
      this.#told = false;
    }
    const waits = states.some((state) => state.waits || state.pendingCount > 0);
    if (waits && !this.#told && performance.now() - this.#sinceMs >= this.#afterMs) {
      this.#told = true;
      this.#tell();
    }
    this.#later();
  }
}

const LOOKS = 4;
