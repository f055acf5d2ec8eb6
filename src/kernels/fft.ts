import { addressOf, circle, type FftPlan, planFor, type Precision } from "./fft-plan.js";
import { type Box, load, type Side, store } from "./fft-tiles.js";
import { type How, transformLines, transformSquare, transformTile, workArea } from "./fft-transform.js";
import { copyRows, kernels32, kernels64, onHeap } from "./memory.js";
import { checkTypes, type Reals } from "./staging.js";

/** One side of a transform: an array of [outer, rows, inner] elements. */
export interface FftSide {
  readonly data: Reals;
  /** Along the axis. Where the transform has more, those are zeros or left out; where it has less, the rest is zero. */
  readonly rows: number;
  /** Row i of the transform is row (i + shift) mod rows of the array; default 0. */
  readonly shift?: number;
}

export interface FftLayout {
  /** Length of the transform. */
  readonly n: number;
  /** Products of the dimensions before and after the axis, default 1. */
  readonly outer?: number;
  readonly inner?: number;
  /** Σ x e^(+2πi jk/n) instead of e^(−2πi jk/n). */
  readonly inverse?: boolean;
  /** Factor of the results, default 1. */
  readonly scale?: number;
  /**
   * Whether what is transformed (inversely: the result) is real. The other side then has the first ⌊n/2⌋ + 1 rows of the
   * transform, of which the rest are conjugates.
   */
  readonly real?: boolean;
  /** Factor of the rows of a real transform that stand for two, applied to them before or after; default 1. */
  readonly middle?: number;
  /** Whether FFTW may do it, default true. */
  readonly library?: boolean;
}

/**
 * The discrete Fourier transform along one axis, contiguous or not: y ← scale Σⱼ x[j] e^(∓2πi jk/n). Local. x may be y.
 *
 * Lines of up to 8192 numbers by FFTW, where this machine has it, see {@link useLibraries}; else in passes of mixed
 * radix. A length with a prime factor above 23 is a convolution of a longer one, and a line that does not fit into the
 * caches is a square of shorter ones. About 5 n log₂ n operations a line, half of that for an even number of real ones.
 * Plans are made on first use of a length, and kept. Without FFTW, a line has the same bits wherever it is stored, and
 * alone or among others.
 *
 * @throws {RangeError} If n is not a positive integer, or the lengths of the arrays are not those of the layout.
 * @see Stockham, AFIPS 28, 1966; Bailey, J. Supercomput. 4, 1990, doi:10.1007/BF00162341; Bluestein, IEEE Trans. Audio
 * Electroacoust. 18(4), 1970, doi:10.1109/TAU.1970.1162132
 */
export function fft(x: FftSide, y: FftSide, layout: FftLayout): void {
  const { n, outer = 1, inner = 1, inverse = false, real = false } = layout;
  const half = Math.floor(n / 2) + 1;
  const numbersOf = (isReal: boolean) => (isReal ? 1 : 2);
  const from = complete("x", x, outer, inner, numbersOf(real && !inverse), real && inverse ? half : n);
  const to = complete("y", y, outer, inner, numbersOf(real && inverse), real && !inverse ? half : n);
  if (!Number.isSafeInteger(n) || n < 1) throw new RangeError(`fft: length ${n}; give a positive integer`);
  checkTypes("fft", x.data, y.data);
  if (outer === 0 || inner === 0) return;
  const job = new Job(layout, x.data.BYTES_PER_ELEMENT === 8 ? "float64" : "float32");
  if (!job.lines(from, to, outer, inner)) job.tiles(from, to, outer, inner);
}

const TILE_BYTES = 256 * 1024; // of one of two tiles: both fit in the second-level cache
const LEAST_LINES = 4; // of a tile: a cache line

/** Transforms of one length and kind. */
class Job {
  readonly #n: number;
  readonly #precision: Precision;
  readonly #scale: number;
  readonly #middle: number;
  readonly #how: How;
  readonly #kind: "complex" | "real in pairs" | "real";
  /** Of the complex transform: half as long where real numbers are taken in pairs. */
  readonly #plan: FftPlan;

