import { addressOf, type ChirpPlan, type DirectPlan, type FftPlan, type SplitPlan } from "./fft-plan.js";
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
  plan: DirectPlan | SplitPlan,
  how: How,
  a: number,
  b: number,
  s: number,
  scale: number,
): number {
  if (plan.kind === "direct") return runPasses(plan, how, a, b, s, scale);
  transformSquare(plan, how, a, b, a, scale);
  return a;
}

/**
 * One long line from x to y (which may be x), by way of `work`: as a matrix, row by row, its columns are transformed and
 * multiplied by W^(row column), then its rows; the result is the transpose. Some columns, or rows, at a time.
 */
export function transformSquare(
  { down, along, coarse, fine }: SplitPlan,
  { kernels, unit, inverse }: How,
  x: number,
  work: number,
  y: number,
  scale: number,
): void {
  const { start: one, bytes } = areas.squares;
  const two = one + bytes / 2;
  const [columns, rows] = [along.n, down.n];
  const rowBytes = columns * unit;
  const together = Math.min(SQUARE_COLUMNS, Math.floor(bytes / 2 / (Math.max(rows, columns) * unit)));
  if (together < 1) throw new RangeError(`fft: length ${rows * columns} is too large`);
  for (let first = 0; first < columns; first += together) {
    const s = Math.min(together, columns - first);
    copyRows(x + first * unit, rowBytes, one, s * unit, rows, s * unit);
    const result = runPasses(down, { kernels, unit, inverse }, one, two, s, 1);
    kernels.twist(result, rows, s, first, coarse, fine, inverse);
    copyRows(result, s * unit, work + first * unit, rowBytes, rows, s * unit);
  }
  for (let first = 0; first < rows; first += together) {
    const lines = Math.min(together, rows - first);
    const from = work + first * rowBytes;
    kernels.passLines(
      from,
      one,
      two,
      lines,
      rowBytes,
      along.stages,
      along.count,
      inverse,
      scale,
      areas.tile.start,
    );
    kernels.transposeRows(one, rowBytes, y + first * unit, rows * unit, lines, columns);
  }
}

/** Runs the passes from `a` to `b` and back; returns in which of them the result is. */
function runPasses(
  plan: DirectPlan,
  { kernels, inverse }: How,
  a: number,
  b: number,
  s: number,
  scale: number,
): number {
  kernels.passes(a, b, a, plan.stages, plan.count, s, inverse, scale, areas.tile.start);
  return plan.count % 2 === 1 ? b : a;
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
