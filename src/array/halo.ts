import type { Communicator } from "../comm/types.js";
import { channelOf } from "./channel.js";
import type { DistributedArray } from "./distributed-array.js";
import type { Distribution } from "./distribution.js";
import { type DType, numbersPerElement, type Storage } from "./dtype.js";
import { LocalArray } from "./local-array.js";
import { alongAxis, normalizeAxis, sameNumbers } from "./shape.js";
import { checkOptions } from "../options.js";

export interface HaloOptions {
  /** Axis along which cells are exchanged; default 0. */
  axis?: number;
  /** The axis closes to a ring: what lies before its first cell is its last one. */
  periodic?: boolean;
}

/** A run of cells along the axis that one rank owns and another one wants. */
interface Run {
  /** Coordinate of the owner along the axis. */
  readonly owner: number;
  /** First cell in the owner's block. */
  readonly from: number;
  /** On which side of the block it is wanted, and at which of the halo's cells there. */
  readonly side: "before" | "after";
  readonly to: number;
  readonly count: number;
}

/** A run that travels: to or from `peer`, through a buffer per dtype where the cells are not contiguous. */
interface Transfer extends Run {
  readonly peer: number;
  readonly buffers: Map<DType, LocalArray>;
}

/**
 * The exchange of halo cells along one axis of a distribution, made once and used for every product.
 *
 * Whom to talk to follows from the distribution alone: each rank asks the owners of the cells that it wants, near
 * or far, so that halos may be wider than blocks and blocks may be empty. All receives and sends are posted at
 * once; an exchange costs one message latency, and allocates nothing after the first.
 */
export class HaloPlan {
  /** Shape of this rank's block with its halo; an empty block has none. */
  readonly paddedShape: readonly number[];
  readonly before: number;
  readonly after: number;
  readonly axis: number;
  readonly #distribution: Distribution;
  readonly #channel: Communicator;
  readonly #own: readonly Run[];
  readonly #incoming: readonly Transfer[];
  readonly #outgoing: readonly Transfer[];

  /**
   * Every rank makes it, though no message is sent.
   *
   * @param width - Cells on both sides, or [before, after].
   * @throws {RangeError} If a width is negative, or there is no such axis.
   */
  constructor(
    distribution: Distribution,
    width: number | readonly [number, number],
    options: HaloOptions = {},
  ) {
    checkOptions("HaloPlan", options, ["axis", "periodic"]);
    const axis = normalizeAxis("HaloPlan", options.axis ?? 0, distribution.dims.length);
    const [before, after] = typeof width === "number" ? [width, width] : width;
    if (![before, after].every((cells) => Number.isSafeInteger(cells) && cells >= 0)) {
      throw new RangeError(`HaloPlan: widths ${before} and ${after}; use integers from 0 on`);
    }
    const coordinates = distribution.coordinatesOf(distribution.comm.rank);
    const me = coordinates[axis];
    const offsets = distribution.offsets(axis);
    const empty = distribution.localShape.includes(0);
    const runsOf = (coordinate: number) =>
      empty ? [] : wantedRuns(offsets, coordinate, before, after, options.periodic ?? false);
    const transfer = (run: Run, coordinate: number): Transfer => ({
      ...run,
      peer: distribution.rankAt(coordinates.with(axis, coordinate)),
      buffers: new Map(),
    });
    const mine = runsOf(me);
    this.#own = mine.filter((run) => run.owner === me);
    this.#incoming = mine.filter((run) => run.owner !== me).map((run) => transfer(run, run.owner));
    this.#outgoing = offsets.slice(1).flatMap((_, coordinate) => {
      const asked = coordinate === me ? [] : runsOf(coordinate).filter((run) => run.owner === me);
      return asked.map((run) => transfer(run, coordinate));
    });
    this.#distribution = distribution;
    this.#channel = channelOf(distribution.comm);
    this.axis = axis;
    [this.before, this.after] = empty ? [0, 0] : [before, after];
    const cells = distribution.localShape[axis] + this.before + this.after;
    this.paddedShape = distribution.localShape.with(axis, cells);
  }

  /**
   * Copies the block of `x` into the middle of `padded`, and the cells of the neighbours to both sides of it; zeros
   * beyond the ends of the array. Collective.
   *
   * @throws {RangeError} If `padded` has not `paddedShape` and the dtype of `x`, or `x` another distribution.
   */
  async pad(x: DistributedArray, padded: LocalArray): Promise<void> {
    if (!sameNumbers(padded.space.dims, this.paddedShape) || padded.dtype !== x.dtype) {
      throw new RangeError(
        `HaloPlan: a padded block of ${padded.dtype} ${padded.space.toString()} for ${x.dtype}; ` +
          `its shape must be [${this.paddedShape.join(", ")}]`,
      );
    }
    const exchanged = this.exchange(x, padded, padded);
    copyCells(x.block, 0, padded, this.before, x.block.space.dims[this.axis], this.axis); // while messages travel
    await exchanged;
  }

  /**
   * Fills the first `before` cells of one array and the last `after` cells of another (or of the same one) with the
   * halo of `x`, and leaves the rest as it is. Collective; the messages are under way when the call returns.
   */
  async exchange(x: DistributedArray, front: LocalArray, back: LocalArray): Promise<void> {
    if (!this.#distribution.equals(x.distribution)) {
      throw new RangeError(
        `HaloPlan: made for ${this.#distribution.toString()}, used with ${x.distribution.toString()}`,
      );
    }
    const backStart = back.space.dims[this.axis] - this.after;
    const place = ({ side, to }: Run) =>
      side === "before" ? ([front, to] as const) : ([back, backStart + to] as const);
    clearCells(front, this.axis, 0, this.before);
    clearCells(back, this.axis, backStart, this.after);
    const arrivals = this.#incoming.map((run) => this.#receive(run, ...place(run)));
    const departures = this.#outgoing.map((run) => this.#send(run, x.block));
    for (const run of this.#own) {
      const [halo, to] = place(run);
      copyCells(x.block, run.from, halo, to, run.count, this.axis);
    }
    await Promise.all([...arrivals, ...departures]);
  }

  async #receive(run: Transfer, halo: LocalArray, to: number): Promise<void> {
    const cells = contiguousCells(halo, this.axis, to, run.count);
    if (cells) {
      await this.#channel.recv({ source: run.peer, into: cells });
      return;
    }
    const packed = packedCells(run, halo, this.axis);
    await this.#channel.recv({ source: run.peer, into: packed.local });
    copyCells(packed, 0, halo, to, run.count, this.axis);
  }

  async #send(run: Transfer, block: LocalArray): Promise<void> {
    const cells = contiguousCells(block, this.axis, run.from, run.count);
    if (cells) return this.#channel.send(cells, run.peer);
    const packed = packedCells(run, block, this.axis);
    copyCells(block, run.from, packed, 0, run.count, this.axis);
    return this.#channel.send(packed.local, run.peer);
  }
}

