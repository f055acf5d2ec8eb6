import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { sameNumbers } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { SpanOperator } from "../basic/axis-operator.js";
import { axisTable, type AxisTable } from "../basic/axis-table.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { Identity } from "../basic/identity.js";
import { cornerOf, OnCorner } from "../basic/on-corner.js";
import { Pad } from "../basic/pad.js";
import { Composite } from "../composite.js";
import type { LinearOperator } from "../linear-operator.js";
import { SlopeField } from "./slope-field.js";
import { checkVector } from "../check-arguments.js";

export interface SeisletOptions {
  /** How often averages are divided again; default: as long as there are two traces. */
  level?: number;
  /** What traces are predicted from: the one before (`"haar"`, default), or both neighbours (`"linear"`). */
  kind?: "haar" | "linear";
  /** Distance of traces, and of samples in time; default [1, 1]. */
  sampling?: readonly [distance: number, time: number];
  /** Samples on either side that interpolation in time takes, 8 by default; Infinity: a sinc over the whole trace. */
  taps?: number;
  dtype?: DType;
}

/**
 * The seislet transform along the traces of arrays [traces, times]: a wavelet transform in which traces are predicted along
 * local slopes instead of straight across, so that what follows the slopes goes to few coefficients.
 *
 * Of the traces at each level, every odd one keeps what its neighbours do not predict, and every even one becomes an average
 * with what these have kept: d = o − P e, c = e + U d. Prediction follows the slopes from trace to trace, also over the
 * traces left out at finer levels, and interpolates once. Traces are padded with zeros to a multiple of 2 to the power of
 * `level`. Averages of the last level come first, then details, the finest last. It is not orthogonal: its inverse, which is
 * exact, is {@link Seislet.inverse}.
 *
 * Local; of split arrays two all-to-alls for each level, of what is taken from other ranks.
 *
 * @see Fomel & Liu, Geophysics 75(3), 2010, doi:10.1190/1.3380591
 */
export class Seislet<V extends BlockVector<V> = LocalArray> extends Composite<V, V> {
  readonly #inverse: () => LinearOperator<V, V>;

  /**
   * @param slopes - Time over distance of what passes each sample, [traces, times], the same on all ranks.
   * @throws {RangeError} If arrays are not [traces, times] as the slopes, or an option is out of range.
   */
  constructor(where: Where<V>, slopes: LocalArray, options: SeisletOptions = {}) {
    checkOptions("Seislet", options, ["level", "kind", "sampling", "taps", "dtype"]);
    checkVector("Seislet", "slopes", slopes);
    const space = spaceOf(where);
    const [traces, times] = space.dims;
    const { kind = "haar", sampling = [1, 1], taps = 8, dtype } = options;
    const { level = Math.floor(Math.log2(Math.max(1, traces))) } = options;
    if (space.dims.length !== 2 || !sameNumbers(slopes.space.dims, space.dims))
      throw new RangeError(`Seislet: slopes of ${slopes.space.toString()} for arrays of ${space.toString()}; both are [traces, times]`); // prettier-ignore
    if (!Number.isInteger(level) || level < 0 || level > 30)
      throw new RangeError(`Seislet: level ${level}; use an integer from 0 on`);
    if (kind !== "haar" && kind !== "linear")
      throw new RangeError(`Seislet: kind "${String(kind)}"; use "haar" or "linear"`);
    const field = new SlopeField(slopes, sampling[0] / sampling[1], taps);
    const missing = Math.ceil(traces / 2 ** level) * 2 ** level - traces;
    const pad: LinearOperator<V, V> = missing > 0 ? new Pad(space, [0, missing], { axis: 0, dtype }) : new Identity(space, space, { dtype }); // prettier-ignore
    const padded = spaceOf(pad.data as BlockSpace<V>);
    const steps = (inverse: boolean) =>
      Array.from({ length: level }, (_, l): LinearOperator<V, V> => {
        const n = padded.dims[0] / 2 ** l;
        const corner = cornerOf(padded, [n, times]);
        const [first, second] = lifting(field, kind, n, times, 2 ** l, inverse).map(
          (table): LinearOperator<V, V> => new SeisletStep(corner, table, dtype),
        );
        const step = second.compose(first);
        return l === 0 ? step : new OnCorner(padded, step);
      });
    super(steps(false).reduce((first, second) => second.compose(first), pad));
    this.#inverse = () => pad.H.compose(steps(true).reduceRight<LinearOperator<V, V>>((last, step) => step.compose(last), new Identity(padded, padded, { dtype }))); // prettier-ignore
  }

  /** From coefficients to the array. */
  get inverse(): LinearOperator<V, V> {
    return this.#inverse();
  }
}

/** Half a level: a matrix on all traces and times. */
class SeisletStep<V extends BlockVector<V>> extends SpanOperator<V> {
  constructor(space: BlockSpace<V>, table: AxisTable, dtype?: DType) {
    const all = { first: 0, count: 2 };
    super(space, space, [all, all], table, dtype);
  }
}

/**
 * The two matrices of one level of `n` traces that are `stride` traces of the field apart: d = o − P e, then c = e + U d, the
 * averages first; or back: e = c − U d, then o = d + P e.
 */
function lifting(
  field: SlopeField,
  kind: "haar" | "linear",
  n: number,
  times: number,
  stride: number,
  inverse: boolean,
): [first: AxisTable, second: AxisTable] {
  const neighbours = (trace: number) =>
    kind === "haar"
      ? [trace % 2 === 0 ? trace + 1 : trace - 1]
      : [trace - 1, trace + 1].filter((other) => other >= 0 && other < n);
  /** Traces of one parity plus the mean of their neighbours, as they are along the slopes, times a factor. */
  const step = (parity: 0 | 1, factor: number, rows: Order, columns: Order) =>
    axisTable(n * times, n * times, (row) => {
      const [trace, t] = [rows(Math.floor(row / times)), row % times];
      const others = trace % 2 === parity ? neighbours(trace) : [];
      const entry = (other: number, time: number, weight: number) => [columns(other) * times + time, weight] as const; // prettier-ignore
      return [
        entry(trace, t, 1),
        ...others.flatMap((other) =>
          field
            .taps(trace * stride, other * stride, t)
            .map(([time, weight]) => entry(other, time, (factor * weight) / others.length)),
        ),
      ];
    });
  const asIs: Order = (trace) => trace;
  const place: Order = (trace) => (trace % 2 === 0 ? trace : n + trace - 1) / 2; // even ones first
  const at: Order = (k) => (2 * k < n ? 2 * k : 2 * k + 1 - n);
  return inverse
    ? [step(0, -1 / 2, asIs, place), step(1, 1, asIs, asIs)]
    : [step(1, -1, asIs, asIs), step(0, 1 / 2, at, asIs)];
}

/** From one number of a trace to another one. */
type Order = (trace: number) => number;
