import type { Storage } from "./dtype.js";
import { stridesOf } from "./shape.js";

/** A box of an array: the strides of the whole, in elements, and where the box starts. */
export interface BoxView {
  readonly storage: Storage;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** The box of a C-ordered array of `shape` that starts at the index `start`. */
export function boxIn(storage: Storage, shape: readonly number[], start: readonly number[]): BoxView {
  const strides = stridesOf(shape);
  return { storage, strides, offset: start.reduce((sum, index, axis) => sum + index * strides[axis], 0) };
}

/** The same box with its axes in another order: axis k of the result is axis `axes[k]` of the box. */
export function permuteBox(box: BoxView, axes: readonly number[]): BoxView {
  return { ...box, strides: axes.map((axis) => box.strides[axis]) };
}

/**
 * Copies a box of `shape` from one array to another, or adds it there, whatever the strides of either. Local.
 *
 * @param numbers - Stored numbers per element: 2 for complex arrays.
 */
export function copyBox(
  shape: readonly number[],
  from: BoxView,
  to: BoxView,
  numbers: 1 | 2,
  accumulate = false,
): void {
  if (shape.includes(0)) return;
  const lengths = numbers === 1 ? shape : [...shape, 2];
  const scaled = ({ strides }: BoxView) => (numbers === 1 ? strides : [...strides.map((s) => 2 * s), 1]);
  const [fromStrides, toStrides] = [scaled(from), scaled(to)];
  const { storage: source } = from;
  const { storage: dest } = to;

  const copyAxis = (axis: number, s: number, d: number): void => {
    const [length, sStride, dStride] = [lengths[axis], fromStrides[axis], toStrides[axis]];
    if (axis === lengths.length - 1) {
      return accumulate
        ? addLine(source, s, sStride, dest, d, dStride, length)
        : copyLine(source, s, sStride, dest, d, dStride, length);
    }
    for (let i = 0; i < length; i++) copyAxis(axis + 1, s + i * sStride, d + i * dStride);
  };
  copyAxis(0, from.offset * numbers, to.offset * numbers);
}

function copyLine(
  source: Storage,
  s: number,
  sStride: number,
  dest: Storage,
  d: number,
  dStride: number,
  length: number,
): void {
  // `set` beats a loop from some tens of elements on.
  if (sStride === 1 && dStride === 1 && length > 32) {
    dest.set(source.subarray(s, s + length), d);
    return;
  }
  for (let i = 0; i < length; i++) dest[d + i * dStride] = source[s + i * sStride];
}

function addLine(
  source: Storage,
  s: number,
  sStride: number,
  dest: Storage,
  d: number,
  dStride: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) dest[d + i * dStride] += source[s + i * sStride];
}
