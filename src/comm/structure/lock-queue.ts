/** A wish to hold a lock. */
export interface Wish {
  /** Rank in the communicator. */
  readonly source: number;
  readonly exclusive: boolean;
  grant(): void;
  refuse(): void;
}

/** One exclusive holder, or any number of shared ones; first come, first served, so that nobody is passed over for ever. */
export class LockQueue {
  #holders: Wish[] = [];
  #waiting: Wish[] = [];

  want(wish: Wish): void {
    this.#waiting.push(wish);
    this.#grant();
  }

  release(source: number): void {
    const held = this.#holders.findIndex((holder) => holder.source === source);
    if (held >= 0) this.#holders.splice(held, 1);
    this.#grant();
  }

  /** A rank holds and wants nothing any more. */
  forget(source: number): void {
    for (const wish of this.#waiting) if (wish.source === source) wish.refuse();
    this.#waiting = this.#waiting.filter((wish) => wish.source !== source);
    this.#holders = this.#holders.filter((wish) => wish.source !== source);
    this.#grant();
  }

  #grant(): void {
    for (let next = this.#waiting.at(0); next !== undefined; next = this.#waiting.at(0)) {
      const alone = next.exclusive || this.#holders.some((holder) => holder.exclusive);
      if (alone && this.#holders.length > 0) return;
      this.#waiting.shift();
      this.#holders.push(next);
      next.grant();
    }
  }
}
