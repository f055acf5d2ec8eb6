import type { WindowOp } from "../api/windows.js";
import type { TypedArray } from "../types.js";
import { apply, slice, store } from "./access.js";
import { alone, type Guard } from "./region.js";

/**
 * What a rank offers in a window, for whoever works on it: the rank itself for others that ask it, or a rank that shares
 * the memory. Every access is whole: no other one sees or changes the elements in the middle of it.
 */
export class Part<A extends TypedArray> {
  readonly #array: A;
  readonly #guard: Guard;

  constructor(array: A, guard: Guard = alone) {
    this.#array = array;
    this.#guard = guard;
  }

  /** A copy of `count` elements. */
  read(displ: number, count: number): A {
    return this.#guard(() => slice(this.#array, displ, count).slice() as A);
  }

  readInto(displ: number, into: A): A {
    this.#guard(() => store(into, slice(this.#array, displ, into.length)));
    return into;
  }

  combine(op: WindowOp, displ: number, values: A): void {
    this.#guard(() => apply(op, slice(this.#array, displ, values.length), values));
  }

  /** What was there before. */
  getAndCombine(op: WindowOp, displ: number, values: A): A {
    return this.#guard(() => {
      const part = slice(this.#array, displ, values.length);
      const before = part.slice() as A;
      apply(op, part, values);
      return before;
    });
  }

  /** Writes the second of two values if the first is there; what was there before. */
  compareAndSwap(displ: number, [expected, value]: A): A {
    return this.#guard(() => {
      const part = slice(this.#array, displ, 1);
      const before = part.slice() as A;
      if (before[0] === expected) part[0] = value;
      return before;
    });
  }
}
