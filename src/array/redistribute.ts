import type { Distribution } from "./distribution.js";
import type { DType, Storage } from "./dtype.js";
import { type Carrier, Exchange } from "./exchange.js";
import { checkAxes, product, stridesOf } from "./shape.js";
import type { Place, Transfer } from "./transfers.js";

/** Which indices of an axis are meant: start, start + step, start + 2 step, … */
export interface IndexRange {
  readonly start: number;
  /** Not 0; negative to go backwards. */
  readonly step: number;
}

/** What two ranks have in common: a box of the target array. */
interface Box {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

const WHOLE: IndexRange = { start: 0, step: 1 };

/**
 * How an array moves from one distribution to another, with its axes in the same or in another order, whole or in
 * slices: any blocks to any blocks, on any grids, in one all-to-all. Made once, from the two distributions alone;
 * nothing is sent until `run`.
 *
 * Where the target is shorter along an axis the rest is left out, where it is longer the rest stays as it is. Of an
 * array that is held several times, each rank takes from the copy that it has a part in itself.
 */
export class Redistribution {
  readonly #exchange: Exchange;

  /**
   * @param axes - Axis k of the target is axis `axes[k]` of the source. Default: the same order.
   * @param ranges - For each axis of the target: which indices of the source's axis come there. Default: all.
   * @throws {RangeError} If `axes` is not an order of all axes, a step is 0, or the communicators differ.
   */
  constructor(
    from: Distribution,
    to: Distribution,
    axes: readonly number[] = from.dims.map((_, axis) => axis),
    ranges: readonly IndexRange[] = axes.map(() => WHOLE),
  ) {
    checkAxes("Redistribution", axes, from.dims.length);
    if (to.dims.length !== from.dims.length || from.comm !== to.comm) {
      throw new RangeError(
        `Redistribution: from ${from.toString()} to ${to.toString()}; number of axes and communicator must be the same`,
      );
    }
    for (const { start, step } of ranges) {
      if (Number.isSafeInteger(start) && Number.isSafeInteger(step) && step !== 0) continue;
      throw new RangeError(`Redistribution: start ${start} and step ${step}; use integers, and no step of 0`);
    }
    const map = { from, to, axes, ranges };
    const { comm } = from;
    const peers = Array.from({ length: comm.size }, (_, peer) => peer);
    this.#exchange = new Exchange({
      comm,
      carrier: carrierOf(map),
      outgoing: peers.flatMap((peer) => transferBetween(map, comm.rank, peer, peer)),
      incoming: peers.flatMap((peer) => transferBetween(map, peer, comm.rank, peer)),
    });
  }

  /**
   * Fills `y`, this rank's block of the target, from the blocks `x` of all ranks. Collective.
   *
   * Sends every element once to each rank that gets it, through buffers as large as the two blocks, which are kept for
   * the next run. Local if the source is replicated, if there is one rank, or if the blocks of the target are those
   * of the source, cut as the ranges say.
   */
  run(dtype: DType, x: Storage, y: Storage): Promise<void> {
    return this.#exchange.run(dtype, x, y);
  }

  /** Whether a run sends anything; the same on all ranks. */
  get communicates(): boolean {
    return this.#exchange.communicates;
  }

  /** Gives the buffers back; another run allocates them anew. Local. */
  [Symbol.dispose](): void {
    this.#exchange[Symbol.dispose]();
  }
}

/** Index k along axis a of `to` is index `ranges[a].start + k · ranges[a].step` along axis `axes[a]` of `from`. */
interface IndexMap {
  readonly from: Distribution;
  readonly to: Distribution;
  readonly axes: readonly number[];
  readonly ranges: readonly IndexRange[];
}

/** What goes from the block of rank `source` to that of rank `target`: one box, or nothing. */
function transferBetween(map: IndexMap, source: number, target: number, peer: number): Transfer[] {
  const { from, to, axes, ranges } = map;
  if (to.copyOf(target) === undefined || (from.copyOf(target) ?? 0) !== from.copyOf(source)) return [];
  const box = common(map, source, target);
  if (product(box.shape) === 0) return [];
  const sourceStart = from.startOf(source);
  const sourceStrides = stridesOf(from.shapeOf(source));
  const targetStart = to.startOf(target);
  const inSource: Place = {
    offset: axes.reduce((offset, axis, k) => {
      const index = ranges[k].start + box.start[k] * ranges[k].step;
      return offset + (index - sourceStart[axis]) * sourceStrides[axis];
    }, 0),
    strides: axes.map((axis, k) => sourceStrides[axis] * ranges[k].step),
  };
  const strides = stridesOf(to.shapeOf(target));
  const offset = box.start.reduce((sum, index, k) => sum + (index - targetStart[k]) * strides[k], 0);
  return [{ peer, shape: box.shape, from: inSource, to: { offset, strides } }];
}

/** The box of the target that rank `target` wants and rank `source` has. */
function common({ from, to, axes, ranges }: IndexMap, source: number, target: number): Box {
  const [sourceStart, sourceShape] = [from.startOf(source), from.shapeOf(source)];
  const [targetStart, targetShape] = [to.startOf(target), to.shapeOf(target)];
  const start: number[] = [];
  const shape = axes.map((axis, k) => {
    const [low, high] = indicesWithin(ranges[k], sourceStart[axis], sourceStart[axis] + sourceShape[axis]);
    start[k] = Math.max(low, targetStart[k]);
    return Math.max(0, Math.min(high, targetStart[k] + targetShape[k]) - start[k]);
  });
  return { start, shape };
}

/** The k, from the first to before the last, for which start + k · step lies in `begin` … `end` − 1. */
export function indicesWithin(
  { start, step }: IndexRange,
  begin: number,
  end: number,
): [first: number, end: number] {
  return step > 0
    ? [Math.ceil((begin - start) / step), Math.ceil((end - start) / step)]
    : [Math.floor((start - end) / -step) + 1, Math.floor((start - begin) / -step) + 1];
}

/** What has to carry it, on all ranks alike. */
function carrierOf(map: IndexMap): Carrier {
  const { from, to } = map;
  if (from.comm.size === 1 || from.replicated || aligned(map)) return "none";
  return to.replicated && from.copies === 1 ? "allgather" : "alltoall";
}

/** True if every rank's block of the target is cut from its own block of the source: if the blocks along each axis are. */
function aligned({ from, to, axes, ranges }: IndexMap): boolean {
  const cellsStay = Array.from({ length: from.comm.size }, (_, rank) => {
    const [source, target] = [from.coordinatesOf(rank), to.coordinatesOf(rank)];
    return from.copyOf(rank) === to.copyOf(rank) && axes.every((axis, k) => source?.[axis] === target?.[k]);
  });
  if (cellsStay.includes(false)) return false;
  return axes.every((axis, k) => {
    const [source, target] = [from.offsets(axis), to.offsets(k)];
    const blocks = target.length - 1;
    return ranges[k].step > 0 && target.every((offset, c) => {
      const [, before] = indicesWithin(ranges[k], 0, source[c]);
      return c === blocks || Math.min(Math.max(0, before), to.dims[k]) === offset;
    }); // prettier-ignore
  });
}
