import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { AxisOperator, type AxisOptions } from "./axis-operator.js";
import { axisTable } from "./axis-table.js";
import type { Where } from "./block-space.js";

/**
 * Reverses one axis of local or distributed arrays: y[i] = x[n − 1 − i]. Its own adjoint.
 *
 * Collective if the axis is split: one all-to-all; else local.
 */
export class Flip<V extends BlockVector<V> = LocalArray> extends AxisOperator<V> {
  constructor(where: Where<V>, options: AxisOptions = {}) {
    super("Flip", where, options, (n) => axisTable(n, n, (i) => [n - 1 - i]));
  }
}
