import { Distribution } from "./distribution.js";
import { DistributedArray } from "./distributed-array.js";
import { numbersPerElement } from "./dtype.js";
import { LocalArray } from "./local-array.js";
import { type IndexRange, Redistribution } from "./redistribute.js";
import { stridesOf } from "./shape.js";
import { boxIn, copyBox } from "./strided-copy.js";

/**
 * Which indices of an axis: one, and the axis is left out; or [start, stop, step], all optional, with negative ones
 * counted from the end, as in NumPy; `undefined` for all.
 */
export type Slice =
  number | readonly [start?: number | undefined, stop?: number | undefined, step?: number] | undefined;

/** A slice of an axis of known length. */
interface Cut extends IndexRange {
  readonly count: number;
  readonly dropped: boolean;
}

/** A slice of a distributed array: what each rank owns of it stays there, unless an axis is reversed. */
export async function sliced(array: DistributedArray, slices: readonly Slice[]): Promise<DistributedArray> {
  const from = array.distribution;
  const cuts = cutsOf(from.dims, slices);
  const dims = cuts.map(({ count }) => count);
  const blocks = cuts.map((cut, axis) => (cut.step > 0 ? blocksWithin(from.offsets(axis), cut) : undefined));
  const target = new DistributedArray(from.with(dims, { grid: from.grid, blocks }), array.dtype);
  await array.verify();
  const plan = new Redistribution(from, target.distribution, undefined, cuts);
  await plan.run(array.dtype, array.local, target.local);
  plan[Symbol.dispose]();
  const kept = keptAxes(cuts);
  if (kept.length === dims.length) return target;
  return new DistributedArray(withoutAxes(target.distribution, kept), array.dtype, target.local);
}

/** A slice of an array on one rank. Local. */
export function slicedLocally(array: LocalArray, slices: readonly Slice[]): LocalArray {
  const { dims } = array.space;
  const cuts = cutsOf(dims, slices);
  const shape = cuts.map(({ count }) => count);
  const result = new LocalArray(shape, array.dtype);
  const { storage, offset, strides } = boxIn(array.local, dims, cuts.map(({ start }) => start)); // prettier-ignore
  const from = { storage, offset, strides: strides.map((stride, axis) => stride * cuts[axis].step) };
  const to = { storage: result.local, offset: 0, strides: stridesOf(shape) };
  copyBox(shape, from, to, numbersPerElement(array.dtype));
  return result.reshape(keptAxes(cuts).map((axis) => shape[axis]));
}

function cutsOf(dims: readonly number[], slices: readonly Slice[]): Cut[] {
  if (slices.length > dims.length) {
    throw new RangeError(
      `slice: ${slices.length} slices of an array with ${dims.length} axes; give one each at most`,
    );
  }
  return dims.map((length, axis) => cutOf(length, axis, slices[axis]));
}

/** As NumPy resolves it: beyond the ends there is nothing, but a single index must be there. */
function cutOf(length: number, axis: number, slice: Slice): Cut {
  if (typeof slice === "number") {
    if (!Number.isInteger(slice) || slice < -length || slice >= length) {
      throw new RangeError(
        `slice: index ${slice} along axis ${axis}, which has ${length}; use ${-length} … ${length - 1}`,
      );
    }
    return { start: slice < 0 ? slice + length : slice, step: 1, count: 1, dropped: true };
  }
  const [start, stop, step = 1] = slice ?? [];
  if (!Number.isSafeInteger(step) || step === 0 || ![start ?? 0, stop ?? 0].every(Number.isSafeInteger)) {
    throw new RangeError(
      `slice: [${[start, stop, step].join(", ")}] along axis ${axis}; use integers, and no step of 0`,
    );
  }
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamped = (index: number | undefined, missing: number) =>
    index === undefined ? missing : Math.min(high, Math.max(low, index < 0 ? index + length : index));
  const first = clamped(start, step > 0 ? low : high);
  const end = clamped(stop, step > 0 ? high : low);
  return { start: first, step, count: Math.max(0, Math.ceil((end - first) / step)), dropped: false };
}

/** How many of the indices of a cut lie in each block. */
function blocksWithin(offsets: readonly number[], { start, step, count }: Cut): number[] {
  const ends = offsets.map((offset) => Math.min(count, Math.max(0, Math.ceil((offset - start) / step))));
  return ends.slice(1).map((end, c) => end - ends[c]);
}

/** Axes that are not left out; the last one stays in any case. */
function keptAxes(cuts: readonly Cut[]): number[] {
  const kept = cuts.flatMap(({ dropped }, axis) => (dropped ? [] : [axis]));
  return kept.length > 0 ? kept : [cuts.length - 1];
}

/** The same array without axes of length 1: it is with the ranks that had something along them. */
export function withoutAxes(from: Distribution, kept: readonly number[]): Distribution {
  const copies = Array.from({ length: from.comm.size }, (_, rank) => {
    const shape = from.shapeOf(rank);
    const holds = shape.every((length, axis) => kept.includes(axis) || length > 0);
    return holds ? from.copyOf(rank) : undefined;
  });
  return new Distribution(from.comm, kept.map((axis) => from.dims[axis]), {
    grid: kept.map((axis) => from.grid[axis]),
    blocks: kept.map((axis) => from.blocks(axis)),
    copies,
    checked: from.checked,
  }); // prettier-ignore
}
