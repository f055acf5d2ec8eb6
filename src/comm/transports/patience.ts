/**
 * How long a rank polls before it sleeps in the kernel: at full speed first, then with the core given up between two
 * looks. Where ranks outnumber cores the one that is waited for may need this very core.
 *
 * Giving up the core brings everybody's turn as long as only ranks of the job want it: then it costs a third of a sleep.
 * On a machine that is busy with other work Linux's scheduler (6.18) soon prefers whoever has not given up its core. So
 * patience grows by one look with every wait, and halves with every one in which it was in vain.
 *
 *     looks                           2         40        400   adapted
 *     16 ranks, 2 cores, idle       130      37-60         36     34-39
 *     16 ranks, 2 cores, busy   430-610   500-1080       2100   380-580
 *
 * Median of an allreduce of 8 B in µs; busy: with two endless loops beside.
 */
export class Patience {
  /** Looks without giving up the core. */
  readonly spins: number;
  /** Looks after it has been given up. */
  yields = MOST;
  readonly #least: number;
  #begunMs = 0;

  /** @param crowded - Ranks outnumber cores. */
  constructor(crowded: boolean) {
    this.spins = crowded ? 0 : 256;
    this.#least = crowded ? LEAST : MOST;
  }

  /** A wait begins. */
  gain(): void {
    if (this.yields < MOST) this.yields++;
  }

  /**
   * Whether the looks of a wait have taken so long that the event loop must turn: where others want the core, a look can
   * cost their turns. Asked after every look, it reads the clock at few.
   */
  isLate(look: number): boolean {
    if (look % CLOCK_LOOKS !== 0) return false;
    const now = performance.now();
    if (look === CLOCK_LOOKS) this.#begunMs = now;
    return now - this.#begunMs > MOST_MS;
  }

  /** It was not over when patience was. */
  lose(): void {
    this.yields = Math.max(this.#least, this.yields >> 1);
  }
}

const LEAST = 4;
const MOST = 400;
const CLOCK_LOOKS = 32;
const MOST_MS = 20;
