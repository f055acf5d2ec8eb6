import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, promote, realOf, type Storage } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { fft } from "../../kernels/index.js";
import { checkOptions } from "../check-options.js";
import { type AxisPass, AxisPasses, type Lines } from "../basic/axis-passes.js";
import { BlockOperator } from "../basic/block-operator.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import type { LinearOperator } from "../linear-operator.js";
import { Workspace } from "../workspace.js";

/**
 * How a transform is scaled, and its adjoint by the same number: so that it is an isometry, not at all, or by the inverse
 * of the number of samples.
 */
export type FftNorm = "ortho" | "none" | "1/n";

export interface FftOptions<V> {
  /** Default "ortho". */
  norm?: FftNorm;
  /** The model is real, and only half of the spectrum is kept along the last axis. Default false. */
  real?: boolean;
  /** Default complex128, or complex64 for "float32". */
  dtype?: DType;
  /** Where the result lives; default: as the model is spread, "transposed": where it is cheapest, as `data` says. */
  to?: BlockSpace<V> | "transposed";
  /** "auto", the default: by FFTW where it is installed and wins. "own": by our kernels, with the same bits everywhere. */
  engine?: "auto" | "own";
}

export interface FftNDOptions<V> extends FftOptions<V> {
  /** Default: all. */
  axes?: readonly number[];
  /** Lengths of the transforms: zeros follow a shorter axis, a longer one is cut. Default: those of the axes. */
  nffts?: readonly (number | undefined)[];
  /** Distance of the samples, for the frequencies. Default 1. */
  sampling?: number | readonly number[];
  /** Whether zero time (or place) is in the middle of each axis of the model. Default false. */
  ifftshiftBefore?: boolean | readonly boolean[];
  /** Whether zero frequency comes to the middle of each axis of the data. Default false. */
  fftshiftAfter?: boolean | readonly boolean[];
}

const OPTIONS = [
  "axes",
  "nffts",
  "sampling",
  "ifftshiftBefore",
  "fftshiftAfter",
  "norm",
  "real",
  "dtype",
  "to",
  "engine",
];

/**
 * The discrete Fourier transform along some axes of local or distributed arrays: y[k] = c Σ x[j] e^(−2πi jk/n), c = 1/√n
 * ("ortho"), 1 or 1/n for n samples in all. The adjoint sums with e^(+2πi jk/n) and the same c.
 *
 * With `real`, the imaginary part of the model does not count, and the data have the frequencies 0 … ⌊n/2⌋ along the last
 * of the axes. Those that stand for two, with their conjugates, are scaled by √2: it is an isometry then too, and its
 * adjoint in the inner product Re ⟨·, ·⟩ the one that is computed. It is linear over real numbers only.
 *
 * Collective if an axis is split: one all-to-all to make its lines whole, and one back unless `to` is "transposed"; else
 * local. Cost: about 5 n log₂ n operations for n samples.
 *
 * @see {@link AxisPasses} for what moves where, and the workspace.
 */
