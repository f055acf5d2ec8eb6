import { addressOf, circle, type FftPlan, planFor, type Precision } from "./fft-plan.js";
import { type How, transformTile } from "./fft-transform.js";
import { copyRows, type Kernels, kernels32, kernels64 } from "./memory.js";
import type { Reals } from "./staging.js";

/** Which way, and by what the result is multiplied. */
export interface Way {
  readonly inverse: boolean;
  readonly scale: number;
  /** Factor of those rows of half a spectrum that stand for two; default 1. */
  readonly middle?: number;
}

/** Transforms of lines of one length, in tiles: rows of s numbers, one of each line. */
export class LineTransform {
  readonly n: number;
  /** Rows of the spectrum: ⌊n/2⌋ + 1 if the lines are real. */
  readonly bins: number;
  /** Rows that a tile needs. */
  readonly rows: number;
  readonly kernels: Kernels;
  /** Bytes of a complex number. */
  readonly unit: 8 | 16;
  readonly kind: "complex" | "real in pairs" | "real";
  /** Of the complex transform: half as long where real numbers are taken in pairs. */
  readonly plan: FftPlan;
  readonly #precision: Precision;

  /** @param library - Whether FFTW may do it. */
  constructor(n: number, precision: Precision, real: boolean, library: boolean) {
    this.n = n;
    this.bins = real ? Math.floor(n / 2) + 1 : n;
    this.#precision = precision;
    this.kernels = precision === "float32" ? kernels32 : kernels64;
    this.unit = precision === "float32" ? 8 : 16;
    this.kind = !real ? "complex" : n % 2 === 0 ? "real in pairs" : "real";
    const length = this.kind === "real in pairs" ? n / 2 : n;
    this.plan = planFor(length, precision, library, (plan, x, y) => {
      const [a, b] = [addressOf(x), addressOf(y)];
      const result = transformTile(plan, this.how(false), a, b, 1, 1);
      if (result !== b) copyRows(result, y.byteLength, b, y.byteLength, 1, y.byteLength);
    });
    this.rows = Math.max(this.plan.rows, this.bins);
  }

  how(inverse: boolean): How {
    return { kernels: this.kernels, unit: this.unit, inverse };
  }

  /**
   * How many lines a tile may have: those of two tiles fit into the second-level cache; a long line, which is a square of
   * short ones, has a tile of its own.
   */
  widthFor(lines: number): number {
    const plan = this.plan.kind === "chirp" ? this.plan.inner : this.plan;
    if (plan.kind === "split") return 1;
    return Math.min(lines, Math.max(LEAST_LINES, Math.floor(TILE_BYTES / (this.rows * this.unit)) & ~1));
  }

  /** Transforms the tile at `a`, with room for another at `b`; returns in which of the two the result is. */
  run(a: number, b: number, s: number, way: Way): number {
    if (this.kind === "real in pairs") return this.#pairs(a, b, s, way);
    if (this.kind === "real") return this.#real(a, b, s, way);
    return transformTile(this.plan, this.how(way.inverse), a, b, s, way.scale);
  }

  /** Two real numbers in a row are a complex one: half the length, and one more pass that takes them apart. */
  #pairs(a: number, b: number, s: number, { inverse, scale, middle = 1 }: Way): number {
    const { kernels } = this;
    const [h, realBytes] = [this.n / 2, (s * this.unit) / 2];
    const w = addressOf(pairFactors(this.n, this.#precision));
    if (inverse) kernels.tangle(a, b, w, h, s, middle);
    else kernels.zipRows(a, realBytes, b, h, s, false);
    const result = transformTile(this.plan, this.how(inverse), b, a, s, inverse ? scale : 1);
    const other = result === a ? b : a;
    if (inverse) kernels.unzipRows(result, other, realBytes, h, s, false);
    else kernels.untangle(result, other, w, h, s, scale, middle);
    return other;
  }

  /** An odd number of real numbers: as complex ones. */
  #real(a: number, b: number, s: number, { inverse, scale, middle = 1 }: Way): number {
    const { kernels } = this;
    const realBytes = (s * this.unit) / 2;
    if (!inverse) {
      kernels.zipRows(a, realBytes, b, this.n, s, true);
      const result = transformTile(this.plan, this.how(false), b, a, s, scale);
      kernels.scaleMiddle(result, this.bins, s, middle);
      return result;
    }
    kernels.extend(a, this.bins, this.n, s, middle);
    const result = transformTile(this.plan, this.how(true), a, b, s, scale);
    const other = result === a ? b : a;
    kernels.unzipRows(result, other, realBytes, this.n, s, true);
    return other;
  }
}

const TILE_BYTES = 256 * 1024;
const LEAST_LINES = 4; // a cache line

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
