import { onHeap } from "./memory.js";
import { kernelsFor, type Reals } from "./staging.js";

/** Rows that are summed one after the other: where they begin in x, y and the sums, and how far apart they are in x and y. */
export interface ScanLayout {
  readonly from: number;
  readonly to: number;
  readonly sumsFrom: number;
  /** From one row to the next, in numbers; negative if rows are taken from the last one on. */
  readonly stride: number;
  readonly rows: number;
  /** Numbers in a row. */
  readonly line: number;
  readonly into: number;
  readonly weight: number;
  readonly share: number;
}

/**
 * For one row after the other, number by number: sums ← sums + into x, and with y given y ← weight (sums − share x). Local;
 * one pass over memory. False, and nothing is done, if an array is not on the heap.
 */
export function scanRows<V extends Reals>(
  x: V,
  y: V | undefined,
  sums: Float64Array,
  { from, to, sumsFrom, stride, rows, line, into, weight, share }: ScanLayout,
): boolean {
  if (!onHeap(x) || !onHeap(sums) || (y && !onHeap(y))) return false;
  const size = x.BYTES_PER_ELEMENT;
  kernelsFor(x).scanRows(
    x.byteOffset + from * size,
    y ? y.byteOffset + to * size : 0,
    sums.byteOffset + 8 * sumsFrom,
    rows,
    stride * size,
    line,
    into,
    weight,
    share,
  );
  return true;
}