/** Which cells a block wants, and who owns them: runs of consecutive cells, from the first one on. */
function wantedRuns(
  offsets: readonly number[],
  coordinate: number,
  before: number,
  after: number,
  periodic: boolean,
): Run[] {
  const length = offsets[offsets.length - 1];
  const [start, end] = [offsets[coordinate], offsets[coordinate + 1]];
  if (start === end) return [];
  const runs: Run[] = [];
  const collect = (side: Run["side"], first: number, last: number) => {
    for (let cell = first; cell < last;) {
      const global = ((cell % length) + length) % length;
      // The last block that starts at or before the cell is the one that holds it: empty blocks come before it.
      const owner = offsets.findLastIndex((offset, c) => c < offsets.length - 1 && offset <= global);
      const count = Math.min(offsets[owner + 1] - global, last - cell);
      if (periodic || (cell >= 0 && cell < length)) {
        runs.push({ owner, from: global - offsets[owner], side, to: cell - first, count });
      }
      cell += count;
    }
  };
  collect("before", start - before, start);
  collect("after", end, end + after);
  return runs;
}

/** Cells `first` … `first + count` along an axis, as a view, where they lie one after the other. */
function contiguousCells(array: LocalArray, axis: number, first: number, count: number): Storage | undefined {
  const { outer, inner } = alongAxis(array.space.dims, axis);
  const numbers = inner * numbersPerElement(array.dtype);
  return outer === 1 ? array.local.subarray(first * numbers, (first + count) * numbers) : undefined;
}

/** The buffer of a transfer whose cells do not lie together. */
function packedCells(run: Transfer, like: LocalArray, axis: number): LocalArray {
  let packed = run.buffers.get(like.dtype);
  if (!packed) {
    packed = new LocalArray(like.space.dims.with(axis, run.count), like.dtype);
    run.buffers.set(like.dtype, packed);
  }
  return packed;
}

function clearCells(array: LocalArray, axis: number, first: number, count: number): void {
  const { outer, length, inner } = alongAxis(array.space.dims, axis);
  const numbers = inner * numbersPerElement(array.dtype);
  for (let o = 0; count > 0 && o < outer; o++) {
    const begin = (o * length + first) * numbers;
    array.local.fill(0, begin, begin + count * numbers);
  }
}

/** Copies `count` cells along an axis, with all that lies across it. */
export function copyCells(
  source: LocalArray,
  from: number,
  dest: LocalArray,
  to: number,
  count: number,
  axis: number,
): void {
  const s = alongAxis(source.space.dims, axis);
  const d = alongAxis(dest.space.dims, axis);
  const numbers = s.inner * numbersPerElement(source.dtype);
  for (let o = 0; count > 0 && o < s.outer; o++) {
    const begin = (o * s.length + from) * numbers;
    dest.local.set(source.local.subarray(begin, begin + count * numbers), (o * d.length + to) * numbers);
  }
}
