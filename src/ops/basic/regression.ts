import { checkNumbers } from "../check-arguments.js";
import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { type AxisOptions, SpanOperator } from "./axis-operator.js";
import { axisTable } from "./axis-table.js";
import { isSplitAlong, replicatedOf, spaceOf, type Where, withSpan } from "./block-space.js";

/**
 * Polynomials along one axis: y[i] = Σₖ x[k] tᵢᵏ, k = 0 … order. The axis has order + 1 coefficients in the model. Solve it for
 * the data, and they are the polynomial that fits them best.
 *
 * If the axis is split the coefficients are replicated: the forward is local, the adjoint one allreduce of the model.
 * Else both are local, and the model is spread as the data are.
 */
export class Regression<V extends BlockVector<V> = LocalArray> extends SpanOperator<V> {
  /**
   * @param data - Where the data live.
   * @param t - The abscissas, as many as the axis is long, over all ranks.
   * @throws {RangeError} If their number is another one, or the order is not an integer from 0 on.
   */
  constructor(data: Where<V>, t: ArrayLike<number>, order: number, options: AxisOptions = {}) {
    checkOptions("Regression", options, ["axis", "dtype"]);
    checkNumbers("Regression", "abscissas", t);
    const to = spaceOf(data);
    const axis = normalizeAxis("Regression", options.axis ?? -1, to.dims.length);
    if (!Number.isSafeInteger(order) || order < 0)
      throw new RangeError(`Regression: order ${order}; use an integer from 0 on`);
    if (t.length !== to.dims[axis]) {
      throw new RangeError(
        `Regression: ${t.length} abscissas along axis ${axis} of ${to.toString()}; give ${to.dims[axis]}`,
      );
    }
    const span = { first: axis, count: 1 };
    const spread = withSpan(to, span, [order + 1]);
    const model = isSplitAlong(to, span) ? replicatedOf(spread) : spread;
    const powers = (i: number) => Array.from({ length: order + 1 }, (_, k) => [k, t[i] ** k] as const);
    super(model, to, [span, span], axisTable(t.length, order + 1, powers), options.dtype);
  }
}

/** Straight lines: a {@link Regression} of order 1, y[i] = x[0] + x[1] tᵢ. */
export class LinearRegression<V extends BlockVector<V> = LocalArray> extends Regression<V> {
  constructor(data: Where<V>, t: ArrayLike<number>, options: AxisOptions = {}) {
    super(data, t, 1, options);
  }
}
