import { agreeOn } from "./agree-on.js";
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
export interface Cut extends IndexRange {
  readonly count: number;
  readonly dropped: boolean;
}

/** A slice of a distributed array: what each rank owns of it stays there, unless an axis is reversed. */
export async function sliced(array: DistributedArray, slices: readonly Slice[]): Promise<DistributedArray> {
  const from = array.distribution;
  const cuts = cutsOf("slice", from.dims, slices);
  const target = new DistributedArray(cutOut(from, cuts), array.dtype);
  await array.verify();
  const plan = new Redistribution(from, target.distribution, undefined, cuts);
  if (plan.communicates || from.checked)
    await agreeOn(from.comm, ["slice", slicesText(cuts), from.describe()]);
  await plan.run(array.dtype, array.local, target.local);
  plan[Symbol.dispose]();
  return new DistributedArray(distributionOf(from, cuts), array.dtype, target.local);
}

/** Where a part of an array is: what each rank owns of it stays there, in balanced blocks if an axis is reversed. */
export function distributionOf(from: Distribution, cuts: readonly Cut[]): Distribution {
  const part = cutOut(from, cuts);
  const kept = keptAxes(cuts);
  return kept.length === cuts.length ? part : withoutAxes(part, kept);
}

/** With axes of length 1 where one index is given. */
function cutOut(from: Distribution, cuts: readonly Cut[]): Distribution {
  const blocks = cuts.map((cut, axis) => (cut.step > 0 ? blocksWithin(from.offsets(axis), cut) : undefined));
  return from.with(cuts.map(({ count }) => count), { grid: from.grid, blocks }); // prettier-ignore
}

function slicesText(cuts: readonly Cut[]): string {
  return `[${cuts.map(({ start, step, count, dropped }) => (dropped ? start : `${count} from ${start} by ${step}`)).join(", ")}]`;
}

/** A slice of an array on one rank. Local. */
export function slicedLocally(array: LocalArray, slices: readonly Slice[]): LocalArray {
  const { dims } = array.space;
  const cuts = cutsOf("slice", dims, slices);
  const shape = cuts.map(({ count }) => count);
  const result = new LocalArray(shape, array.dtype);
  const { storage, offset, strides } = boxIn(array.local, dims, cuts.map(({ start }) => start)); // prettier-ignore
  const from = { storage, offset, strides: strides.map((stride, axis) => stride * cuts[axis].step) };
  const to = { storage: result.local, offset: 0, strides: stridesOf(shape) };
  copyBox(shape, from, to, numbersPerElement(array.dtype));
  return result.reshape(keptAxes(cuts).map((axis) => shape[axis]));
}

export function cutsOf(where: string, dims: readonly number[], slices: readonly Slice[]): Cut[] {
  if (slices.length > dims.length) {
    throw new RangeError(
      `${where}: ${slices.length} slices of an array with ${dims.length} axes; give one each at most`,
    );
  }
  return dims.map((length, axis) => cutOf(where, length, axis, slices[axis]));
}

/** As NumPy resolves it: beyond the ends there is nothing, but a single index must be there. */
function cutOf(where: string, length: number, axis: number, slice: Slice): Cut {
  if (typeof slice === "number") {
    if (!Number.isInteger(slice) || slice < -length || slice >= length) {
      throw new RangeError(
        `${where}: index ${slice} along axis ${axis}, which has ${length}; use ${-length} … ${length - 1}`,
      );
    }
    return { start: slice < 0 ? slice + length : slice, step: 1, count: 1, dropped: true };
  }
  const [start, stop, step = 1] = slice ?? [];
  if (!Number.isSafeInteger(step) || step === 0 || ![start ?? 0, stop ?? 0].every(Number.isSafeInteger)) {
    throw new RangeError(
      `${where}: [${[start, stop, step].join(", ")}] along axis ${axis}; use integers, and no step of 0`,
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
export function keptAxes(cuts: readonly Cut[]): number[] {
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
