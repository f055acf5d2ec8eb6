import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { AxisOperator, type AxisOptions } from "./axis-operator.js";
import { axisTable } from "./axis-table.js";
import type { Where } from "./block-space.js";

/**
 * Takes some indices of one axis of local or distributed arrays: y[k] = x[indices[k]], in any order, and again if an
 * index comes again. The adjoint puts them back and adds up those that come again, which PyLops does not (there the
 * last one wins, and the adjoint is none).
 *
 * The data are as long as `indices` along the axis. Collective if the axis is split: one all-to-all; else local.
 */
export class Restriction<V extends BlockVector<V> = LocalArray> extends AxisOperator<V> {
  /** @throws {RangeError} If the axis has no such index. */
  constructor(where: Where<V>, indices: ArrayLike<number>, options: AxisOptions = {}) {
    super("Restriction", where, options, (n) => {
      for (let k = 0; k < indices.length; k++) {
        if (Number.isInteger(indices[k]) && indices[k] >= 0 && indices[k] < n) continue;
        throw new RangeError(
          `Restriction: index ${indices[k]}, at ${k}, of an axis of ${n}; use 0 … ${n - 1}`,
        );
      }
      return axisTable(indices.length, n, (k) => [indices[k]]);
    });
  }
}
