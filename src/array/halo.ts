import { agreeOn, type Asked } from "./agree-on.js";
import { channelOf } from "./channel.js";
import type { DistributedArray } from "./distributed-array.js";
import type { Distribution } from "./distribution.js";
import { numbersPerElement } from "./dtype.js";
import { type HaloAxis, paddedLength, widthsAt } from "./halo-runs.js";
import { HaloTransfers } from "./halo-transfers.js";
import { LocalArray } from "./local-array.js";
import { NeighbourExchange } from "./neighbour-exchange.js";
import { alongAxis, normalizeAxis, sameNumbers, stridesOf } from "./shape.js";
import { type BoxView, boxIn, copyBox } from "./strided-copy.js";
import { checkOptions } from "../options.js";

/** Cells before and after a block along one axis. */
export type HaloWidths = readonly [before: number, after: number];

export interface HaloOptions {
  /** Axis along which cells are exchanged, where widths are given for one; default 0. */
  axis?: number;
  /** Axes close to rings: what lies before the first cell is the last one. One for all, or one each. */
  periodic?: boolean | readonly boolean[];
  /** Blocks at the ends of the array have no halo beyond it; default false: zeros are there. */
  trim?: boolean;
}

/**
 * The exchange of halo cells along one or more axes of a distribution, made once and used for every product.
 *
 * Whom to talk to follows from the distribution alone: each rank asks the owners of the cells that it wants, near
 * or far, corners included, so that halos may be wider than blocks and blocks may be empty. All receives and sends
 * are posted at once, one message to each rank that wants something, whatever the number of axes; an exchange costs
 * one message latency, and allocates no buffer after the first.
 */
export class HaloPlan {
  /** Shape of this rank's block with its halo; an axis along which the block is empty has none. */
  readonly paddedShape: readonly number[];
  /** Of this rank's block, along every axis. */
  readonly widths: readonly HaloWidths[];
  /** The axis of the options, and the halo of this rank's block along it; an empty block has none. */
  readonly axis: number;
  readonly before: number;
  readonly after: number;
  readonly #distribution: Distribution;
  readonly #axes: readonly HaloAxis[];
  readonly #exchange: NeighbourExchange;
  /** What is still to be compared. */
  #toCompare: Asked | undefined;

