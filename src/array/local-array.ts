import * as arithmetic from "./arithmetic.js";
import { assignLocally } from "./assign.js";
import { BlockArray } from "./block-array.js";
import { commonDims, facing, heldBy } from "./broadcast.js";
import type { BlockVector } from "./blocks.js";
import { checkDType, checkScalar, checkStorage, type DType, isComplex, numbersPerElement, type Scalar, type Storage } from "./dtype.js"; // prettier-ignore
import { applyBinary, applyUnary } from "./elementwise.js";
import { LocalSpace } from "./local-space.js";
import { checkNumbers, type Nested, unnest } from "./nested.js";
import { type BinaryName, binaryType, checkOperand, checkStorable, type UnaryName, unaryType } from "./operations.js"; // prettier-ignore
import { reduceInto } from "./reduce-into.js";
import { checkAxes, inferDims, reversedAxes } from "./shape.js";
import { show } from "./show.js";
import { type Slice, slicedLocally } from "./slices.js";
import { boxIn, copyBox, permuteBox } from "./strided-copy.js";
import type { Totals } from "./totals.js";
import type { Reduction, Vector } from "./vector.js";

/**
 * An N-d array on one rank. Local throughout: its reductions have a value as soon as they are called, and are
 * awaited only because those of other vectors must be.
 */
export class LocalArray extends BlockArray<LocalArray> implements BlockVector<LocalArray> {
  readonly space: LocalSpace;
  readonly dtype: DType;
  readonly local: Storage;

  /**
   * Zeros, or an array over `local`, which is not copied.
   *
   * @throws {RangeError} If `local` does not hold as many numbers as the shape has (twice as many if complex).
   */
  constructor(space: LocalSpace | readonly number[], dtype: DType = "float64", local?: Storage) {
    super();
    this.space = space instanceof LocalSpace ? space : new LocalSpace(space);
    checkDType("LocalArray", dtype);
    this.dtype = dtype;
    if (local) checkStorage("LocalArray", dtype, local);
    const numbers = this.space.size * numbersPerElement(dtype);
    if (local && local.length !== numbers) {
      throw new RangeError(
        `LocalArray: ${local.length} numbers given for ${dtype} ${this.space.toString()}; it needs ${numbers}`,
      );
    }
    this.local = local ?? arithmetic.allocate(dtype, this.space.size);
  }

  /**
   * The array of numbers as they are written down, as by `numpy.array`: `LocalArray.from([[1, 2], [3, 4]])`.
   *
   * @param dtype - Default: that of a typed array; else float64, or complex128 where there are complex numbers.
   * @throws {TypeError | RangeError} If something is no number, or rows are not equally long.
   */
  static from(values: Nested, dtype?: DType): LocalArray;
  /** The array of the given dims and numbers, in C order: real ones, or interleaved complex ones. */
  static from(dims: readonly number[], numbers: ArrayLike<number>, dtype?: DType): LocalArray;
  static from(first: Nested, second?: ArrayLike<number> | DType, third?: DType): LocalArray {
    if (second === undefined || typeof second === "string") {
      const { dims, numbers, dtype } = unnest("LocalArray.from", first, second);
      return LocalArray.#of(dims, numbers, dtype);
    }
    return LocalArray.#of(first as readonly number[], second, third);
  }

