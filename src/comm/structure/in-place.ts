import type { CombineOptions, Element, PlaceOptions } from "../api/windows.js";
import { checkOptions } from "../../options.js";
import type { Into, TypedArray } from "../types.js";
import { firstOf, store } from "./access.js";
import type { Part } from "./part.js";
import { type Access, WindowArguments } from "./window-arguments.js";

const COMBINED = ["displ", "op"];

/** The accesses of a shared window: this rank carries each out itself, before the call returns. */
export abstract class InPlace<A extends TypedArray> {
  readonly #checked: WindowArguments<A>;

  constructor(checked: WindowArguments<A>) {
    this.#checked = checked;
  }

  put(values: A, target: number, options: PlaceOptions = {}): void {
    checkOptions("put", options, ["displ"]);
    this.#combine(this.#checked.access("put", values, target, options, "replace"));
  }

  get(target: number, options: PlaceOptions & { count?: number } & Partial<Into<A>> = {}): A {
    checkOptions("get", options, ["displ", "count", "into"]);
    const reading = this.#checked.reading(target, options);
    if (reading === undefined) return this.#checked.nothing(options.into);
    return this.part(reading.target).readInto(reading.position, reading.into);
  }

  accumulate(values: A, target: number, options: CombineOptions = {}): void {
    checkOptions("accumulate", options, COMBINED);
    this.#combine(this.#checked.access("accumulate", values, target, options, options.op ?? "sum"));
  }

  getAccumulate(values: A, target: number, options: CombineOptions & Partial<Into<A>> = {}): A {
    const name = "getAccumulate";
    checkOptions(name, options, [...COMBINED, "into"]);
    const access = this.#checked.access(name, values, target, options, options.op ?? "sum");
    const result = this.#checked.before(name, options.into, access);
    if (access !== undefined) store(result, this.#getAndCombine(access));
    return result;
  }

  fetchAndOp(value: Element<A>, target: number, options: CombineOptions = {}): Element<A> | undefined {
    checkOptions("fetchAndOp", options, COMBINED);
    const access = this.#checked.one("fetchAndOp", value, target, options, options.op ?? "sum");
    return access && firstOf(this.#getAndCombine(access));
  }

  compareAndSwap(
    expected: Element<A>,
    value: Element<A>,
    target: number,
    options: PlaceOptions = {},
  ): Element<A> | undefined {
    checkOptions("compareAndSwap", options, ["displ"]);
    const access = this.#checked.swap(expected, value, target, options);
    return access && firstOf(this.part(target).compareAndSwap(access.position, access.values));
  }

  /** The segment of a rank, and what keeps others out of it. */
  protected abstract part(rank: number): Part<A>;

  #combine(access: Access<A> | undefined): void {
    if (access !== undefined) this.part(access.target).combine(access.op, access.position, access.values);
  }

  #getAndCombine({ target, op, position, values }: Access<A>): A {
    return this.part(target).getAndCombine(op, position, values);
  }
}
