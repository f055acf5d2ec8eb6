/**
 * The free intervals [start, end) of an address range, sorted, never touching each other. First fit; a returned
 * interval merges with its neighbours. Costs grow with the number of free intervals, of which there are few.
 */
export class FreeList {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Takes `bytes` from the first interval that is long enough; undefined if none is. */
  take(bytes: number): number | undefined {
    for (let i = 0; i < this.#starts.length; i++) {
      const start = this.#starts[i];
      if (this.#ends[i] - start < bytes) continue;
      this.#starts[i] = start + bytes;
      if (this.#starts[i] === this.#ends[i]) this.#remove(i);
      return start;
    }
    return undefined;
  }

  /**
   * Gives `bytes` bytes at `start` back.
   * @throws {RangeError} If any of them is free already.
   */
  give(start: number, bytes: number): void {
    const end = start + bytes;
    const i = this.#firstAfter(start);
    const previousEnd = i > 0 ? this.#ends[i - 1] : -Infinity;
    const nextStart = i < this.#starts.length ? this.#starts[i] : Infinity;
    if (previousEnd > start || nextStart < end) {
      throw new RangeError(
        `FreeList: [${start}, ${end}) is free already, at least in part; give it back once`,
      );
    }
    if (previousEnd === start && nextStart === end) {
      this.#ends[i - 1] = this.#ends[i];
      this.#remove(i);
    } else if (previousEnd === start) this.#ends[i - 1] = end;
    else if (nextStart === end) this.#starts[i] = start;
    else {
      this.#starts.splice(i, 0, start);
      this.#ends.splice(i, 0, end);
    }
  }

  /** Bytes in the interval that ends at `end`: what growing the range there would add to. */
  bytesEndingAt(end: number): number {
    const i = this.#ends.lastIndexOf(end);
    return i < 0 ? 0 : end - this.#starts[i];
  }

  get bytes(): number {
    return this.#starts.reduce((sum, start, i) => sum + this.#ends[i] - start, 0);
  }

  /** The intervals, in order of address. */
  *[Symbol.iterator](): Generator<readonly [start: number, end: number]> {
    for (const [i, start] of this.#starts.entries()) yield [start, this.#ends[i]];
  }

  #firstAfter(address: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle] > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #remove(i: number): void {
    this.#starts.splice(i, 1);
    this.#ends.splice(i, 1);
  }
}
