import type { BlockVector } from "../../array/blocks.js";
import { isComplex } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { AxisOperator, type AxisOptions } from "../basic/axis-operator.js";
import { type AxisTable, columnTable, type Entry } from "../basic/axis-table.js";
import type { Where } from "../basic/block-space.js";

/**
 * Convolution along one axis with a filter that changes from sample to sample: y[i − ⌊w/2⌋ + j] += hᵢ[j] x[i], what
 * leaves the axis dropped. Filters are given at some samples, evenly spaced; hᵢ is interpolated linearly between the
 * two around i, and outside of them it is the nearest one.
 *
 * A table of w products per sample. Collective if the axis is split: one all-to-all of the samples needed; else local.
 */
export class NonStationaryConvolve1D<V extends BlockVector<V> = LocalArray> extends AxisOperator<V> {
  /**
   * @param filters - [filters, w], real, w odd.
   * @param centers - The sample of each filter, ascending and evenly spaced.
   * @throws {RangeError} If w is even, the number of centres is not that of filters, or they are not evenly spaced on the axis.
   */
  constructor(where: Where<V>, filters: LocalArray, centers: ArrayLike<number>, options: AxisOptions = {}) {
    super("NonStationaryConvolve1D", where, options, (n) => tableOf(n, filters, centers));
  }
}

function tableOf(n: number, filters: LocalArray, centers: ArrayLike<number>): AxisTable {
  const [count, width] = filters.space.dims;
  checkFilters(n, filters, centers);
  const [origin, step] = [centers[0], count > 1 ? centers[1] - centers[0] : 1];
  const { local } = filters;
  return columnTable(n, n, (i) => {
    const t = (i - origin) / step;
    const below = Math.max(0, Math.min(count - 1, Math.floor(t)));
    const above = Math.min(count - 1, below + 1);
    const f = Math.max(0, Math.min(1, t - below));
    const entries: Entry[] = [];
    for (let j = 0; j < width; j++) {
      const row = i - (width - 1) / 2 + j;
      if (row < 0 || row >= n) continue;
      entries.push([row, (1 - f) * local[below * width + j] + f * local[above * width + j]]);
    }
    return entries;
  });
}

function checkFilters(n: number, { space, dtype }: LocalArray, centers: ArrayLike<number>): void {
  const where = "NonStationaryConvolve1D";
  const [count, width] = space.dims;
  if (space.dims.length !== 2 || count === 0 || width % 2 === 0 || isComplex(dtype)) {
    throw new RangeError(
      `${where}: ${dtype} filters of dims ${space.toString()}; give real ones, [filters, odd width]`,
    );
  }
  if (centers.length !== count)
    throw new RangeError(`${where}: ${centers.length} centres of ${count} filters; give one for each`);
  const step = count > 1 ? centers[1] - centers[0] : 1;
  for (let k = 0; k < count; k++) {
    const even = Math.abs(centers[k] - (centers[0] + k * step)) <= 1e-9 * step;
    if (even && centers[k] >= 0 && centers[k] <= Math.max(0, n - 1)) continue;
    throw new RangeError(
      `${where}: centre ${centers[k]}, at ${k}, on an axis of ${n}; use evenly spaced, ascending ones from 0 to ${n - 1}`,
    );
  }
}