export class FFTND<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  /** The frequencies of each axis, in the order of the axes. */
  readonly frequencies: readonly Float64Array[];
  readonly #name: string;
  readonly #passes: AxisPasses<V>;
  readonly #real: Workspace<V> | undefined;
  /** c² n: what the adjoint of the transform of x is, over x. */
  readonly #gain: number;

  /** @throws {RangeError} If an axis does not exist or is named twice, a length is not positive, or options differ in number. */
  constructor(where: Where<V>, options: FftNDOptions<V> = {}, name = "FFTND") {
    checkOptions(name, options, OPTIONS);
    const model = spaceOf(where);
    const { norm = "ortho", real = false, to, engine = "auto" } = options;
    checkChoice(name, "norm", norm, ["ortho", "none", "1/n"]);
    checkChoice(name, "engine", engine, ["auto", "own"]);
    const passes = fftPasses(name, model.dims, options);
    const order = passes.toReversed();
    const target = to === "transposed" ? undefined : (to ?? model.withDims(dimsAfter(model.dims, order)));
    const plan = new AxisPasses(model, order, target);
    const dtype = promote(options.dtype ?? "complex128", "complex64");
    super({ model, data: plan.data, dtype, clinear: !real }, [options.axes, options.nffts, norm, real]);
    this.#name = name;
    this.#passes = plan;
    this.#real = real ? new Workspace(model) : undefined;
    this.frequencies = passes.map((pass) => pass.frequencies);
    const samples = passes.reduce((total, { n }) => total * n, 1);
    this.#gain = { ortho: 1, none: samples, "1/n": 1 / samples }[norm];
  }

  /** The inverse: the adjoint over c² n. Exact if no sample was cut off. */
  get inverse(): LinearOperator<V, V> {
    return this.H.scale(1 / this.#gain);
  }

  override toString(): string {
    return `${this.#name} from ${this.model.toString()} to ${this.data.toString()}, ${this.dtype}`;
  }

  protected override sends(): boolean {
    return this.#passes.moves > 0;
  }

  protected override forward(x: V, y: V): Promise<void> {
    if (!this.#real) return this.#passes.forward(x, y);
    const parts = this.#real.get(realOf(x.dtype));
    for (let i = 0; i < parts.local.length; i++) parts.local[i] = x.local[2 * i];
    return this.#passes.forward(parts, y);
  }

  protected override async adjoint(y: V, x: V): Promise<void> {
    if (!this.#real) return this.#passes.adjoint(y, x);
    const parts = this.#real.get(realOf(x.dtype));
    await this.#passes.adjoint(y, parts);
    x.copyFrom(parts);
  }
}

/** One axis of a transform. */
interface FftPass extends AxisPass {
  readonly n: number;
  readonly frequencies: Float64Array;
}

/**
 * The passes of a transform, one for each axis, in the order of the axes; they run from the last to the first.
 *
 * @param pairs - Factor of those frequencies of real samples that stand for two.
 */
export function fftPasses<V>(
  name: string,
  dims: readonly number[],
  options: FftNDOptions<V>,
  pairs = Math.SQRT2,
): FftPass[] {
  const {
    axes: given = dims.map((_, axis) => axis),
    norm = "ortho",
    real = false,
    engine = "auto",
  } = options;
  const axes = given.map((axis) => normalizeAxis(name, axis, dims.length));
  if (axes.length === 0 || new Set(axes).size !== axes.length)
    throw new RangeError(`${name}: axes [${given.join(", ")}]; name at least one, and each of them once`);
  const nffts = forEach(name, "nffts", options.nffts, axes.length, undefined);
  const samplings = forEach(name, "sampling", options.sampling, axes.length, 1);
  const before = forEach(name, "ifftshiftBefore", options.ifftshiftBefore, axes.length, false);
  const after = forEach(name, "fftshiftAfter", options.fftshiftAfter, axes.length, false);
  return axes.map((axis, i): FftPass => {
    const rows = dims[axis];
    const n = nffts[i] ?? rows;
    const sampling = samplings[i];
    if (!Number.isSafeInteger(n) || n < 1)
      throw new RangeError(`${name}: a transform of length ${n} along axis ${axis}; give a positive integer`);
    if (!(sampling > 0))
      throw new RangeError(`${name}: sampling ${sampling} along axis ${axis}; give a positive number`);
    const half = real && i === axes.length - 1;
    const length = half ? Math.floor(n / 2) + 1 : n;
    const shiftIn = before[i] ? Math.floor(rows / 2) : 0;
    const shiftOut = after[i] ? Math.floor(length / 2) : 0;
    const scale = { ortho: 1 / Math.sqrt(n), none: 1, "1/n": 1 / n }[norm];
    const run = (x: Lines, y: Lines, inverse: boolean): void => {
      const [from, to] = inverse ? [shiftOut, shiftIn] : [shiftIn, shiftOut];
      const middle = inverse ? 1 / pairs : pairs;
      const { outer, inner } = x;
      fft(
        { data: floats(x.storage), rows: x.rows, shift: from },
        { data: floats(y.storage), rows: y.rows, shift: to },
        { n, outer, inner, inverse, scale, real: half, middle, library: engine === "auto" },
      );
    };
    return {
      axis,
      n,
      length,
      toComplex: half,
      frequencies: frequenciesOf(n, sampling, length, shiftOut),
      forward: (x, y) => run(x, y, false),
      adjoint: (y, x) => run(y, x, true),
    };
  });
}

/** Of `length` of n bins: 0, 1, … and then the negative ones, over n · sampling; rolled by `shift`. */
function frequenciesOf(n: number, sampling: number, length: number, shift: number): Float64Array {
  return Float64Array.from({ length }, (_, place) => {
    const bin = (place - shift + length) % length;
    const signed = length < n || bin < n / 2 ? bin : bin - n;
    return signed / (n * sampling);
  });
}

function dimsAfter(dims: readonly number[], passes: readonly AxisPass[]): number[] {
  return passes.reduce((now, { axis, length }) => now.with(axis, length), [...dims]);
}

/** One value for each axis, from one for all or from a list. */
function forEach<T extends number | boolean | undefined, D>(
  name: string,
  option: string,
  given: T | readonly T[] | undefined,
  count: number,
  fallback: D,
): (Exclude<T, undefined> | D)[] {
  const values: readonly (T | undefined)[] = isList(given)
    ? given
    : new Array<T | undefined>(count).fill(given);
  if (values.length === count)
    return values.map((value) => (value === undefined ? fallback : (value as Exclude<T, undefined>)));
  throw new RangeError(`${name}: ${values.length} values of ${option} for ${count} axes; give one for each`);
}

function isList<T>(value: T | readonly T[] | undefined): value is readonly T[] {
  return Array.isArray(value);
}

function checkChoice(name: string, option: string, given: string, known: readonly string[]): void {
  if (!known.includes(given))
    throw new RangeError(`${name}: ${option} "${given}"; use ${known.map((k) => `"${k}"`).join(", ")}`);
}

function floats(storage: Storage): Float32Array | Float64Array {
  if (storage instanceof Int32Array)
    throw new TypeError("a Fourier transform of int32 numbers; convert them first");
  return storage;
}
