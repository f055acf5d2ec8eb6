import { fft } from "./fft.js";
import { addressOf } from "./fft-plan.js";
import { loadWindow, storeWindow } from "./fft-tiles.js";
import { workArea } from "./fft-transform.js";
import { LineTransform } from "./line-transform.js";
import { checkTypes, type Reals } from "./staging.js";

/** How lines are filtered; all arrays have the precision of the spectrum. */
export interface FilterLayout {
  /** Products of the dimensions before and after the axis, default 1. */
  readonly outer?: number;
  readonly inner?: number;
  /** Rows of y. */
  readonly rows: number;
  /** Rows that x has before and after those of y, default [0, 0]; what is beyond them is zero. */
  readonly halo?: readonly [before: number, after: number];
  /** How many rows before and after its own a row of y depends on. */
  readonly reach: readonly [before: number, after: number];
  /** Rows of y at a time, default all: overlapping pieces of a line are filtered one by one. */
  readonly piece?: number;
  /** Whether elements are pairs of numbers (re, im). */
  readonly complex?: boolean;
  /** Whether the filter's spectrum is conjugated: the adjoint, with the reach the other way round. */
  readonly conjugate?: boolean;
}

/** A filter, as what it multiplies the spectrum of a line of n samples by: n numbers, or ⌊n/2⌋ + 1 for real lines. */
export interface FilterSpectrum {
  readonly n: number;
  /** On the heap; complex. */
  readonly bins: Reals;
}

/**
 * y ← x filtered along one axis, by Fourier transforms: line by line, or piece by piece. Local; x and y do not overlap.
 *
 * @throws {RangeError} If a piece and what it depends on are longer than the spectrum's transform.
 * @see Stockham, AFIPS 28, 1966, doi:10.1145/1464182.1464209
 */
export function filterLines({ n, bins }: FilterSpectrum, x: Reals, y: Reals, layout: FilterLayout): void {
  const {
    outer = 1,
    inner = 1,
    rows,
    halo = [0, 0],
    reach,
    piece = rows,
    complex = false,
    conjugate = false,
  } = layout;
  checkTypes("filterLines", x, y);
  checkTypes("filterLines", x, bins);
  if (y.length === 0) return; // blocks without rows have no halo either
  const numbers = complex ? 2 : 1;
  const inputRows = halo[0] + rows + halo[1];
  const longest = Math.min(piece, rows) + reach[0] + reach[1];
  const lengths = [x.length, y.length].join(", ");
  const expected = [inputRows, rows].map((count) => outer * count * inner * numbers).join(", ");
  if (lengths !== expected || longest > n || (rows > 0 && !(piece >= 1))) {
    throw new RangeError(
      `filterLines: arrays of ${lengths} numbers, their layouts have ${expected}; pieces of ${longest} rows with those ` +
        `that they depend on, transformed over ${n}`,
    );
  }
  const transform = new LineTransform(n, x.BYTES_PER_ELEMENT === 8 ? "float64" : "float32", !complex, true);
  const { kernels, unit } = transform;
  const width = transform.widthFor(inner);
  const bytes = transform.rows * width * unit;
  const a = workArea(2 * bytes);
  const b = a + bytes;
  const w = addressOf(bins);
  for (let o = 0; o < outer; o++) {
    for (let column = 0; column < inner; column += width) {
      const s = Math.min(width, inner - column);
      const box = { o, column, s, inner };
      for (let first = 0; first < rows; first += piece) {
        const count = Math.min(piece, rows - first);
        const window = { first: halo[0] + first - reach[0], count: count + reach[0] + reach[1] };
        loadWindow({ data: x, rows: inputRows, numbers }, box, window, n, a);
        const spectrum = transform.run(a, b, s, { inverse: false, scale: 1 });
        kernels.multiplyRows(spectrum, spectrum, w, transform.bins, s, conjugate);
        const result = transform.run(spectrum, spectrum === a ? b : a, s, { inverse: true, scale: 1 / n });
        const rowBytes = (s * unit * numbers) / 2;
        storeWindow({ data: y, rows, numbers }, box, { first, count }, result + reach[0] * rowBytes);
      }
    }
  }
}

/**
 * The spectrum of a filter whose sample `offset` is at time zero, into `bins`: n numbers for complex lines, ⌊n/2⌋ + 1 for
 * real ones. Local.
 *
 * @param filter - Real samples, or interleaved complex ones, which complex lines only can take.
 */
export function filterSpectrum(
  filter: Reals,
  offset: number,
  { n, bins, complex }: FilterSpectrum & { readonly complex: boolean },
): FilterSpectrum {
  const real = bins.length < 2 * n;
  const [numbers, from] = [real ? 1 : 2, complex ? 2 : 1];
  const samples =
    bins.BYTES_PER_ELEMENT === 8 ? new Float64Array(numbers * n) : new Float32Array(numbers * n);
  for (let j = 0; j < filter.length / from; j++) {
    const at = (((j - offset) % n) + n) % n;
    samples[numbers * at] += filter[from * j];
    if (complex) samples[2 * at + 1] += filter[2 * j + 1];
  }
  fft({ data: samples, rows: n }, { data: bins, rows: bins.length / 2 }, { n, real });
  return { n, bins };
}
