import type { Communicator } from "../comm/types.js";
import { agreeOn, type Asked } from "./agree-on.js";
import { TAGS, tagOf } from "./hash.js";

/**
 * Partial results of several reductions on their way to one message. Every vector adds its rank's share; shares of
 * distributed vectors still have to be combined over their communicator, those of local and of replicated vectors
 * are complete. `combine` then takes one allreduce per communicator, whatever the number of vectors, and none at all
 * if every share is complete.
 */
export class Totals {
  readonly #count: number;
  readonly #op: "sum" | "max" | "min";
  readonly #asked: Asked | undefined;
  readonly #complete: Float64Array;
  readonly #checks: (() => Promise<void>)[] = [];
  readonly #partial = new Map<Communicator, Float64Array>();

  /**
   * @param op - How shares combine; `"max"` is of numbers from 0 on.
   * @param asked - What must be the same on all ranks: compared by two numbers more in the same message.
   */
  constructor(count: number, op: "sum" | "max" | "min" = "sum", asked?: Asked) {
    this.#count = count;
    this.#op = op;
    this.#asked = asked;
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
    let shares = this.#partial.get(comm);
    if (!shares) {
      shares = this.#nothing(this.#asked && tagsOf(this.#asked, this.#op));
      this.#partial.set(comm, shares);
    }
    return shares;
  }

  /**
   * The totals, with the same bits on every rank. Collective over the communicators of the shares.
   *
   * @throws {RangeError} On every rank, if one asked for something else.
   */
  async combine(): Promise<Float64Array> {
    for (const check of this.#checks) await check();
    const total = this.#complete;
    for (const [comm, shares] of this.#partial) {
      await comm.allreduce(shares, { op: this.#op, into: shares });
      const [a, b] = shares.subarray(this.#count);
      if (this.#asked && !(this.#op === "sum" ? a * a === comm.size * b : a + b === TAGS))
        await agreeOn(comm, this.#asked);
      for (let slot = 0; slot < total.length; slot++) total[slot] = this.#merge(total[slot], shares[slot]);
    }
    return total;
  }

  #nothing(tags: readonly number[] = []): Float64Array {
    const nothing = new Float64Array(this.#count + tags.length).fill(this.#op === "min" ? Infinity : 0);
    nothing.set(tags, this.#count);
    return nothing;
  }

  #merge(a: number, b: number): number {
    return this.#op === "sum" ? a + b : Math[this.#op](a, b);
  }
}

/**
 * Two numbers whose totals show whether all P ranks have the same t < 2²⁰. The largest (or least) t and 2²⁰ − t add up to
 * 2²⁰ only then; and only then the square of Σ t is P Σ t², by Cauchy and Schwarz.
 */
function tagsOf(asked: Asked, op: "sum" | "max" | "min"): readonly [number, number] {
  const tag = tagOf(asked);
  return [tag, op === "sum" ? tag * tag : TAGS - tag];
}