  constructor(layout: FftLayout, precision: Precision) {
    const { n, inverse = false, scale = 1, real = false, middle = 1, library = true } = layout;
    [this.#n, this.#precision, this.#scale, this.#middle] = [n, precision, scale, middle];
    this.#how = precision === "float32" ? { kernels: kernels32, unit: 8, inverse } : { kernels: kernels64, unit: 16, inverse }; // prettier-ignore
    this.#kind = !real ? "complex" : n % 2 === 0 ? "real in pairs" : "real";
    const length = this.#kind === "real in pairs" ? n / 2 : n;
    this.#plan = planFor(length, precision, library, (plan, x, y) => {
      const [a, b] = [addressOf(x), addressOf(y)];
      const result = transformTile(plan, { ...this.#how, inverse: false }, a, b, 1, 1);
      if (result !== b) copyRows(result, y.byteLength, b, y.byteLength, 1, y.byteLength);
    });
  }

  /** Whole contiguous lines, read and written where they are; false if they are not that. */
  lines(from: Side, to: Side, outer: number, inner: number): boolean {
    const plan = this.#plan;
    const whole = ({ rows, shift, data }: Side) => rows === plan.n && shift === 0 && onHeap(data);
    if (this.#kind !== "complex" || inner !== 1 || plan.kind === "chirp" || !whole(from) || !whole(to))
      return false;
    const bytes = plan.n * this.#how.unit;
    const [x, y, work] = [from.data.byteOffset, to.data.byteOffset, workArea(bytes)];
    if (plan.kind === "split") {
      for (let at = 0; at < outer * bytes; at += bytes)
        transformSquare(plan, this.#how, x + at, work, y + at, this.#scale);
      return true;
    }
    if (x === y) return false;
    transformLines(plan, this.#how, x, y, work, outer, this.#scale);
    return true;
  }

  /** As many lines at a time as fit into the cache: copied there, transformed, and copied to where they belong. */
  tiles(from: Side, to: Side, outer: number, inner: number): void {
    const { unit } = this.#how;
    const rows = Math.max(this.#plan.rows, this.#kind === "complex" ? 0 : this.#half);
    const fitting = Math.max(LEAST_LINES, Math.floor(TILE_BYTES / (rows * unit)) & ~1);
    const plan = this.#plan.kind === "chirp" ? this.#plan.inner : this.#plan;
    const width = plan.kind === "split" ? 1 : Math.min(inner, fitting);
    const bytes = rows * width * unit;
    const a = workArea(2 * bytes);
    for (let o = 0; o < outer; o++) {
      for (let column = 0; column < inner; column += width) {
        const box = { o, column, s: Math.min(width, inner - column), inner };
        store(to, box, this.#transform(from, box, a, a + bytes));
      }
    }
  }

  /** Rows of the transform of real numbers that are not conjugates of others. */
  get #half(): number {
    return Math.floor(this.#n / 2) + 1;
  }

  /** Loads and transforms some lines; returns at which of the two tiles the result is. */
  #transform(from: Side, box: Box, a: number, b: number): number {
    if (this.#kind === "real in pairs") return this.#transformPairs(from, box, a, b);
    if (this.#kind === "real") return this.#transformReal(from, box, a, b);
    load(from, box, a);
    return transformTile(this.#plan, this.#how, a, b, box.s, this.#scale);
  }

  /** Two real numbers in a row are a complex one: half the length, and one more pass that takes them apart. */
  #transformPairs(from: Side, box: Box, a: number, b: number): number {
    const { kernels, inverse, unit } = this.#how;
    const { s } = box;
    const [h, realBytes] = [this.#n / 2, (s * unit) / 2];
    const w = addressOf(pairFactors(this.#n, this.#precision));
    load(from, box, b);
    if (inverse) kernels.tangle(b, a, w, h, s, this.#middle);
    else kernels.zipRows(b, realBytes, a, h, s, false);
    const result = transformTile(this.#plan, this.#how, a, b, s, inverse ? this.#scale : 1);
    const other = result === a ? b : a;
    if (inverse) kernels.unzipRows(result, other, realBytes, h, s, false);
    else kernels.untangle(result, other, w, h, s, this.#scale, this.#middle);
    return other;
  }

  /** An odd number of real numbers: as complex ones. */
  #transformReal(from: Side, box: Box, a: number, b: number): number {
    const { kernels, inverse, unit } = this.#how;
    const { s } = box;
    const realBytes = (s * unit) / 2;
    if (inverse) {
      load(from, box, a);
      kernels.extend(a, this.#half, this.#n, s, this.#middle);
    } else {
      load(from, box, b);
      kernels.zipRows(b, realBytes, a, this.#n, s, true);
    }
    const result = transformTile(this.#plan, this.#how, a, b, s, this.#scale);
    if (!inverse) {
      kernels.scaleMiddle(result, this.#half, s, this.#middle);
      return result;
    }
    const other = result === a ? b : a;
    kernels.unzipRows(result, other, realBytes, this.#n, s, true);
    return other;
  }
}

const factors = new Map<string, Reals>();

/** e^(−2πi k/n), k = 0 … n/2: what takes the transform of pairs apart. */
function pairFactors(n: number, precision: Precision): Reals {
  const key = `${precision} ${n}`;
  let table = factors.get(key);
  if (!table) {
    table = circle(n, n / 2 + 1, precision);
    factors.set(key, table);
  }
  return table;
}

/** Fills in the defaults, and checks that the array has the size of its layout. */
function complete(
  name: string,
  side: FftSide,
  outer: number,
  inner: number,
  numbers: 1 | 2,
  wanted: number,
): Side {
  const { data, rows, shift = 0 } = side;
  const counts = [rows, shift, outer, inner];
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new RangeError(
      `fft: ${name} has outer ${outer}, rows ${rows}, inner ${inner}, shift ${shift}; give integers from 0 on`,
    );
  }
  if (data.length !== outer * rows * inner * numbers) {
    throw new RangeError(
      `fft: ${name} has ${data.length} numbers, its layout [${outer}, ${rows}, ${inner}] (outer, rows, inner) has ` +
        `${outer * rows * inner * numbers}; make them equal`,
    );
  }
  return { data, rows, shift, numbers, wanted };
}
