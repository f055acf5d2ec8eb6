import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { product } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { SpanOperator } from "./axis-operator.js";
import { columnTable, type Entry } from "./axis-table.js";
import { spaceOf, type Where } from "./block-space.js";

/**
 * Where on trace `ix` the model sample at (`ix0`, `it0`) goes: a position in samples; NaN for nowhere. Traces of several axes
 * are counted in C order.
 */
export type SpreadPosition = (ix0: number, it0: number, ix: number) => number;

export interface SpreadOptions {
  /** Divides a sample between the two around its position, instead of giving it to the one before. Default false. */
  interpolate?: boolean;
  dtype?: DType;
}

/**
 * Spreads the samples of a model [nx0…, nt0] along curves through data [nx…, nt]: y[ix, i] += x[ix0, it0] for every trace
 * ix, with i = ⌊position⌋, or with `interpolate` (1 − w) of it there and w at i + 1, w being the rest of the position.
 * Positions outside of the trace are left out. Adjoint: the sum along the curves.
 *
 * Every rank works out all positions when it is made. Split model, split data: one all-to-all of the samples needed. A
 * replicated model and data split over traces: the forward is local, the adjoint one allreduce of the model.
 */
export class Spread<V extends BlockVector<V> = LocalArray> extends SpanOperator<V> {
  /** @throws {RangeError} If model or data have one axis only. */
  constructor(model: Where<V>, data: Where<V>, position: SpreadPosition, options: SpreadOptions = {}) {
    checkOptions("Spread", options, ["interpolate", "dtype"]);
    const [from, to] = [spaceOf(model), spaceOf(data)];
    if (from.dims.length < 2 || to.dims.length < 2) {
      throw new RangeError(
        `Spread: from ${from.toString()} to ${to.toString()}; model and data have axes of traces, and one of samples`,
      );
    }
    const [[nx0, nt0], [nx, nt]] = [from, to].map(({ dims }) => [
      product(dims.slice(0, -1)),
      dims[dims.length - 1],
    ]);
    const column = (k: number): Entry[] => {
      const [ix0, it0] = [Math.floor(k / nt0), k % nt0];
      const entries: Entry[] = [];
      for (let ix = 0; ix < nx; ix++) {
        const at = position(ix0, it0, ix);
        const [i, w] = [Math.floor(at), options.interpolate ? at - Math.floor(at) : 0];
        if (i >= 0 && i < nt) entries.push([ix * nt + i, 1 - w]);
        if (w > 0 && i + 1 >= 0 && i + 1 < nt) entries.push([ix * nt + i + 1, w]);
      }
      return entries;
    };
    const [source, target] = [from, to].map(({ dims }) => ({ first: 0, count: dims.length }));
    super(from, to, [source, target], columnTable(nx * nt, nx0 * nt0, column), options.dtype);
  }
}
