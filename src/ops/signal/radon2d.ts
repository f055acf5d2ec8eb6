import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { checkOptions } from "../../options.js";
import { spaceOf, type Where, withSpan } from "../basic/block-space.js";
import { Spread } from "../basic/spread.js";

export interface Radon2DOptions {
  /** The curves: t = t₀ + p h (`"linear"`, default), t₀ + p h² (`"parabolic"`), √(t₀² + (h/p)²) (`"hyperbolic"`). */
  kind?: keyof typeof CURVES;
  /** Divides a sample between the two around its time (default), instead of giving it to the one before. */
  interpolate?: boolean;
  dtype?: DType;
}

/** Evenly spaced numbers: `first`, `first + step`, …; as many as the axis of the array has. */
export interface RegularAxis {
  readonly first: number;
  readonly step: number;
}

/**
 * Sums along curves, as its adjoint: a model [p, t₀] of curve parameters and intercept times becomes data [h, t] of
 * traces at offsets h. Times are relative to the first sample of the time axis, which model and data share.
 *
 * A {@link Spread}: see there for what it costs, with model and data on one rank or on many.
 */
export class Radon2D<V extends BlockVector<V> = LocalArray> extends Spread<V> {
  /**
   * @param model - Where the model [parameters, times] lives.
   * @param p - Curve parameter of each row of the model.
   * @param h - Offset of each trace of the data.
   * @param time - Of the model's first sample and between samples.
   * @param data - Where the data [offsets, times] live; default: spread as the model is.
   * @throws {RangeError} If there are not as many parameters as rows of the model, or offsets as traces of the data.
   */
  constructor(
    model: Where<V>,
    p: ArrayLike<number>,
    h: ArrayLike<number>,
    time: RegularAxis,
    options: Radon2DOptions & { data?: Where<V> } = {},
  ) {
    checkOptions("Radon2D", options, ["kind", "interpolate", "dtype", "data"]);
    const from = spaceOf(model);
    const { kind = "linear", interpolate = true, dtype } = options;
    if (!Object.hasOwn(CURVES, kind))
      throw new RangeError(`Radon2D: kind "${String(kind)}"; use "linear", "parabolic" or "hyperbolic"`);
    const to = options.data ? spaceOf(options.data) : withSpan(from, { first: 0, count: 1 }, [h.length]);
    if (p.length !== from.dims[0] || h.length !== to.dims[0] || from.dims[1] !== to.dims[1]) {
      throw new RangeError(
        `Radon2D: ${p.length} parameters, ${h.length} offsets, from ${from.toString()} to ${to.toString()}; ` +
          `give one for each row, and as many times on both sides`,
      );
    }
    const curve = CURVES[kind];
    const { first, step } = time;
    const position = (ip: number, it: number, ih: number) =>
      (curve(first + it * step, p[ip], h[ih]) - first) / step;
    super(from, to, position, { interpolate, dtype });
  }
}

const CURVES = {
  linear: (t: number, p: number, h: number) => t + p * h,
  parabolic: (t: number, p: number, h: number) => t + p * h * h,
  hyperbolic: (t: number, p: number, h: number) => Math.sqrt(t * t + (h / p) ** 2),
};
