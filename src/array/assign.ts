import { commonDims, covers, facing, heldBy } from "./broadcast.js";
import { DistributedArray } from "./distributed-array.js";
import { type DType, isComplex, numbersPerElement, type Scalar } from "./dtype.js";
import { LocalArray } from "./local-array.js";
import { binaryType, checkStorable } from "./operations.js";
import { indicesWithin } from "./redistribute.js";
import { product, sameNumbers, stridesOf } from "./shape.js";
import { type Cut, cutsOf, distributionOf, keptAxes, type Slice } from "./slices.js";
import { boxIn, copyBox } from "./strided-copy.js";

/** Writes to a part of an array on one rank. Local. */
export function assignLocally(array: LocalArray, value: LocalArray | Scalar, slices: readonly Slice[]): void {
  write(array, cutsOf("assign", array.space.dims, slices), arrayOf(value, array.dtype));
}

/**
 * Writes to a part of a distributed array. A number and a local array are the same on all ranks, so nothing is sent; a
 * distributed one moves to where the part is, unless it is there.
 */
export async function assigned(
  array: DistributedArray,
  value: DistributedArray | LocalArray | Scalar,
  slices: readonly Slice[],
): Promise<void> {
  const cuts = cutsOf("assign", array.distribution.dims, slices);
  if (!(value instanceof DistributedArray)) return write(array, cuts, arrayOf(value, array.dtype));
  checkFit(array, cuts, value);
  const forward = cuts.map((cut) => (cut.step > 0 ? cut : backwards(cut)));
  return write(array, forward, await onPart(array, forward, await reversed(value, cuts)));
}

/** The same indices from the last to the first. */
function backwards({ start, step, count, dropped }: Cut): Cut {
  return { start: start + Math.max(0, count - 1) * step, step: -step, count, dropped };
}

/** The value with the axes reversed that meet cuts that go backwards. */
async function reversed(value: DistributedArray, cuts: readonly Cut[]): Promise<DistributedArray> {
  const kept = keptAxes(cuts);
  const missing = kept.length - value.distribution.dims.length;
  const slices = value.distribution.dims.map((length, axis): Slice =>
    length > 1 && cuts[kept[axis + missing]].step < 0 ? [undefined, undefined, -1] : undefined,
  );
  return slices.every((slice) => slice === undefined) ? value : value.slice(...slices);
}

/** The value where this rank needs it: as it is if its blocks lie with those of the part, else moved or gathered. */
async function onPart(
  array: DistributedArray,
  cuts: readonly Cut[],
  value: DistributedArray,
): Promise<DistributedArray | LocalArray> {
  const part = distributionOf(array.distribution, cuts);
  if (covers(value.distribution, part)) return value;
  return sameNumbers(value.distribution.dims, part.dims) ? value.redistribute(part) : value.asarray();
}

/** Copies what faces this rank's block of the part to where it belongs. */
function write(
  array: DistributedArray | LocalArray,
  cuts: readonly Cut[],
  value: DistributedArray | LocalArray,
): void {
  checkFit(array, cuts, value);
  const { localStart, localShape } = array.space;
  // Which of the indices of each cut lie in this rank's block, and where the first of them is there.
  const ranges = cuts.map((cut, axis) => {
    const [first, end] = indicesWithin(cut, localStart[axis], localStart[axis] + localShape[axis]);
    const begin = Math.max(0, first);
    return { begin, count: Math.max(0, Math.min(end, cut.count) - begin) };
  });
  if (product(ranges.map(({ count }) => count)) === 0) return;
  const kept = keptAxes(cuts);
  const shape = kept.map((axis) => ranges[axis].count);
  const start = kept.map((axis) => ranges[axis].begin);
  const block = converted(facing(value.block, heldBy(value), { start, shape }), array);
  const at = cuts.map((cut, axis) => cut.start + ranges[axis].begin * cut.step - localStart[axis]);
  const into = boxIn(array.local, localShape, at);
  copyBox(
    shape,
    { storage: block.local, offset: 0, strides: stridesOf(shape) },
    { ...into, strides: kept.map((axis) => into.strides[axis] * cuts[axis].step) },
    numbersPerElement(array.dtype),
  );
}

/** In the dtype of the array, and in memory of its own. */
function converted(block: LocalArray, { dtype, local }: DistributedArray | LocalArray): LocalArray {
  return block.dtype === dtype && block.local !== local ? block : block.like(dtype).copyFrom(block);
}

/** @throws {RangeError | TypeError} If the value has other dims than the part, or a dtype that the array cannot hold. */
function checkFit(
  array: DistributedArray | LocalArray,
  cuts: readonly Cut[],
  value: DistributedArray | LocalArray,
): void {
  const part = keptAxes(cuts).map((axis) => cuts[axis].count);
  const { dims } = value.space;
  if (!sameNumbers(commonDims("assign", part, dims), part)) {
    throw new RangeError(`assign: a value of [${dims.join(", ")}] for a part of [${part.join(", ")}]`);
  }
  checkStorable("assign", value.dtype, array.dtype);
}

/** A number as an array that is stretched to any shape. */
function arrayOf(value: LocalArray | Scalar, dtype: DType): LocalArray {
  if (value instanceof LocalArray) return value;
  const type = binaryType("add", dtype, value);
  const { re, im } = typeof value === "number" ? { re: value, im: 0 } : value;
  return LocalArray.from([1], isComplex(type) ? [re, im] : [re], type);
}
