import { FftwLines } from "./fftw-lines.js";
import { allocate } from "./heap.js";
import { type Fftw, fftw } from "./libraries.js";
import { onHeap } from "./memory.js";
import type { Reals } from "./staging.js";

/** Names of the precisions; a plan is for one of them. */
export type Precision = "float32" | "float64";

/** How lines of n complex numbers are transformed: passes, passes over a square of n numbers, or a convolution. */
export type FftPlan = ShortPlan | SplitPlan | ChirpPlan;
/** Lines that fit into the caches. */
export type ShortPlan = DirectPlan | LibraryPlan;

interface PlanOfAnyKind {
  readonly n: number;
  /** Rows of the two tiles that it works in. */
  readonly rows: number;
}

/** n is a product of small primes: one pass for each radix. */
export interface DirectPlan extends PlanOfAnyKind {
  readonly kind: "direct";
  /** Where the passes are described, and how many they are; see assembly/fft.ts. */
  readonly stages: number;
  readonly count: number;
}

/** FFTW does it. */
export interface LibraryPlan extends PlanOfAnyKind {
  readonly kind: "library";
  readonly lines: FftwLines;
}

/** A line too long for the caches, as a matrix of columns.n × rows.n whose columns and rows fit. */
export interface SplitPlan extends PlanOfAnyKind {
  readonly kind: "split";
  readonly down: ShortPlan;
  readonly along: ShortPlan;
  /** Addresses of W^(1024 i) and W^i, W = e^(−2πi/n). */
  readonly coarse: number;
  readonly fine: number;
}

/** n has a large prime factor: a convolution with e^(πi k²/n), carried out by transforms of a longer, smooth length. */
export interface ChirpPlan extends PlanOfAnyKind {
  readonly kind: "chirp";
  readonly inner: ShortPlan | SplitPlan;
  /** Addresses of e^(−πi k²/n), and of the transform of its conjugate over inner.n. */
  readonly chirp: number;
  readonly spectrum: number;
}

/** Lines of more bytes than this are split: those of two tiles would not fit in the second-level cache. */
const SPLIT_BYTES = 512 * 1024;
/** Larger prime factors cost more as a pass than by convolution. */
const LARGEST_RADIX = 23;
/** Where FFTW's estimated plans are faster than our passes. */
const SHORTEST_FOR_LIBRARY = 16;
const LONGEST_FOR_LIBRARY = 8192;
const FINE = 1024; // as in assembly/fft-lines.ts

const plans = new Map<string, FftPlan>();
const tables: ArrayBufferView[] = []; // on the heap for good: plans are few, and hold addresses

/**
 * The plan for n complex numbers: made on first use, and kept.
 *
 * @param byLibrary - Whether FFTW may do it.
 * @param transform - Does the one transform that the plan of a convolution needs.
 */
export function planFor(n: number, precision: Precision, byLibrary: boolean, transform: Transform): FftPlan {
  const library = byLibrary ? fftw(precision) : undefined;
  const key = `${precision} ${n} ${library ? "FFTW" : ""}`;
  let plan = plans.get(key);
  if (!plan) {
    const direct = isSmooth(n) || (library && n <= LONGEST_FOR_LIBRARY);
    plan = direct ? smoothPlan(n, precision, library) : chirpPlan(n, precision, library, transform);
    plans.set(key, plan);
  }
  return plan;
}

/** Transforms n complex numbers forward, from one array to another. */
export type Transform = (plan: ShortPlan | SplitPlan, x: Reals, y: Reals) => void;

/** Numbers e^(−2πi k/n) for k from 0 on, as a table on the heap. */
export function circle(n: number, count: number, precision: Precision): Reals {
  return complexTable(count, precision, (k) => root(k, n));
}

function smoothPlan(n: number, precision: Precision, library?: Fftw): ShortPlan | SplitPlan {
  const unit = precision === "float32" ? 8 : 16;
  if (n * unit <= SPLIT_BYTES) return shortPlan(n, precision, library);
  const [down, along] = squarish(n);
  return {
    kind: "split",
    n,
    rows: n,
    down: shortPlan(down, precision, library),
    along: shortPlan(along, precision, library),
    coarse: addressOf(complexTable(Math.ceil(n / FINE), "float64", (i) => root(i * FINE, n))),
    fine: addressOf(circle(n, FINE, "float64")),
  };
}

function shortPlan(n: number, precision: Precision, library?: Fftw): ShortPlan {
  if (library && n >= SHORTEST_FOR_LIBRARY && n <= LONGEST_FOR_LIBRARY)
    return { kind: "library", n, rows: n, lines: new FftwLines(library, n) };
  return directPlan(n, precision);
}

