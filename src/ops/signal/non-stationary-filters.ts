import type { BlockVector } from "../../array/blocks.js";
import { arrayOf } from "../../array/array-of.js";
import type { LocalArray } from "../../array/local-array.js";
import type { Nested } from "../../array/nested.js";
import type { DType } from "../../array/dtype.js";
import { isComplex } from "../../array/dtype.js";
import { product } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { SpanOperator } from "../basic/axis-operator.js";
import { axisTable, type Entry } from "../basic/axis-table.js";
import { replicatedOf, spaceOf, type Where } from "../basic/block-space.js";
import { FilterGrid } from "./filter-grid.js";

export interface NonStationaryFiltersOptions {
  dtype?: DType;
}

/**
 * What filters that change from sample to sample make of a known signal: y[i − ⌊w/2⌋ + j] += hᵢ[j] s[i], as in
 * {@link NonStationaryConvolveND}, but here the filters are the model, [filters…, w…], and the signal is given. Solved for
 * data, it estimates them.
 *
 * Data may be split over ranks; every rank then holds all filters: the forward is local, the adjoint one allreduce of the
 * filters. A table of 2ᵏ products for each sample of the signal and of a filter, for k axes.
 */
export class NonStationaryFilters<V extends BlockVector<V> = LocalArray> extends SpanOperator<V> {
  /**
   * @param data - Where the data live: dims of the signal.
   * @param given - The signal: real, whole on every rank, equal on all.
   * @param widths - Samples of each filter along each axis, odd.
   * @param centers - Of the filters along each axis, ascending and evenly spaced.
   * @throws {RangeError} If these do not fit each other.
   */
  constructor(
    data: Where<V>,
    given: LocalArray | Nested,
    widths: readonly number[],
    centers: readonly ArrayLike<number>[],
    options: NonStationaryFiltersOptions = {},
  ) {
    checkOptions("NonStationaryFilters", options, ["dtype"]);
    const to = spaceOf(data);
    const signal = arrayOf("NonStationaryFilters", given);
    const { dims } = to;
    const same = signal.space.dims.length === dims.length && signal.space.dims.every((n, k) => n === dims[k]);
    if (!same || isComplex(signal.dtype)) {
      throw new RangeError(
        `NonStationaryFilters: a ${signal.dtype} signal of dims ${signal.space.toString()}, data ${to.toString()}; give a real one of their dims`,
      );
    }
    const grid = new FilterGrid("NonStationaryFilters", dims, widths, centers);
    const taps = product(widths);
    const { local } = signal;
    // Where the taps of a filter about a sample fall, the samples are whose filters reach it, by the tap opposite.
    const row = (i: number): Entry[] => {
      const entries: Entry[] = [];
      grid.forEachTap(i, (from, tap) => {
        for (const [filter, weight] of grid.filtersAt(from))
          entries.push([filter * taps + taps - 1 - tap, weight * local[from]]);
      });
      return entries;
    };
    const model = replicatedOf(to, [...grid.counts, ...widths]);
    const spans = [{ first: 0, count: 2 * dims.length }, { first: 0, count: dims.length }] as const; // prettier-ignore
    super(model, to, spans, axisTable(local.length, grid.count * taps, row), options.dtype);
  }
}
