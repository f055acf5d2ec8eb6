import { clear, copyRows, memory, onHeap } from "./memory.js";
import type { Reals } from "./staging.js";

/** An array of [outer, rows, inner] elements. */
export interface Rows {
  readonly data: Reals;
  readonly rows: number;
  /** Numbers in an element. */
  readonly numbers: 1 | 2;
}

/** One side of a transform: row i of the transform is row (i + shift) mod rows of the array. */
export interface Side extends Rows {
  readonly shift: number;
  /** Rows of the transform on this side. */
  readonly wanted: number;
}

/** Some lines of an array: columns `column` … `column` + s − 1 of the `inner` ones, at place `o` of the outer dimensions. */
export interface Box {
  readonly o: number;
  readonly column: number;
  readonly s: number;
  readonly inner: number;
}

/** Copies rows of some lines to a tile; rows that the array does not have are zero. */
export function load(side: Side, box: Box, tile: number): void {
  const rowBytes = box.s * side.numbers * side.data.BYTES_PER_ELEMENT;
  const count = move(side, box, tile, "load");
  clear(tile + count * rowBytes, (side.wanted - count) * rowBytes);
}

/** Copies rows of a tile to where they belong; rows of the array that the tile does not have become zero. */
export function store(side: Side, box: Box, tile: number): void {
  const count = move(side, box, tile, "store");
  const [width, stride] = [box.s * side.numbers, box.inner * side.numbers];
  for (const [row, length] of segments(side.rows, side.shift + count, side.rows - count)) {
    const first = firstNumber(side, box, row);
    for (let k = 0; k < length; k++) side.data.fill(0, first + k * stride, first + k * stride + width);
  }
}

/** Moves the rows that array and tile both have; returns how many. */
function move(side: Side, box: Box, tile: number, way: "load" | "store"): number {
  const { data, rows, shift, numbers, wanted } = side;
  const [width, stride] = [box.s * numbers, box.inner * numbers];
  const count = Math.min(rows, wanted);
  for (const [row, length, i] of segments(rows, shift, count)) {
    const at = tile + i * width * data.BYTES_PER_ELEMENT;
    copyBetween(data, firstNumber(side, box, row), stride, at, width, length, way);
  }
  return count;
}

function firstNumber({ rows, numbers }: Rows, { o, column, inner }: Box, row: number): number {
  return ((o * rows + row) * inner + column) * numbers;
}

/** Runs of successive rows: [row of the array, how many, row of the tile] for `count` rows from `shift` on, cyclically. */
function segments(rows: number, shift: number, count: number): [row: number, length: number, i: number][] {
  if (count === 0) return [];
  const first = shift % rows;
  const until = Math.min(count, rows - first);
  if (until === count) return [[first, count, 0]];
  return [
    [first, until, 0],
    [0, count - until, until],
  ];
}

function copyBetween(
  data: Reals,
  at: number,
  stride: number,
  tile: number,
  width: number,
  rows: number,
  way: "load" | "store",
): void {
  const size = data.BYTES_PER_ELEMENT;
  if (onHeap(data)) {
    const array = data.byteOffset + at * size;
    if (way === "load") copyRows(array, stride * size, tile, width * size, rows, width * size);
    else copyRows(tile, width * size, array, stride * size, rows, width * size);
    return;
  }
  const length = rows * width;
  const view =
    size === 8
      ? new Float64Array(memory.buffer, tile, length)
      : new Float32Array(memory.buffer, tile, length);
  for (let row = 0; row < rows; row++) {
    const [place, from] = [row * width, at + row * stride];
    if (way === "load") view.set(data.subarray(from, from + width), place);
    else data.set(view.subarray(place, place + width), from);
  }
}

/** Rows of an array; those before it and after it are zero. */
export interface Window {
  readonly first: number;
  readonly count: number;
}

/** Copies a window of some lines to a tile, and fills it up with zeros to `total` rows. */
export function loadWindow(
  array: Rows,
  box: Box,
  { first, count }: Window,
  total: number,
  tile: number,
): void {
  const rowBytes = box.s * array.numbers * array.data.BYTES_PER_ELEMENT;
  const start = Math.min(Math.max(0, first), first + count);
  const end = Math.max(start, Math.min(array.rows, first + count));
  clear(tile, (start - first) * rowBytes);
  copyRun(array, box, start, end - start, tile + (start - first) * rowBytes, "load");
  clear(tile + (end - first) * rowBytes, (total - (end - first)) * rowBytes);
}

/** Copies a tile to a window, which is inside of the array. */
export function storeWindow(array: Rows, box: Box, { first, count }: Window, tile: number): void {
  copyRun(array, box, first, count, tile, "store");
}

function copyRun(
  array: Rows,
  box: Box,
  row: number,
  count: number,
  tile: number,
  way: "load" | "store",
): void {
  const { data, numbers } = array;
  copyBetween(data, firstNumber(array, box, row), box.inner * numbers, tile, box.s * numbers, count, way);
}
