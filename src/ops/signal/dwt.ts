import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { AxisOperator } from "../basic/axis-operator.js";
import { axisTable } from "../basic/axis-table.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { cornerOf, OnCorner } from "../basic/on-corner.js";
import { Identity } from "../basic/identity.js";
import { Pad } from "../basic/pad.js";
import { Composite } from "../composite.js";
import type { LinearOperator } from "../linear-operator.js";
import type { FilterPair } from "./biorthogonal.js";
import { waveletFilters } from "./wavelet-filters.js";

export interface WaveletOptions {
  /**
   * `"haar"` (default); orthogonal: `"db1"` … `"db38"`, `"sym2"` … `"sym20"` (nearly symmetric), `"coif1"` … `"coif5"`;
   * biorthogonal and symmetric: `"bior1.1"` … `"bior6.8"`, and `"rbio…"`, the same with both filters in exchange.
   */
  wavelet?: string;
  /** How often averages are divided again, default 1. */
  level?: number;
  dtype?: DType;
}

/**
 * The discrete wavelet transform along several axes of local or distributed arrays, periodic. Axes that are not multiples
 * of 2 to the power of `level` are padded with zeros up to that (PyLops pads to a power of 2). The adjoint of an orthogonal
 * transform is its inverse; of a biorthogonal one see {@link DWTND.inverse}.
 *
 * Coefficients lie as in PyWavelets' `coeffs_to_array`: averages of the last level first, then details, the finest last;
 * along several axes, nested in the corner where all begin. For each level and axis that is split, one all-to-all of the
 * samples of other ranks that filters need; else local.
 */
export class DWTND<V extends BlockVector<V> = LocalArray> extends Composite<V, V> {
  readonly #inverse: () => LinearOperator<V, V>;

  /** @throws {RangeError} For an unknown wavelet or level, or axes that are not each named once. */
  constructor(where: Where<V>, options: WaveletOptions & { axes?: readonly number[] } = {}) {
    checkOptions("DWTND", options, ["wavelet", "level", "dtype", "axes"]);
    const { wavelet = "haar", level = 1, dtype } = options;
    const space = spaceOf(where);
    const axes = (options.axes ?? space.dims.map((_, axis) => axis)).map((axis) =>
      normalizeAxis("DWT", axis, space.dims.length),
    );
    if (new Set(axes).size !== axes.length || axes.length === 0)
      throw new RangeError(`DWT: axes [${axes.join(", ")}]; name one at least, and each once`);
    if (!Number.isInteger(level) || level < 0 || level > 30)
      throw new RangeError(`DWT: level ${level}; use an integer from 0 on`);
    const filters = waveletFilters(wavelet);
    let transform: LinearOperator<V, V> | undefined;
    let padded: BlockSpace<V> = space;
    for (const axis of axes) {
      const n = padded.dims[axis];
      const missing = Math.ceil(n / 2 ** level) * 2 ** level - n;
      if (missing === 0) continue;
      const pad: Pad<V> = new Pad(padded, [0, missing], { axis, dtype });
      transform = transform ? pad.compose(transform) : pad;
      padded = pad.data;
    }
    for (let l = 0; l < level; l++) {
      const corner = cornerOf(padded, padded.dims.map((n, axis) => (axes.includes(axis) ? n / 2 ** l : n))); // prettier-ignore
      const steps = axes.map(
        (axis): LinearOperator<V, V> => new WaveletStep(corner, filters, { axis, dtype }),
      );
      const step = steps.reduce((first, second) => second.compose(first));
      const whole = l === 0 ? step : new OnCorner(padded, step);
      transform = transform ? whole.compose(transform) : whole;
    }
    super(transform ?? new Identity(space, space, { dtype }));
    this.#inverse = () => new DWTND(space, { wavelet: dualOf(wavelet), level, axes, dtype }).H;
  }

  /** From coefficients to the array: the adjoint of the transform with the dual wavelet, which cuts off the padding. */
  get inverse(): LinearOperator<V, V> {
    return this.#inverse();
  }
}

/** The {@link DWTND} along one axis. */
export class DWT<V extends BlockVector<V> = LocalArray> extends DWTND<V> {
  constructor(where: Where<V>, options: WaveletOptions & { axis?: number } = {}) {
    checkOptions("DWT", options, ["wavelet", "level", "dtype", "axis"]);
    const { axis = -1, ...rest } = options;
    super(where, { ...rest, axes: [axis] });
  }
}

/** The {@link DWTND} along two axes, by default the last ones. */
export class DWT2D<V extends BlockVector<V> = LocalArray> extends DWTND<V> {
  constructor(where: Where<V>, options: WaveletOptions & { axes?: readonly [number, number] } = {}) {
    super(where, { axes: [-2, -1], ...options });
  }
}

/** One level along one axis of even length: averages, then details. */
class WaveletStep<V extends BlockVector<V>> extends AxisOperator<V> {
  constructor(
    where: Where<V>,
    { analysis, synthesis }: FilterPair,
    options: { axis: number; dtype?: DType },
  ) {
    const taps = analysis.length;
    const details = synthesis.map((_, m) => (m % 2 === 0 ? 1 : -1) * synthesis[taps - 1 - m]);
    super("DWT", where, options, (n) =>
      axisTable(n, n, (k) => {
        const filter = k < n / 2 ? analysis : details;
        const start = 2 * (k % (n / 2)) + 1 - taps / 2;
        return Array.from(filter, (weight, m) => [(((start + m) % n) + n) % n, weight] as const);
      }),
    );
  }
}

function dualOf(wavelet: string): string {
  if (wavelet.startsWith("bior")) return wavelet.replace("bior", "rbio");
  return wavelet.replace("rbio", "bior");
}
