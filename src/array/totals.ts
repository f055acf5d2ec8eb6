import type { Communicator } from "../comm/types.js";

/**
 * Partial results of several reductions on their way to one message. Every vector adds its rank's share; shares of
 * distributed vectors still have to be combined over their communicator, those of local and of replicated vectors
 * are complete. `combine` then takes one allreduce per communicator, whatever the number of vectors, and none at all
 * if every share is complete.
 */
export class Totals {
  readonly #count: number;
  readonly #op: "sum" | "max" | "min";
  readonly #complete: Float64Array;
  readonly #checks: (() => Promise<void>)[] = [];
  readonly #partial = new Map<Communicator, Float64Array>();

  /** @param op - How shares combine; `"max"` is of numbers from 0 on. */
  constructor(count: number, op: "sum" | "max" | "min" = "sum") {
    this.#count = count;
    this.#op = op;
    this.#complete = this.#nothing();
  }

  /** What is done before totals are combined: a check that throws on all ranks, or on none. */
  require(check: () => Promise<void>): void {
    this.#checks.push(check);
  }

  /** Adds a share to `slot`. Without a communicator the share is the whole, and equal on all ranks. Local. */
  add(slot: number, share: number, comm?: Communicator): void {
    const shares = comm && comm.size > 1 ? this.join(comm) : this.#complete;
    shares[slot] = this.#merge(shares[slot], share);
  }

  /** Takes part in the sums over `comm`, even with nothing to add. Local. */
  join(comm: Communicator): Float64Array {
    const shares = this.#partial.get(comm) ?? this.#nothing();
    this.#partial.set(comm, shares);
    return shares;
  }

  /** The totals, with the same bits on every rank. Collective over the communicators of the shares. */
  async combine(): Promise<Float64Array> {
    for (const check of this.#checks) await check();
    const total = this.#complete;
    for (const [comm, shares] of this.#partial) {
      await comm.allreduce(shares, { op: this.#op, into: shares });
      for (let slot = 0; slot < total.length; slot++) total[slot] = this.#merge(total[slot], shares[slot]);
    }
    return total;
  }

  #nothing(): Float64Array {
    return new Float64Array(this.#count).fill(this.#op === "min" ? Infinity : 0);
  }

  #merge(a: number, b: number): number {
    return this.#op === "sum" ? a + b : Math[this.#op](a, b);
  }
}