  static #of(dims: readonly number[], numbers: ArrayLike<number>, dtype: DType = "float64"): LocalArray {
    checkNumbers("LocalArray.from", numbers);
    const array = new LocalArray(dims, dtype);
    if (numbers.length !== array.local.length) {
      throw new RangeError(
        `LocalArray.from: ${numbers.length} numbers for ${dtype} [${dims.join(", ")}]; it needs ${array.local.length}`,
      );
    }
    array.local.set(numbers);
    return array;
  }

  /** The array whose element at an index is `f(...index)`. */
  static fromFunction(
    dims: readonly number[],
    f: (...index: number[]) => Scalar,
    dtype: DType = "float64",
  ): LocalArray {
    return new LocalArray(dims, dtype).fillFrom(f);
  }

  get block(): LocalArray {
    return this;
  }

  /** Nothing: there is one copy. */
  async verify(): Promise<void> {}

  contribute(reduction: Reduction, other: Vector<unknown>, totals: Totals, slot: number): void {
    const y = this.#peer("dot", other);
    reduceInto(reduction, this, y, (offset, share) => totals.add(slot + offset, share));
  }

  axpy(alpha: Scalar, x: LocalArray): this {
    this.#same("axpy", x, alpha);
    arithmetic.axpy(alpha, x.local, this.local);
    return this;
  }

  xpay(alpha: Scalar, x: LocalArray): this {
    this.#same("xpay", x, alpha);
    arithmetic.xpay(alpha, x.local, this.local);
    return this;
  }

  scale(alpha: Scalar): this {
    this.#admit("scale", alpha);
    arithmetic.scale(alpha, this.local);
    return this;
  }

  /** this ← this ∘ x, or this ∘ conj(x); `x` may be real where this array is complex. */
  multiply(x: LocalArray, conjugate = false): this {
    this.#peer("multiply", x);
    if (x.dtype !== this.dtype && (isComplex(x.dtype) || !isComplex(this.dtype))) {
      throw new TypeError(`multiply: a ${this.dtype} array by a ${x.dtype} one; convert with copyFrom first`);
    }
    arithmetic.multiply(x.local, x.dtype, this.local, this.dtype, conjugate);
    return this;
  }

  fill(value: Scalar): this {
    this.#admit("fill", value);
    arithmetic.fill(value, this.local, this.dtype);
    return this;
  }

  conjugate(): this {
    if (isComplex(this.dtype)) arithmetic.conjugate(this.local);
    return this;
  }

  copyFrom(x: LocalArray): this {
    this.#peer("copyFrom", x);
    if (isComplex(x.dtype) && !isComplex(this.dtype)) {
      throw new TypeError(
        `copyFrom: a ${x.dtype} array into a ${this.dtype} one would lose the imaginary part`,
      );
    }
    arithmetic.convert(x.local, x.dtype, this.local, this.dtype);
    return this;
  }

  like(dtype: DType = this.dtype): LocalArray {
    return new LocalArray(this.space, dtype);
  }

  /** A copy with storage of its own. */
  clone(): LocalArray {
    return this.like().copyFrom(this);
  }

  combine(name: BinaryName, other: LocalArray | Scalar, into?: LocalArray): LocalArray {
    if (!(other instanceof LocalArray)) return this.#combined(name, other, into);
    if (this.space.equals(other.space)) return this.#combined(name, other, into);
    const dims = commonDims(name, this.space.dims, other.space.dims);
    const box = { start: dims.map(() => 0), shape: dims };
    const [x, y] = [this, other].map((array) => facing(array, heldBy(array), box));
    const result = x.#combined(name, y, into);
    if (x !== this) x[Symbol.dispose]();
    if (y !== other) y[Symbol.dispose]();
    return result;
  }

  map(name: UnaryName, into?: LocalArray): LocalArray {
    const result = this.#resultIn(name, unaryType(name, this.dtype), into);
    applyUnary(name, this.local, this.dtype, result.local, result.dtype);
    return result;
  }

  /** Sets every element to `f` of its index plus `start`. */
  fillFrom(f: (...index: number[]) => Scalar, start: readonly number[] = this.space.localStart): this {
    const step = numbersPerElement(this.dtype);
    const index = [...start];
    const { dims, size } = this.space;
    for (let i = 0; i < size; i++) {
      const value = f(...index);
      this.#admit("fromFunction", value);
      this.local[step * i] = typeof value === "number" ? value : value.re;
      if (step === 2) this.local[2 * i + 1] = typeof value === "number" ? 0 : value.im;
      advance(index, start, dims);
    }
    return this;
  }

  /** The same numbers in other dims of equal size, of which one may be −1: whatever is left. Nothing is copied. */
  reshape(dims: readonly number[]): LocalArray {
    return new LocalArray(inferDims(dims, this.length), this.dtype, this.local);
  }

  /** The same numbers as one axis; nothing is copied. */
  ravel(): LocalArray {
    return this.reshape([this.length]);
  }

  /** A copy with its axes in another order: axis k of the result is axis `axes[k]` of this one; default: reversed. */
  transpose(axes: readonly number[] = reversedAxes(this.space.dims.length)): LocalArray {
    const { dims } = this.space;
    checkAxes("transpose", axes, dims.length);
    const result = new LocalArray(axes.map((axis) => dims[axis]), this.dtype); // prettier-ignore
    const from = permuteBox(boxIn(this.local, dims, this.space.localStart), axes);
    const to = boxIn(result.local, result.space.dims, result.space.localStart);
    copyBox(result.space.dims, from, to, numbersPerElement(this.dtype));
    return result;
  }

  /** A copy of a part: a slice for each axis, `undefined` and missing ones for all of it. */
  slice(...slices: readonly Slice[]): LocalArray {
    return slicedLocally(this, slices);
  }

  /**
   * Writes to a part, chosen as by `slice`: all of it without slices. The value is a number, or an array that is stretched
   * to the part as in arithmetic; in a dtype that this array can hold.
   *
   * @throws {RangeError | TypeError} If the value does not fit, in shape or dtype.
   */
  assign(value: LocalArray | Scalar, ...slices: readonly Slice[]): this {
    assignLocally(this, value, slices);
    return this;
  }

  /** The array in a few lines. */
  override toString(): string {
    return `LocalArray ${show(this)}`;
  }

  /** What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Gives the memory back at once; neither the array nor views of it may be used afterwards. */
  [Symbol.dispose](): void {
    arithmetic.release(this.local);
  }

  /** Of an array of the same shape, or a number. */
  #combined(name: BinaryName, other: LocalArray | Scalar, into?: LocalArray): LocalArray {
    const array = other instanceof LocalArray;
    if (!array) checkOperand(name, other);
    const dtype = binaryType(name, this.dtype, array ? other.dtype : other);
    const result = this.#resultIn(name, dtype, into);
    applyBinary(name, operandOf(this), array ? operandOf(other) : other, result.local, result.dtype);
    return result;
  }

  #resultIn(name: string, dtype: DType, into: LocalArray | undefined): LocalArray {
    if (into) checkStorable(name, dtype, this.#peer(name, into).dtype);
    return into ?? this.like(dtype);
  }

  #peer(where: string, other: unknown): LocalArray {
    if (!(other instanceof LocalArray))
      throw new TypeError(`${where}: a local array with a vector of another kind`);
    if (!this.space.equals(other.space)) {
      throw new RangeError(`${where}: shapes differ, ${this.space.toString()} and ${other.space.toString()}`);
    }
    return other;
  }

  #same(where: string, x: LocalArray, alpha: Scalar): void {
    this.#peer(where, x);
    this.#admit(where, alpha);
    if (x.dtype !== this.dtype) {
      throw new TypeError(
        `${where}: a ${this.dtype} array with a ${x.dtype} one; convert with copyFrom first`,
      );
    }
  }

  #admit(where: string, value: Scalar): void {
    if (typeof value === "number") return;
    checkScalar(where, value);
    if (!isComplex(this.dtype)) {
      throw new TypeError(`${where}: complex coefficient for a ${this.dtype} array; make the array complex`);
    }
  }
}

function operandOf({ local, dtype }: LocalArray) {
  return { storage: local, dtype };
}

/** The next index in C order, of a block of `shape` that starts at `start`. */
function advance(index: number[], start: readonly number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (++index[axis] < start[axis] + shape[axis]) return;
    index[axis] = start[axis];
  }
}
