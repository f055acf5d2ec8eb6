import { addressOf, type ChirpPlan, type FftPlan, type ShortPlan, type SplitPlan } from "./fft-plan.js";
import { allocate, release } from "./heap.js";
import { areas, clear, copyRows, type Kernels } from "./memory.js";

/** How tiles are transformed: by which kernels, and which way. */
export interface How {
  readonly kernels: Kernels;
  /** Bytes of a complex number. */
  readonly unit: 8 | 16;
  readonly inverse: boolean;
}

const SQUARE_COLUMNS = 16; // of a long line, worked on together

/**
 * Transforms the tile at `a`: lines of plan.n complex numbers, `s` of them, in rows of s numbers; with a tile of plan.rows
 * rows at `b` to work in. Returns in which of the two the result is.
 */
export function transformTile(
  plan: FftPlan,
  how: How,
  a: number,
  b: number,
  s: number,
  scale: number,
): number {
  return plan.kind === "chirp"
    ? convolveChirp(plan, how, a, b, s, scale)
    : transformSmooth(plan, how, a, b, s, scale);
}

/** jk = (j² + k² − (k − j)²) / 2 makes a convolution of the sum, which transforms of a longer length carry out. */
function convolveChirp(plan: ChirpPlan, how: How, a: number, b: number, s: number, scale: number): number {
  const { multiplyRows } = how.kernels;
  const rowBytes = s * how.unit;
  multiplyRows(a, a, plan.chirp, plan.n, s, how.inverse);
  clear(a + plan.n * rowBytes, (plan.rows - plan.n) * rowBytes);
  const spectrum = transformSmooth(plan.inner, { ...how, inverse: false }, a, b, s, 1);
  multiplyRows(spectrum, spectrum, plan.spectrum, plan.rows, s, how.inverse);
  const result = transformSmooth(
    plan.inner,
    { ...how, inverse: true },
    spectrum,
    spectrum === a ? b : a,
    s,
    scale,
  );
  multiplyRows(result, result, plan.chirp, plan.n, s, how.inverse);
  return result;
}

function transformSmooth(
  plan: ShortPlan | SplitPlan,
  how: How,
  a: number,
  b: number,
  s: number,
  scale: number,
): number {
  if (plan.kind !== "split") return transformShort(plan, how, a, b, s, scale);
  transformSquare(plan, how, a, b, a, scale);
  return a;
}

/**
 * One long line from x to y (which may be x), by way of `work`: as a matrix, row by row, its columns are transformed and
 * multiplied by W^(row column), then its rows; the result is the transpose. Some columns, or rows, at a time.
 */
export function transformSquare(
  { down, along, coarse, fine }: SplitPlan,
  how: How,
  x: number,
  work: number,
  y: number,
  scale: number,
): void {
  const { kernels, unit, inverse } = how;
  const { start: one, bytes } = areas.squares;
  const two = one + bytes / 2;
  const [columns, rows] = [along.n, down.n];
  const rowBytes = columns * unit;
  const together = Math.min(SQUARE_COLUMNS, Math.floor(bytes / 2 / (Math.max(rows, columns) * unit)));
  if (together < 1) throw new RangeError(`fft: length ${rows * columns} is too large`);
  for (let first = 0; first < columns; first += together) {
    const s = Math.min(together, columns - first);
    copyRows(x + first * unit, rowBytes, one, s * unit, rows, s * unit);
    const result = transformShort(down, how, one, two, s, 1);
    kernels.twist(result, rows, s, first, coarse, fine, inverse);
    copyRows(result, s * unit, work + first * unit, rowBytes, rows, s * unit);
  }
  for (let first = 0; first < rows; first += together) {
    const lines = Math.min(together, rows - first);
    const from = work + first * rowBytes;
    transformLines(along, how, from, one, two, lines, scale);
    kernels.transposeRows(one, rowBytes, y + first * unit, rows * unit, lines, columns);
  }
}

function transformShort(plan: ShortPlan, how: How, a: number, b: number, s: number, scale: number): number {
  const { kernels, inverse } = how;
  if (plan.kind === "direct") {
    kernels.passes(a, b, a, plan.stages, plan.count, s, inverse, scale, areas.tile.start);
    return plan.count % 2 === 1 ? b : a;
  }
  plan.lines.run(a, b, s, s, 1, inverse);
  scaleNumbers(how, b, plan.n * s, scale);
  return b;
}

/** Whole lines from x to y, which is other memory; `work` is as long as one of them. */
export function transformLines(
  plan: ShortPlan,
  how: How,
  x: number,
  y: number,
  work: number,
  lines: number,
  scale: number,
): void {
  const { kernels, unit, inverse } = how;
  if (plan.kind === "direct") {
    const bytes = plan.n * unit;
    kernels.passLines(x, y, work, lines, bytes, plan.stages, plan.count, inverse, scale, areas.tile.start);
    return;
  }
  plan.lines.run(x, y, lines, 1, plan.n, inverse);
  scaleNumbers(how, y, plan.n * lines, scale);
}

function scaleNumbers({ kernels }: How, x: number, count: number, scale: number): void {
  if (scale !== 1) kernels.scale(scale, 0, x, x, x, 2 * count);
}

let work: Float64Array | undefined;

/** Room for so many bytes: that of the last call, unless this one wants more. */
export function workArea(bytes: number): number {
  if (bytes <= areas.lines.bytes) return areas.lines.start;
  if (!work || work.byteLength < bytes) {
    if (work) release(work);
    work = undefined;
    work = allocate("float64", Math.ceil(bytes / 8));
  }
  return addressOf(work);
}
