import type { BlockVector } from "../../array/blocks.js";
import { type DType, isComplex } from "../../array/dtype.js";
import { arrayOf } from "../../array/array-of.js";
import type { LocalArray } from "../../array/local-array.js";
import type { Nested } from "../../array/nested.js";
import { product, sameNumbers } from "../../array/shape.js";
import { normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { type AxisOptions, SpanOperator } from "../basic/axis-operator.js";
import { columnTable, type Entry } from "../basic/axis-table.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { FilterGrid } from "./filter-grid.js";

export interface NonStationaryConvolveNDOptions {
  /** Axes of the array that those of the filters stand for: neighbours, ascending; default the last ones. */
  axes?: readonly number[];
  dtype?: DType;
}

/**
 * Convolution along neighbouring axes with a filter that changes from sample to sample: y[i − ⌊w/2⌋ + j] += hᵢ[j] x[i], what
 * leaves the array dropped. Filters are given at the nodes of a regular grid of samples; hᵢ is interpolated linearly (along
 * two axes: bilinearly) between those around i, and outside of them it is the nearest one.
 *
 * A table of as many products per sample as a filter has. Collective if one of the axes is split: one all-to-all of the
 * samples needed; else local.
 */
export class NonStationaryConvolveND<V extends BlockVector<V> = LocalArray> extends SpanOperator<V> {
  /**
   * @param given - The filters: [filters along each axis…, samples along each axis…], real, the latter odd.
   * @param centers - The samples of the filters along each axis, ascending and evenly spaced.
   * @throws {RangeError} If filters, centres and axes do not fit each other.
   */
  constructor(
    where: Where<V>,
    given: LocalArray | Nested,
    centers: readonly ArrayLike<number>[],
    options: NonStationaryConvolveNDOptions = {},
    name = "NonStationaryConvolveND",
  ) {
    checkOptions(name, options, ["axes", "dtype"]);
    const space = spaceOf(where);
    const filters = arrayOf(name, given);
    const { length: count } = centers;
    const axes = (options.axes ?? centers.map((_, k) => k - count)).map((axis) =>
      normalizeAxis(name, axis, space.dims.length),
    );
    const [first] = axes;
    if (count === 0 || axes.length !== count || axes.some((axis, k) => axis !== first + k)) {
      throw new RangeError(
        `${name}: centres along ${count} axes, for axes [${axes.join(", ")}]; give one list for each, neighbours ascending`,
      );
    }
    const { dims } = filters.space;
    const counts = centers.map(({ length }) => length);
    if (dims.length !== 2 * count || !sameNumbers(dims.slice(0, count), counts) || isComplex(filters.dtype)) {
      throw new RangeError(
        `${name}: ${filters.dtype} filters of dims ${filters.space.toString()} for centres [${counts.join(", ")}]; ` +
          "give real ones, [centres…, odd widths…]",
      );
    }
    const widths = dims.slice(count);
    const along = axes.map((axis) => space.dims[axis]);
    const grid = new FilterGrid(name, along, widths, centers);
    const [n, taps] = [product(along), product(widths)];
    const column = (i: number): Entry[] => {
      const around = grid.filtersAt(i);
      const entries: Entry[] = [];
      grid.forEachTap(i, (place, tap) => {
        entries.push([place, around.reduce((sum, [k, w]) => sum + w * filters.local[k * taps + tap], 0)]);
      });
      return entries;
    };
    const span = { first, count };
    super(space, space, [span, span], columnTable(n, n, column), options.dtype);
  }
}

/** The {@link NonStationaryConvolveND} along one axis. */
export class NonStationaryConvolve1D<
  V extends BlockVector<V> = LocalArray,
> extends NonStationaryConvolveND<V> {
  /** @param filters - [filters, w], w odd. */
  constructor(
    where: Where<V>,
    filters: LocalArray | Nested,
    centers: ArrayLike<number>,
    options: AxisOptions = {},
  ) {
    checkOptions("NonStationaryConvolve1D", options, ["axis", "dtype"]);
    const { axis = -1, dtype } = options;
    super(where, filters, [centers], { axes: [axis], dtype }, "NonStationaryConvolve1D");
  }
}
