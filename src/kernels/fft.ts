import { load, type Side, store } from "./fft-tiles.js";
import { transformLines, transformSquare, workArea } from "./fft-transform.js";
import { LineTransform, type Way } from "./line-transform.js";
import { onHeap } from "./memory.js";
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
  const { scale = 1, middle = 1, library = true } = layout;
  const precision = x.data.BYTES_PER_ELEMENT === 8 ? "float64" : "float32";
  const transform = new LineTransform(n, precision, real, library);
  const way = { inverse, scale, middle };
  if (inner === 1 && transformWhole(transform, from, to, outer, way)) return;
  transformTiles(transform, from, to, outer, inner, way);
}

/** Whole contiguous lines, read and written where they are; false if they are not that. */
function transformWhole(
  transform: LineTransform,
  from: Side,
  to: Side,
  lines: number,
  { inverse, scale }: Way,
): boolean {
  const { plan, kind, unit } = transform;
  const whole = ({ rows, shift, data }: Side) => rows === plan.n && shift === 0 && onHeap(data);
  if (kind !== "complex" || plan.kind === "chirp" || !whole(from) || !whole(to)) return false;
  const bytes = plan.n * unit;
  const [x, y, work] = [from.data.byteOffset, to.data.byteOffset, workArea(bytes)];
  const how = transform.how(inverse);
  if (plan.kind === "split") {
    for (let at = 0; at < lines * bytes; at += bytes) transformSquare(plan, how, x + at, work, y + at, scale);
    return true;
  }
  if (x === y) return false;
  transformLines(plan, how, x, y, work, lines, scale);
  return true;
}

/** As many lines at a time as fit into the cache: copied there, transformed, and copied to where they belong. */
function transformTiles(
  transform: LineTransform,
  from: Side,
  to: Side,
  outer: number,
  inner: number,
  way: Way,
): void {
  const width = transform.widthFor(inner);
  const bytes = transform.rows * width * transform.unit;
  const a = workArea(2 * bytes);
  for (let o = 0; o < outer; o++) {
    for (let column = 0; column < inner; column += width) {
      const box = { o, column, s: Math.min(width, inner - column), inner };
      load(from, box, a);
      store(to, box, transform.run(a, a + bytes, box.s, way));
    }
  }
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
