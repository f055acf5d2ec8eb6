import { assigned } from "./assign.js";
import { BlockArray } from "./block-array.js";
import { checkCopies } from "./check-copies.js";
import type { DistributedArray } from "./distributed-array.js";
import { Distribution } from "./distribution.js";
import type { Scalar } from "./dtype.js";
import { gatherEverywhere, gatherTo, moved, transposed } from "./gather.js";
import { HaloPlan, type HaloOptions, type HaloWidths } from "./halo.js";
import { LocalArray } from "./local-array.js";
import { checkKind } from "../options.js";
import { reshaped } from "./reshape.js";
import { inferDims, reversedAxes, sameNumbers } from "./shape.js";
import { type Slice, sliced } from "./slices.js";

/** What moves elements of distributed arrays between ranks, or compares them: collective, all of it. */
export abstract class MovableArray extends BlockArray<DistributedArray> {
  /** This array, under the name of its class. */
  protected abstract readonly self: DistributedArray;

  /** The whole array on `root` (default 0), `undefined` elsewhere. Collective: one all-to-all. */
  toGlobal({ root = 0 }: { root?: number } = {}): Promise<LocalArray | undefined> {
    return gatherTo(root, this.self);
  }

  /** The whole array on every rank. Collective: one allgather. */
  asarray(): Promise<LocalArray> {
    return gatherEverywhere(this.self);
  }

  /**
   * A copy in another distribution of the same dims. Collective: one all-to-all, every element sent once. As in all moves
   * that send something, ranks compare first what they ask for, in a small allreduce: if one asks for something else,
   * all throw. Moves that send nothing compare it only if the distribution is `checked`.
   *
   * @throws {RangeError} On every rank, if they ask for different distributions.
   */
  async redistribute(to: Distribution): Promise<DistributedArray> {
    checkKind("redistribute", "to", to, Distribution);
    if (!sameNumbers(to.dims, this.self.distribution.dims)) {
      throw new RangeError(
        `redistribute: ${this.self.distribution.toString()} to ${to.toString()}; dims must be the same`,
      );
    }
    return moved("redistribute", this.self, to);
  }

  /**
   * A part of the array: a slice for each axis, `undefined` and missing ones for all of it. What a rank owns of it stays
   * there, in the same grid; axes that are given by one index are left out, and ranks that do not own that index hold
   * nothing. Collective; sends nothing, unless a step is negative: then one all-to-all, to balanced blocks.
   *
   * `(await x.slice([10, 20], 3)).asarray()` gathers a part everywhere, and no more than that.
   */
  slice(...slices: readonly Slice[]): Promise<DistributedArray> {
    return sliced(this.self, slices);
  }

  /**
   * Writes to a part of the array, chosen as by `slice`: all of it without slices. The value is a number, or an array
   * that is stretched to the part as in arithmetic; in a dtype that this array can hold. Collective. A number and a local
   * array must be the same on all ranks, and nothing is sent. A distributed one moves to the ranks that own the part in
   * one all-to-all, unless its blocks lie there; one that must be stretched across ranks is gathered on all.
   *
   * `await x.assign(0, [10, 20], 3)` sets elements 10 to 19 of column 3.
   *
   * @throws {RangeError | TypeError} If the value does not fit, in shape or dtype.
   */
  async assign(value: DistributedArray | LocalArray | Scalar, ...slices: readonly Slice[]): Promise<this> {
    await assigned(this.self, value, slices);
    return this;
  }

  /**
   * The same elements, in C order, in other dims, of which one may be −1: whatever is left. Collective: one
   * all-to-all; nothing is sent if the blocks of the result are made of those of this array.
   *
   * @param to - Default: split along the first axis, where this array's blocks end if whole rows do; else balanced.
   */
  reshape(dims: readonly number[], to?: Distribution): Promise<DistributedArray> {
    return reshaped(this.self, inferDims(dims, this.length), to);
  }

  /** All elements, in C order, as one axis; otherwise as `reshape`. Collective. */
  ravel(to?: Distribution): Promise<DistributedArray> {
    return reshaped(this.self, [this.length], to);
  }

  /**
   * The array with its axes in another order: axis k of the result is axis `axes[k]` of this one; default: reversed.
   * Collective: one all-to-all; nothing is sent if only one axis is split and the blocks may go with it.
   *
   * @param to - Default: grid and blocks in the order of the axes.
   */
  transpose(axes: readonly number[] = reversedAxes(this.ndim), to?: Distribution): Promise<DistributedArray> {
    return transposed(this.self, axes, to);
  }

  /**
   * This rank's block with `width` cells more on both sides of an axis (or [before, after], or that for every axis):
   * those of its neighbours, zeros beyond the ends of the array. Collective: ranks compare what they ask for in a small
   * allreduce. A program that needs the same halo again and again keeps a {@link HaloPlan}, which compares once.
   */
  async halo(
    width: number | HaloWidths | readonly HaloWidths[],
    options: HaloOptions = {},
  ): Promise<LocalArray> {
    const plan = new HaloPlan(this.self.distribution, width, options);
    const padded = new LocalArray(plan.paddedShape, this.dtype);
    await plan.pad(this.self, padded);
    return padded;
  }

  /**
   * Compares the copies of a replicated array, or of one that is held several times. Collective: one allgather of a
   * number a rank. A distribution that is `checked` does it by itself, before copies are relied on.
   *
   * @throws {Error} On every rank, if two differ in a bit; names the ranks, and the first element in which they do.
   */
  checkCopies(): Promise<void> {
    return checkCopies(this.self);
  }

  /** As `checkCopies`, if the distribution is `checked`; otherwise local. */
  async verify(): Promise<void> {
    if (this.self.distribution.checked) await checkCopies(this.self);
  }
}
