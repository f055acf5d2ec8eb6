import type { Communicator } from "../comm/types.js";
import type { BlockVector } from "./blocks.js";
import { alongside } from "./broadcast.js";
import type { Distribution } from "./distribution.js";
import type { DType, Scalar, Storage } from "./dtype.js";
import { fromBlocks, scatterFrom } from "./gather.js";
import { LocalArray } from "./local-array.js";
import { MovableArray } from "./movable-array.js";
import { type BinaryName, binaryType, checkOperand, type UnaryName, unaryType } from "./operations.js";
import { reduceInto } from "./reduce-into.js";
import { show } from "./show.js";
import type { Totals } from "./totals.js";
import type { Reduction, Vector } from "./vector.js";

/**
 * An N-d array of which every rank holds the block that its {@link Distribution} says. Arithmetic is local and in
 * place; what communicates is awaited: reductions, `halo`, `redistribute`, and moving whole arrays.
 *
 * Reductions over a replicated array send nothing: every rank computes them from its own copy, so the copies must
 * have equal bits, as everything here leaves them.
 */
export class DistributedArray extends MovableArray implements BlockVector<DistributedArray> {
  readonly distribution: Distribution;
  readonly dtype: DType;
  /** This rank's block as an array of its own, over the same storage. */
  readonly block: LocalArray;

  /**
   * Zeros, or an array over the block `local` of this rank, which is not copied. Local.
   *
   * @throws {RangeError} If `local` has not the size of this rank's block.
   */
  constructor(distribution: Distribution, dtype: DType = "float64", local?: Storage) {
    super();
    this.distribution = distribution;
    this.dtype = dtype;
    this.block = new LocalArray(distribution.localShape, dtype, local);
  }

  /** The array whose element at a global index is `f(...index)`. Local: every rank computes its own block. */
  static fromFunction(
    distribution: Distribution,
    f: (...index: number[]) => Scalar,
    dtype: DType = "float64",
  ): DistributedArray {
    const array = new DistributedArray(distribution, dtype);
    array.block.fillFrom(f, distribution.localStart);
    return array;
  }

  /**
   * The array whose blocks come from the whole one on `root` (default 0); other ranks pass `undefined`. Collective:
   * a small broadcast, and one all-to-all.
   *
   * @throws {RangeError} On every rank, if the root's array has other dims, or there is none.
   */
  static fromGlobal(
    distribution: Distribution,
    full: LocalArray | undefined,
    { root = 0 }: { root?: number } = {},
  ): Promise<DistributedArray> {
    return scatterFrom(root, distribution, full);
  }

  /**
   * The array that the ranks' blocks make, one after the other along `axis` (default 0). Collective: one allgather of
   * their shapes. The blocks are not copied: `block` goes on being this rank's part.
   *
   * @throws {RangeError} On every rank, if the blocks differ along another axis.
   * @throws {TypeError} On every rank, if their dtypes differ.
   */
  static fromBlocks(
    comm: Communicator,
    block: LocalArray,
    options: { axis?: number } = {},
  ): Promise<DistributedArray> {
    return fromBlocks(comm, block, options);
  }

  protected get self(): DistributedArray {
    return this;
  }

  get space(): Distribution {
    return this.distribution;
  }

  /** The numbers of this rank's block, in C order; complex ones interleaved. Writing to it changes the array. */
  get local(): Storage {
    return this.block.local;
  }

  contribute(reduction: Reduction, other: Vector<unknown>, totals: Totals, slot: number): void {
    const y = this.#peer("dot", other);
    const { comm, replicated, primary, checked } = this.distribution;
    if (checked) for (const array of new Set([this, y])) totals.require(() => array.verify());
    if (replicated) reduceInto(reduction, this.block, y.block, (k, share) => totals.add(slot + k, share));
    else if (primary)
      reduceInto(reduction, this.block, y.block, (k, share) => totals.add(slot + k, share, comm));
    else totals.join(comm); // the first copy counts
  }

  axpy(alpha: Scalar, x: DistributedArray): this {
    this.block.axpy(alpha, this.#peer("axpy", x).block);
    return this;
  }

  xpay(alpha: Scalar, x: DistributedArray): this {
    this.block.xpay(alpha, this.#peer("xpay", x).block);
    return this;
  }

  scale(alpha: Scalar): this {
    this.block.scale(alpha);
    return this;
  }

  /** this ← this ∘ x, or this ∘ conj(x); `x` may be real where this array is complex. */
  multiply(x: DistributedArray, conjugate = false): this {
    this.block.multiply(this.#peer("multiply", x).block, conjugate);
    return this;
  }

  fill(value: Scalar): this {
    this.block.fill(value);
    return this;
  }

  conjugate(): this {
    this.block.conjugate();
    return this;
  }

  copyFrom(x: DistributedArray): this {
    this.block.copyFrom(this.#peer("copyFrom", x).block);
    return this;
  }

  combine(
    name: BinaryName,
    other: DistributedArray | LocalArray | Scalar,
    into?: DistributedArray,
  ): DistributedArray {
    const array = other instanceof DistributedArray || other instanceof LocalArray;
    if (!array) checkOperand(name, other);
    const dtype = binaryType(name, this.dtype, array ? other.dtype : other);
    if (!array) {
      const result = resultIn(name, this.distribution, dtype, into);
      this.block.combine(name, other, result.block);
      return result;
    }
    if (other instanceof DistributedArray) this.#sameRanks(name, other);
    const { space, x, y } = alongside(name, this, other);
    const result = resultIn(name, space, dtype, into);
    x.combine(name, y, result.block);
    if (x !== this.block) x[Symbol.dispose]();
    if (y !== other.block) y[Symbol.dispose]();
    return result;
  }

  map(name: UnaryName, into?: DistributedArray): DistributedArray {
    const result = resultIn(name, this.distribution, unaryType(name, this.dtype), into);
    this.block.map(name, result.block);
    return result;
  }

  like(dtype: DType = this.dtype): DistributedArray {
    return new DistributedArray(this.distribution, dtype);
  }

  /** A copy with storage of its own. */
  clone(): DistributedArray {
    return this.like().copyFrom(this);
  }

  /** This rank's block in a few lines. Local. */
  override toString(): string {
    return `DistributedArray ${show(this)}`;
  }

  /** What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Gives the block's memory back at once; the array must not be used afterwards. Local. */
  [Symbol.dispose](): void {
    this.block[Symbol.dispose]();
  }

  #peer(where: string, other: unknown): DistributedArray {
    if (!(other instanceof DistributedArray)) {
      throw new TypeError(`${where}: a distributed array with a vector of another kind`);
    }
    this.#sameRanks(where, other);
    checkSpace(where, this.distribution, other);
    return other;
  }

  #sameRanks(where: string, other: DistributedArray): void {
    const [comm, otherComm] = [this.distribution.comm, other.distribution.comm];
    if (comm === otherComm) return;
    throw new RangeError(
      `${where}: arrays on two communicators, ${comm.name} and ${otherComm.name}; use one for both`,
    );
  }
}

/** The array that is given for a result, or a new one. */
function resultIn(
  where: string,
  space: Distribution,
  dtype: DType,
  into: DistributedArray | undefined,
): DistributedArray {
  if (into) checkSpace(where, space, into);
  return into ?? space.zeros(dtype);
}

function checkSpace(where: string, space: Distribution, { distribution }: DistributedArray): void {
  if (space.equals(distribution)) return;
  const [ours, theirs] = [space.toString(), distribution.toString()];
  throw new RangeError(`${where}: distributions differ, ${ours} and ${theirs}; use redistribute`);
}