function directPlan(n: number, precision: Precision): DirectPlan {
  const radices = radicesOf(n);
  const words = allocate("int32", 4 * radices.length);
  tables.push(words);
  let left = n;
  radices.forEach((radix, stage) => {
    const m = left / radix;
    const factors = complexTable((radix - 1) * m, precision, (i) =>
      root((Math.floor(i / m) + 1) * (i % m), left),
    );
    const angles = radix > 5 ? complexTable(radix, precision, (j) => conjugate(root(j, radix))) : undefined;
    words.set([radix, m, addressOf(factors), angles ? addressOf(angles) : 0], 4 * stage);
    left = m;
  });
  return { kind: "direct", n, rows: n, stages: words.byteOffset, count: radices.length };
}

function chirpPlan(
  n: number,
  precision: Precision,
  library: Fftw | undefined,
  transform: Transform,
): ChirpPlan {
  const inner = smoothPlan(smoothFrom(2 * n - 1), precision, library);
  // k² modulo 2n exactly, for any n whose square is a safe integer and beyond
  const chirp = complexTable(n, precision, (k) =>
    root(Number((BigInt(k) * BigInt(k)) % BigInt(2 * n)), 2 * n),
  );
  const wave = allocate(complexOf(precision), inner.n);
  for (let k = 0; k < n; k++) {
    for (const at of k === 0 ? [0] : [k, inner.n - k]) {
      wave[2 * at] = chirp[2 * k];
      wave[2 * at + 1] = -chirp[2 * k + 1];
    }
  }
  const spectrum = allocate(complexOf(precision), inner.n);
  tables.push(spectrum);
  transform(inner, wave, spectrum);
  for (let k = 0; k < spectrum.length; k++) spectrum[k] /= inner.n;
  return { kind: "chirp", n, rows: inner.n, inner, chirp: addressOf(chirp), spectrum: addressOf(spectrum) };
}

/** Factors in the order of their passes: fours first, so that rows are pairs of numbers early. */
function radicesOf(n: number): number[] {
  const radices: number[] = [];
  let left = n;
  for (const radix of [4, 2, 3, 5, 7, 11, 13, 17, 19, 23]) {
    for (; left % radix === 0; left /= radix) radices.push(radix);
  }
  return radices.length > 0 ? radices : [1];
}

function isSmooth(n: number): boolean {
  let left = n;
  for (let factor = 2; factor <= LARGEST_RADIX; factor++) while (left % factor === 0) left /= factor;
  return left === 1;
}

/** The smallest number from n on that is a product of 2, 3 and 5. */
function smoothFrom(n: number): number {
  let best = 2 ** Math.ceil(Math.log2(n));
  for (let five = 1; five < best; five *= 5)
    for (let three = five; three < best; three *= 3) {
      const candidate = three * 2 ** Math.max(0, Math.ceil(Math.log2(n / three)));
      if (candidate >= n && candidate < best) best = candidate;
    }
  return best;
}

/** A length from n on that is transformed fast, real lines too: even, and a product of 2, 3 and 5. */
export function smoothLength(n: number): number {
  return 2 * smoothFrom(Math.max(1, Math.ceil(n / 2)));
}

/** Two factors of n, as near to each other as its prime factors allow. */
function squarish(n: number): [number, number] {
  for (let factor = Math.floor(Math.sqrt(n)); ; factor--) if (n % factor === 0) return [factor, n / factor];
}

type Pair = readonly [re: number, im: number];

/** e^(−2πi k/n) to the last bit or two: the angle is reduced to an eighth of the circle first, exactly. */
export function root(k: number, n: number): Pair {
  let eighths = 8 * (k % n); // the circle has 8 n of them
  const below = eighths <= 4 * n;
  if (!below) eighths = 8 * n - eighths;
  const right = eighths <= 2 * n;
  if (!right) eighths = 4 * n - eighths;
  const near = eighths <= n;
  const angle = (Math.PI / 4) * ((near ? eighths : 2 * n - eighths) / n);
  const [cos, sin] = near ? [Math.cos(angle), Math.sin(angle)] : [Math.sin(angle), Math.cos(angle)];
  return [right ? cos : -cos, below ? -sin : sin];
}

function conjugate([re, im]: Pair): Pair {
  return [re, -im];
}

function complexTable(count: number, precision: Precision, f: (k: number) => Pair): Reals {
  const table = allocate(complexOf(precision), Math.max(1, count)); // an empty one is not on the heap
  for (let k = 0; k < count; k++) [table[2 * k], table[2 * k + 1]] = f(k);
  tables.push(table);
  return table;
}

function complexOf(precision: Precision): "complex64" | "complex128" {
  return precision === "float32" ? "complex64" : "complex128";
}

/** @throws {RangeError} If the heap was full. */
export function addressOf(array: ArrayBufferView): number {
  if (onHeap(array)) return array.byteOffset;
  throw new RangeError("fft: no room on the heap for its tables; release arrays that are not needed");
}