  /**
   * Every rank makes it, though no message is sent.
   *
   * @param width - Cells on both sides, or [before, after], along one axis; or [before, after] for each axis.
   * @param compared - Ranks have made sure elsewhere that they ask for the same. Default: they do before the first exchange,
   *   in one small allreduce.
   * @throws {RangeError} If a width is negative, or there is no such axis.
   */
  constructor(
    distribution: Distribution,
    width: number | HaloWidths | readonly HaloWidths[],
    options: HaloOptions = {},
    compared = false,
  ) {
    checkOptions("HaloPlan", options, ["axis", "periodic", "trim"]);
    const { dims, localShape, comm } = distribution;
    this.#distribution = distribution;
    this.axis = normalizeAxis("HaloPlan", options.axis ?? 0, dims.length);
    const { periodic = false, trim = false } = options;
    this.#axes = widthsOf(width, this.axis, dims).map(([before, after], axis): HaloAxis => {
      const ring = typeof periodic === "boolean" ? periodic : periodic[axis];
      return { offsets: distribution.offsets(axis), before, after, periodic: ring, trim };
    });
    const asked = this.#axes.map(({ before, after, periodic: ring }) => [before, after, ring]);
    if (!compared) this.#toCompare = ["halo", distribution.describe(), asked, trim];
    const me = distribution.coordinatesOf(comm.rank);
    this.widths = this.#axes.map((axis, k) => (me ? widthsAt(axis, me[k]) : [0, 0]));
    [this.before, this.after] = localShape.includes(0) ? [0, 0] : this.widths[this.axis];
    this.paddedShape = me ? this.#axes.map((axis, k) => paddedLength(axis, me[k])) : localShape;
    const transfers = new HaloTransfers(distribution, this.#axes);
    this.#exchange = new NeighbourExchange(
      channelOf(comm),
      me ? transfers.askedOf(me) : [],
      me ? transfers.wantedBy(me) : [],
    );
  }

  /**
   * Copies the block of `x` into the middle of `padded`, and the cells of the neighbours around it; zeros beyond the
   * ends of the array. Collective.
   *
   * @throws {RangeError} If `padded` has not `paddedShape` and the dtype of `x`, or `x` another distribution.
   */
  async pad(x: DistributedArray, padded: LocalArray): Promise<void> {
    this.#check(x, padded);
    if (this.#toCompare) await this.#agree(this.#toCompare);
    this.widths.forEach(([before, after], axis) => {
      clearCells(padded, axis, 0, before);
      clearCells(padded, axis, this.paddedShape[axis] - after, after);
    });
    const exchanged = this.#exchange.forth(x.dtype, x.local, ({ to }) => ({ storage: padded.local, ...to }));
    this.embed(x.block, padded); // while messages travel
    await exchanged;
  }

  /**
   * The adjoint of `pad`: the block of `x` becomes the middle of `padded`, plus what all halos hold of its cells.
   * Collective, as many messages as `pad`, in the other direction.
   *
   * @throws {RangeError} As `pad`.
   */
  async fold(padded: LocalArray, x: DistributedArray): Promise<void> {
    this.#check(x, padded);
    if (this.#toCompare) await this.#agree(this.#toCompare);
    this.crop(padded, x.block);
    await this.#exchange.back(x.dtype, x.local, ({ to }) => ({ storage: padded.local, ...to }));
  }

  /** The block of a padded one, without its halo. Local. */
  crop(padded: LocalArray, block: LocalArray): void {
    copyBox(block.space.dims, this.#inside(padded), viewOf(block), numbersPerElement(block.dtype));
  }

  /** Copies the block into the middle of the padded one; the halo stays as it is. Local. */
  embed(block: LocalArray, padded: LocalArray): void {
    copyBox(block.space.dims, viewOf(block), this.#inside(padded), numbersPerElement(block.dtype));
  }

  /**
   * Of a halo along one axis: fills the first `before` cells of one array and the last `after` cells of another (or of
   * the same one) with the halo of `x`, and leaves the rest as it is. Collective; the messages are under way when the
   * call returns.
   */
  async exchange(x: DistributedArray, front: LocalArray, back: LocalArray): Promise<void> {
    this.#checkDistribution(x);
    if (this.#toCompare) await this.#agree(this.#toCompare);
    const { axis, before, after } = this;
    const backStart = back.space.dims[axis] - after;
    const rest = this.paddedShape[axis] - after;
    clearCells(front, axis, 0, before);
    clearCells(back, axis, backStart, after);
    const stride = stridesOf(this.paddedShape)[axis];
    await this.#exchange.forth(x.dtype, x.local, ({ to }) => {
      const cell = Math.floor(to.offset / stride); // the halo spans the other axes, so nothing else is in the offset
      const [array, at] = cell < before ? [front, cell] : [back, backStart + cell - rest];
      return boxIn(array.local, array.space.dims, this.paddedShape.map((_, k) => (k === axis ? at : 0))); // prettier-ignore
    });
  }

  /** Lengths of the padded blocks along an axis, one for each place in the grid. */
  paddedBlocks(axis: number): number[] {
    return this.#distribution.blocks(axis).map((_, place) => paddedLength(this.#axes[axis], place));
  }

  /** Where a block lies in the padded one. */
  #inside(padded: LocalArray): BoxView {
    const start = this.#distribution.localShape.map((n, axis) => (n > 0 ? this.widths[axis][0] : 0));
    return boxIn(padded.local, this.paddedShape, start);
  }

  async #agree(asked: Asked): Promise<void> {
    await agreeOn(channelOf(this.#distribution.comm), asked);
    this.#toCompare = undefined;
  }

  #check(x: DistributedArray, padded: LocalArray): void {
    this.#checkDistribution(x);
    if (sameNumbers(padded.space.dims, this.paddedShape) && padded.dtype === x.dtype) return;
    throw new RangeError(
      `HaloPlan: a padded block of ${padded.dtype} ${padded.space.toString()} for ${x.dtype}; ` +
        `its shape must be [${this.paddedShape.join(", ")}]`,
    );
  }

  #checkDistribution(x: DistributedArray): void {
    if (this.#distribution.equals(x.distribution)) return;
    throw new RangeError(
      `HaloPlan: made for ${this.#distribution.toString()}, used with ${x.distribution.toString()}`,
    );
  }
}

/** Widths of every axis. @throws {RangeError} If there is not a pair of integers from 0 on for each. */
function widthsOf(
  width: number | HaloWidths | readonly HaloWidths[],
  axis: number,
  dims: readonly number[],
): HaloWidths[] {
  const all = isPerAxis(width)
    ? [...width]
    : dims.map((_, k): HaloWidths =>
        k !== axis ? [0, 0] : typeof width === "number" ? [width, width] : width,
      );
  const valid = all.every(
    (pair) => pair.length === 2 && pair.every((n) => Number.isSafeInteger(n) && n >= 0),
  );
  if (all.length !== dims.length || !valid) {
    throw new RangeError(
      `HaloPlan: widths [${all.map((pair) => `[${pair.join(", ")}]`).join(", ")}] for an array with ${dims.length} axes; ` +
        "give a pair of integers from 0 on for each axis, or a number for one",
    );
  }
  return all;
}

function isPerAxis(width: number | HaloWidths | readonly HaloWidths[]): width is readonly HaloWidths[] {
  return Array.isArray(width) && (width.length === 0 || width.some((entry) => Array.isArray(entry)));
}

function viewOf(block: LocalArray): BoxView {
  return { storage: block.local, offset: 0, strides: stridesOf(block.space.dims) };
}

function clearCells(array: LocalArray, axis: number, first: number, count: number): void {
  const { outer, length, inner } = alongAxis(array.space.dims, axis);
  const numbers = inner * numbersPerElement(array.dtype);
  for (let o = 0; count > 0 && o < outer && length > 0; o++) {
    const begin = (o * length + first) * numbers;
    array.local.fill(0, begin, begin + count * numbers);
  }
}
