import { checkNumbers } from "../check-arguments.js";
import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { type AxisOptions, SpanOperator } from "../basic/axis-operator.js";
import { axisTable, type Entry } from "../basic/axis-table.js";
import { spaceOf, type Where, withSpan } from "../basic/block-space.js";

/**
 * Bilinear interpolation on two neighbouring axes of local or distributed arrays: y[k] is x at the positions `rows[k]`,
 * `columns[k]`, counted in samples from 0 to n − 1; one axis of the data takes the place of the two. The adjoint spreads
 * each value to the four samples that it was made of.
 *
 * Collective if one of the axes is split: one all-to-all of the samples needed; else local.
 */
export class Bilinear<V extends BlockVector<V> = LocalArray> extends SpanOperator<V> {
  /**
   * @param options - `axis` is the first of the two axes, default 0.
   * @throws {RangeError} If a position is not on its axis, or there are not as many rows as columns.
   */
  constructor(
    where: Where<V>,
    rows: ArrayLike<number>,
    columns: ArrayLike<number>,
    options: AxisOptions = {},
  ) {
    checkOptions("Bilinear", options, ["axis", "dtype"]);
    checkNumbers("Bilinear", "rows", rows);
    checkNumbers("Bilinear", "columns", columns);
    const model = spaceOf(where);
    const first = normalizeAxis("Bilinear", options.axis ?? 0, model.dims.length);
    if (first + 1 === model.dims.length)
      throw new RangeError(
        `Bilinear: axis ${first} is the last of ${model.toString()}; give the first of two`,
      );
    if (rows.length !== columns.length)
      throw new RangeError(`Bilinear: ${rows.length} rows and ${columns.length} columns; give pairs`);
    const [n0, n1] = model.dims.slice(first);
    checkPositions(rows, n0);
    checkPositions(columns, n1);
    const row = (k: number): Entry[] =>
      around(rows[k]).flatMap(([i, v]) => around(columns[k]).map(([j, w]) => [i * n1 + j, v * w] as const));
    const data = withSpan(model, { first, count: 2 }, [rows.length]);
    const spans = [{ first, count: 2 }, { first, count: 1 }] as const; // prettier-ignore
    super(model, data, spans, axisTable(rows.length, n0 * n1, row), options.dtype);
  }
}

/** The samples around a position, with their weights. */
function around(position: number): (readonly [sample: number, weight: number])[] {
  const below = Math.floor(position);
  const weight = position - below;
  return weight === 0 ? [[below, 1]] : [[below, 1 - weight], [below + 1, weight]]; // prettier-ignore
}

function checkPositions(positions: ArrayLike<number>, n: number): void {
  for (let k = 0; k < positions.length; k++) {
    if (positions[k] >= 0 && positions[k] <= n - 1) continue; // negated for NaN
    throw new RangeError(
      `Bilinear: position ${positions[k]}, at ${k}, on an axis of ${n} samples; use 0 … ${n - 1}`,
    );
  }
}
