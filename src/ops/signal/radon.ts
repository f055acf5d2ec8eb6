import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { shown } from "../../options.js";
import { checkOptions } from "../check-options.js";
import { spaceOf, type Where, withSpan } from "../basic/block-space.js";
import { Spread } from "../basic/spread.js";
import { checkNumbers } from "../check-arguments.js";

export interface RadonOptions {
  /**
   * The curves (along two axes surfaces): t = t₀ + Σ p h (`"linear"`, default), t₀ + Σ p h² (`"parabolic"`),
   * √(t₀² + Σ (h/p)²) (`"hyperbolic"`).
   */
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

/** Sums along curves, as its adjoint: see {@link Radon2D}, and {@link Radon3D} for two axes of traces. */
abstract class Radon<V extends BlockVector<V>> extends Spread<V> {
  /** @param p, h - For each axis of traces, the parameters of the model's rows, and the offsets of the data's. */
  constructor(
    name: string,
    model: Where<V>,
    p: readonly ArrayLike<number>[],
    h: readonly ArrayLike<number>[],
    time: RegularAxis,
    options: RadonOptions & { data?: Where<V> },
  ) {
    for (const axis of p) checkNumbers(name, "p", axis);
    for (const axis of h) checkNumbers(name, "h", axis);
    const { first, step } = regular(name, time);
    checkOptions(name, options, ["kind", "interpolate", "dtype", "data"]);
    const from = spaceOf(model);
    const { kind = "linear", interpolate = true, dtype } = options;
    if (!Object.hasOwn(CURVES, kind))
      throw new RangeError(`${name}: kind "${String(kind)}"; use "linear", "parabolic" or "hyperbolic"`);
    const axes = p.length;
    const offsets = h.map(({ length }) => length);
    const to = options.data ? spaceOf(options.data) : withSpan(from, { first: 0, count: axes }, offsets);
    const fits = p.every(({ length }, k) => length === from.dims[k] && offsets[k] === to.dims[k]);
    const samples = from.dims[axes];
    if (!fits || from.dims.length !== axes + 1 || to.dims.length !== axes + 1 || to.dims[axes] !== samples) {
      throw new RangeError(
        `${name}: [${p.map(({ length }) => length).join(", ")}] parameters, [${offsets.join(", ")}] offsets, ` +
          `from ${from.toString()} to ${to.toString()}; give one for each row, and as many times on both sides`,
      );
    }
    const curve = CURVES[kind];
    const [pAt, hAt] = [p, h].map(tuples);
    const position = (ip: number, it: number, ih: number) =>
      (curve(first + it * step, pAt[ip], hAt[ih]) - first) / step;
    super(from, to, position, { interpolate, dtype });
  }
}

/**
 * Sums along curves, as its adjoint: a model [p, t₀] of curve parameters and intercept times becomes data [h, t] of
 * traces at offsets h. Times are relative to the first sample of the time axis, which model and data share.
 *
 * A {@link Spread}: see there for what it costs, with model and data on one rank or on many.
 */
export class Radon2D<V extends BlockVector<V> = LocalArray> extends Radon<V> {
  /**
   * @param model - Where the model [parameters, times] lives.
   * @param p - Curve parameter of each row of the model.
   * @param h - Offset of each trace of the data.
   * @param time - Of the model's first sample and between samples.
   * @param options - `data`: where the data [offsets, times] live; default: spread as the model is.
   * @throws {RangeError} If there are not as many parameters as rows of the model, or offsets as traces of the data.
   */
  constructor(
    model: Where<V>,
    p: ArrayLike<number>,
    h: ArrayLike<number>,
    time: RegularAxis,
    options: RadonOptions & { data?: Where<V> } = {},
  ) {
    super("Radon2D", model, [p], [h], time, options);
  }
}

/** Sums over surfaces, as its adjoint: a model [p, q, t₀] becomes data [h, g, t], otherwise as {@link Radon2D}. */
export class Radon3D<V extends BlockVector<V> = LocalArray> extends Radon<V> {
  /**
   * @param p - Parameters of the model along its first two axes.
   * @param h - Offsets of the data along their first two axes.
   * @throws {RangeError} If there are not as many parameters as rows of the model, or offsets as traces of the data.
   */
  constructor(
    model: Where<V>,
    p: readonly [ArrayLike<number>, ArrayLike<number>],
    h: readonly [ArrayLike<number>, ArrayLike<number>],
    time: RegularAxis,
    options: RadonOptions & { data?: Where<V> } = {},
  ) {
    super("Radon3D", model, p, h, time, options);
  }
}

/** @throws {TypeError} Unless the axis has a beginning and a step. */
function regular(name: string, { first, step }: Partial<RegularAxis> = {}): RegularAxis {
  if (first === undefined || step === undefined || !Number.isFinite(first) || !(step > 0 && step < Infinity))
    throw new TypeError(
      `${name}: time axis from ${shown(first)} by ${shown(step)}; give { first, step }, step > 0`,
    );
  return { first, step };
}

type Terms = readonly number[];
const sum = (p: Terms, h: Terms, term: (p: number, h: number) => number): number =>
  p.reduce((total, value, k) => total + term(value, h[k]), 0);

const CURVES = {
  linear: (t: number, p: Terms, h: Terms) => t + sum(p, h, (p, h) => p * h),
  parabolic: (t: number, p: Terms, h: Terms) => t + sum(p, h, (p, h) => p * h * h),
  hyperbolic: (t: number, p: Terms, h: Terms) => Math.sqrt(t * t + sum(p, h, (p, h) => (h / p) ** 2)),
};

/** Every combination of one number from each list, the last one fastest. */
function tuples(lists: readonly ArrayLike<number>[]): Terms[] {
  return lists.reduce<Terms[]>(
    (all, list) => all.flatMap((head) => Array.from(list, (value) => [...head, value])),
    [[]],
  );
}
