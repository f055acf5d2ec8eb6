import type { Element, WindowOp } from "../api/windows.js";
import { checkRank } from "../arguments.js";
import { codeOf, nameOf } from "../envelope.js";
import { PROC_NULL, type TypedArray } from "../types.js";
import { alike, checkWindowOp } from "./access.js";
import type { Proposed } from "./proposals.js";

/** What is to be done with elements of a target's part. */
export interface Access<A extends TypedArray> {
  /** The call, for errors. */
  readonly name: string;
  readonly op: WindowOp;
  readonly target: number;
  readonly position: number;
  readonly values: A;
}

/** Elements of a target's part, and where they are to be written. */
export interface Reading<A extends TypedArray> {
  readonly target: number;
  readonly position: number;
  readonly into: A;
}

interface At {
  readonly displ?: number;
}

interface Place {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
}

/**
 * The arguments of accesses to a window, checked: whatever is wrong is an error before anything happens. Where the
 * target is PROC_NULL there is nothing to be done, and `undefined` in place of an access.
 */
export class WindowArguments<A extends TypedArray> {
  readonly #comm: Place;
  readonly #local: A;
  readonly #lengths: readonly number[];

  /**
   * @param local - This rank's part; all have its type.
   * @param lengths - Of all ranks' parts.
   */
  constructor(comm: Place, local: A, lengths: readonly number[]) {
    this.#comm = comm;
    this.#local = local;
    this.#lengths = lengths;
  }

  /** For `put` and whatever combines values with what is there. */
  access(name: string, values: A, target: number, { displ = 0 }: At, op: WindowOp): Access<A> | undefined {
    this.target(name, target);
    this.#type(name, values);
    checkWindowOp(name, op, values, this.#comm.rank);
    if (target === PROC_NULL) return undefined;
    this.#range(name, target, displ, values.length);
    return { name, op, target, position: displ, values };
  }

  /** For one element that is combined with a value. */
  one(name: string, value: Element<A>, target: number, at: At, op: WindowOp): Access<A> | undefined {
    return this.access(name, this.#elements(name, [value]), target, at, op);
  }

  /** For `get`; by default as many elements as `into` has, or all from `displ` on. */
  reading(
    target: number,
    { displ = 0, count: wanted, into }: At & { readonly count?: number; readonly into?: A },
  ): Reading<A> | undefined {
    this.target("get", target);
    if (into !== undefined) this.#type("get", into);
    if (target === PROC_NULL) return undefined;
    const count = wanted ?? into?.length ?? Math.max(0, this.#lengths[target] - displ);
    if (into !== undefined && into.length !== count)
      throw new RangeError(
        `get: count is ${count} and into has ${into.length} elements on rank ${this.#comm.rank}; pass one of them`,
      );
    this.#range("get", target, displ, count);
    return { target, position: displ, into: into ?? alike(this.#local, count) };
  }

  /** For `getAccumulate`: where what was there before goes. */
  before(name: string, into: A | undefined, access: Access<A> | undefined): A {
    if (into !== undefined) this.#type(name, into);
    if (access === undefined) return this.nothing(into);
    const { length } = access.values;
    if (into !== undefined && into.length !== length)
      throw new RangeError(
        `${name}: ${length} values and into has ${into.length} elements on rank ${this.#comm.rank}; use equal lengths`,
      );
    return into ?? alike(this.#local, length);
  }

  /** For `compareAndSwap`: the two values. */
  swap(expected: Element<A>, value: Element<A>, target: number, { displ = 0 }: At): Access<A> | undefined {
    const name = "compareAndSwap";
    const values = this.#elements(name, [expected, value]);
    this.target(name, target);
    if (target === PROC_NULL) return undefined;
    this.#range(name, target, displ, 1);
    return { name, op: "replace", target, position: displ, values };
  }

  /** What there is to be read from PROC_NULL. */
  nothing(into: A | undefined): A {
    return into ?? alike(this.#local, 0);
  }

  target(name: string, target: number): void {
    checkRank(this.#comm, name, "target", target);
  }

  #elements(name: string, values: readonly Element<A>[]): A {
    const wants = typeof alike(this.#local, 1)[0];
    const odd = values.find((value) => typeof value !== wants);
    if (odd !== undefined)
      throw new TypeError(
        `${name}: rank ${this.#comm.rank} passes a ${typeof odd}, the elements of a ${this.#local.constructor.name} are ${wants}s`,
      );
    return alike(this.#local, values);
  }

  #type(name: string, values: TypedArray): void {
    if (codeOf(values) === codeOf(this.#local) && values.constructor === this.#local.constructor) return;
    throw new TypeError(
      `${name}: rank ${this.#comm.rank} passes ${nameOf(codeOf(values))}, the window holds ${nameOf(codeOf(this.#local))}; ` +
        `use the same type`,
    );
  }

  #range(name: string, target: number, displ: number, count: number): void {
    const length = this.#lengths[target];
    const counts = [displ, count].every((n) => Number.isSafeInteger(n) && n >= 0);
    if (counts && displ + count <= length) return;
    throw new RangeError(
      `${name}: ${count} elements from ${displ} on are not within the ${length} that rank ${target} has in the window ` +
        `(rank ${this.#comm.rank})`,
    );
  }
}

/** Checks that all ranks offer the same element type; their first detail. */
export function checkTypes(where: string, all: readonly Proposed[]): void {
  const [first, ...others] = all;
  const odd = others.find(({ details }) => details[0] !== first.details[0]);
  if (odd === undefined) return;
  throw new TypeError(
    `${where}: rank ${first.rank} passes ${nameOf(first.details[0])} and rank ${odd.rank} ${nameOf(odd.details[0])}; use the same type`,
  );
}
