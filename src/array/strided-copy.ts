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

/** A line of elements: strides in numbers, and how many elements it has. */
type Copy = (
  source: Storage,
  s: number,
  sStride: number,
  dest: Storage,
  d: number,
  dStride: number,
  length: number,
) => void;

/** Elements of one side of a tile: what a transposition reads in strides stays in the cache meanwhile. */
const TILE = 32;

/**
 * Copies a box of `shape` from one array to another, or adds it there, whatever the strides of either. Local.
 *
 * Goes along the lines of the destination. Where those of the source lie across, in tiles of 32 by 32 elements.
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
  const [source, dest] = [from.storage, to.storage];
  const line = accumulate ? ADD[numbers] : COPY[numbers];
  const axes = shape.map((length, axis) => {
    return { length, s: from.strides[axis] * numbers, d: to.strides[axis] * numbers };
  });
  const last = axes.pop() ?? { length: 1, s: numbers, d: numbers };
  const across =
    Math.abs(last.s) > numbers ? axes.findLastIndex(({ s, length }) => s === numbers && length > 1) : -1;
  const [side] = across < 0 ? [] : axes.splice(across, 1);

  const walk = (axis: number, s: number, d: number): void => {
    if (axis < axes.length) {
      const { length, s: sStride, d: dStride } = axes[axis];
      for (let i = 0; i < length; i++) walk(axis + 1, s + i * sStride, d + i * dStride);
    } else if (!side) {
      line(source, s, last.s, dest, d, last.d, last.length);
    } else {
      for (let i = 0; i < side.length; i += TILE) {
        const rows = Math.min(TILE, side.length - i);
        for (let j = 0; j < last.length; j += TILE) {
          const columns = Math.min(TILE, last.length - j);
          for (let k = i; k < i + rows; k++)
            line(
              source,
              s + k * side.s + j * last.s,
              last.s,
              dest,
              d + k * side.d + j * last.d,
              last.d,
              columns,
            );
        }
      }
    }
  };
  walk(0, from.offset * numbers, to.offset * numbers);
}

const COPY: Readonly<Record<1 | 2, Copy>> = {
  1: (source, s, sStride, dest, d, dStride, length) => {
    if (sStride === 1 && dStride === 1 && length > 32) return dest.set(source.subarray(s, s + length), d);
    for (let i = 0; i < length; i++, s += sStride, d += dStride) dest[d] = source[s];
  },
  2: (source, s, sStride, dest, d, dStride, length) => {
    if (sStride === 2 && dStride === 2 && length > 16) return dest.set(source.subarray(s, s + 2 * length), d);
    for (let i = 0; i < length; i++, s += sStride, d += dStride) {
      dest[d] = source[s];
      dest[d + 1] = source[s + 1];
    }
  },
};

const ADD: Readonly<Record<1 | 2, Copy>> = {
  1: (source, s, sStride, dest, d, dStride, length) => {
    for (let i = 0; i < length; i++, s += sStride, d += dStride) dest[d] += source[s];
  },
  2: (source, s, sStride, dest, d, dStride, length) => {
    for (let i = 0; i < length; i++, s += sStride, d += dStride) {
      dest[d] += source[s];
      dest[d + 1] += source[s + 1];
    }
  },
};
