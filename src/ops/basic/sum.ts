import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { type AxisOptions, SpanOperator } from "./axis-operator.js";
import { axisTable } from "./axis-table.js";
import { isSplitAlong, replicatedOf, spaceOf, type Where, withSpan } from "./block-space.js";

/**
 * Adds up along one axis of local or distributed arrays; the axis is gone from the data (the sum of a one-dimensional
 * array is an array of length 1). Adjoint: as many copies as the axis is long.
 *
 * Collective if the axis is split: the sums are then replicated, by one allreduce of the data, and the adjoint is
 * local; else local, and the data are spread as the model is.
 */
export class Sum<V extends BlockVector<V> = LocalArray> extends SpanOperator<V> {
  constructor(where: Where<V>, options: AxisOptions = {}) {
    checkOptions("Sum", options, ["axis", "dtype"]);
    const model = spaceOf(where);
    const axis = normalizeAxis("Sum", options.axis ?? -1, model.dims.length);
    const [n, lengths] = [model.dims[axis], model.dims.length === 1 ? [1] : []];
    const span = { first: axis, count: 1 };
    const spread = withSpan(model, span, lengths);
    const data = isSplitAlong(model, span) ? replicatedOf(spread) : spread;
    const every = Array.from({ length: n }, (_, place) => place);
    const table = axisTable(1, n, () => every);
    super(model, data, [span, { first: axis, count: lengths.length }], table, options.dtype);
  }
}
