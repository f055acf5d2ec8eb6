import { ArithmeticVector } from "./arithmetic-vector.js";
import { type DType, promote, type Scalar } from "./dtype.js";
import { LocalArray } from "./local-array.js";
import { MovableArray } from "./movable-array.js";
import { shown } from "../options.js";
import type { BinaryName, UnaryName } from "./operations.js";
import type { Totals } from "./totals.js";
import type { AnyVector, Reduction, Space, Vector } from "./vector.js";

/** The stacks whose members live in the given spaces. */
export class StackedSpace<V extends AnyVector = AnyVector> implements Space<StackedArray<V>> {
  readonly spaces: readonly Space<V>[];
  readonly size: number;

  /** @throws {RangeError} If there is no space. */
  constructor(spaces: readonly Space<V>[]) {
    if (spaces.length === 0) throw new RangeError("StackedSpace: no members; give one space at least");
    this.spaces = [...spaces];
    this.size = spaces.reduce((sum, space) => sum + space.size, 0);
  }

  /** A stack counts as one long axis. */
  get dims(): readonly number[] {
    return [this.size];
  }

  zeros(dtype: DType = "float64"): StackedArray<V> {
    return new StackedArray(this.spaces.map((space) => space.zeros(dtype)));
  }

  equals(other: unknown): boolean {
    if (this === other) return true;
    return (
      other instanceof StackedSpace &&
      this.spaces.length === other.spaces.length &&
      this.spaces.every((space, i) => space.equals(other.spaces[i]))
    );
  }

  toString(): string {
    return `stack of ${this.spaces.map((space) => space.toString()).join("; ")}`;
  }
}

/**
 * Several vectors taken as one long one: the data of a stack of operators. Members may be of any kind, stacks
 * included. A reduction over a stack is one allreduce, as over a single vector, if its members share a communicator.
 */
export class StackedArray<V extends AnyVector = AnyVector> extends ArithmeticVector<StackedArray<V>> {
  readonly space: StackedSpace<V>;
  readonly members: readonly V[];

  /** @throws {RangeError} If there is no member. */
  constructor(members: readonly V[]) {
    super();
    checkList(members);
    this.space = new StackedSpace<V>(members.map((member) => spaceOf(member)));
    this.members = [...members];
  }

  /** What the dtypes of the members promote to. */
  get dtype(): DType {
    return this.members.map((member) => member.dtype).reduce(promote);
  }

  contribute(reduction: Reduction, other: Vector<unknown>, totals: Totals, slot: number): void {
    this.#withEach("dot", other, (member, peer) => member.contribute(reduction, peer, totals, slot));
  }

  axpy(alpha: Scalar, x: StackedArray<V>): this {
    return this.#withEach("axpy", x, (member, peer) => member.axpy(alpha, peer));
  }

  xpay(alpha: Scalar, x: StackedArray<V>): this {
    return this.#withEach("xpay", x, (member, peer) => member.xpay(alpha, peer));
  }

  scale(alpha: Scalar): this {
    return this.#forEach((member) => member.scale(alpha));
  }

  multiply(x: StackedArray<V>, conjugate = false): this {
    return this.#withEach("multiply", x, (member, peer) => member.multiply(peer, conjugate));
  }

  fill(value: Scalar): this {
    return this.#forEach((member) => member.fill(value));
  }

  conjugate(): this {
    return this.#forEach((member) => member.conjugate());
  }

  copyFrom(x: StackedArray<V>): this {
    return this.#withEach("copyFrom", x, (member, peer) => member.copyFrom(peer));
  }

  combine(name: BinaryName, other: StackedArray<V> | Scalar, into?: StackedArray<V>): StackedArray<V> {
    if (into) this.#checkPeer(name, into);
    if (other instanceof StackedArray) this.#checkPeer(name, other);
    return this.#collect(name, (member, i) =>
      member.combine(name, other instanceof StackedArray ? other.members[i] : other, into?.members[i]),
    );
  }

  map(name: UnaryName, into?: StackedArray<V>): StackedArray<V> {
    if (into) this.#checkPeer(name, into);
    return this.#collect(name, (member, i) => member.map(name, into?.members[i]));
  }

  like(dtype?: DType): StackedArray<V> {
    return new StackedArray(
      this.members.map((member, i) => this.space.spaces[i].zeros(dtype ?? member.dtype)),
    );
  }

  /**
   * All elements, member by member, each in C order, as one axis on every rank. Collective: one allgather for each
   * distributed member.
   *
   * @throws {TypeError} For members that are vectors of the user's own.
   */
  async asarray(): Promise<LocalArray> {
    const whole = new LocalArray([this.space.size], this.dtype);
    let start = 0;
    for (const member of this.members) {
      const { local, dtype } = await wholeOf(member);
      const flat = new LocalArray([member.length], dtype, local);
      whole.assign(flat, [start, (start += member.length)]);
    }
    return whole;
  }

  /** A copy with storage of its own. */
  clone(): StackedArray<V> {
    return this.like().copyFrom(this);
  }

  /** All members, one below the other. Local. */
  override toString(): string {
    const members = this.members.map((member) => String(member).replaceAll("\n", "\n  "));
    return [`StackedArray of ${members.length}, ${this.dtype} [${this.length}]`, ...members].join("\n  ");
  }

  /** What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Gives the memory of all members back at once; none may be used afterwards. Local. */
  [Symbol.dispose](): void {
    for (const member of this.members) member[Symbol.dispose]?.();
  }

  #forEach(change: (member: V) => unknown): this {
    this.members.forEach(change);
    return this;
  }

  #withEach(where: string, other: unknown, change: (member: V, peer: V) => unknown): this {
    const { members } = this.#checkPeer(where, other);
    this.members.forEach((member, i) => change(member, members[i]));
    return this;
  }

  /** The stack of what members become that have arithmetic: all but vectors of the user's own. */
  #collect(
    where: string,
    change: (member: ArithmeticVector<unknown>, i: number) => unknown,
  ): StackedArray<V> {
    const results = this.members.map((member, i) => {
      if (!(member instanceof ArithmeticVector))
        throw new TypeError(
          `${where}: member ${i} has no elementwise arithmetic; use axpy, scale or multiply`,
        );
      return change(member as ArithmeticVector<unknown>, i) as V; // of the kind of the member
    });
    return new StackedArray(results);
  }

  #checkPeer(where: string, other: unknown): StackedArray<V> {
    if (!(other instanceof StackedArray))
      throw new TypeError(`${where}: a stack with a vector of another kind`);
    if (other.members.length !== this.members.length) {
      throw new RangeError(`${where}: stacks of ${this.members.length} and ${other.members.length} members`);
    }
    return other as StackedArray<V>;
  }
}

async function wholeOf(member: AnyVector): Promise<LocalArray> {
  if (member instanceof LocalArray) return member;
  if (member instanceof MovableArray || member instanceof StackedArray) return member.asarray();
  throw new TypeError("asarray: a member that is not local, distributed or stacked; gather it yourself");
}

/** @throws {TypeError} Unless it is one. */
function checkList(given: unknown): void {
  if (!Array.isArray(given))
    throw new TypeError(`StackedArray: ${shown(given)}; give arrays in one list, [x, y]`);
}

/**
 * A vector of type V comes from a space of such vectors.
 *
 * @throws {TypeError} If it is no vector.
 */
function spaceOf<V extends AnyVector>(member: V): Space<V> {
  if (typeof member !== "object" || !("space" in member))
    throw new TypeError(`StackedArray: ${shown(member)} is no array`);
  return member.space as Space<V>;
}
