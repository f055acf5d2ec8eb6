import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { AxisOperator, type AxisOptions } from "./axis-operator.js";
import { axisTable } from "./axis-table.js";
import type { Where } from "./block-space.js";

/**
 * Mirrors one axis of local or distributed arrays at its first sample: n samples become 2 n − 1,
 * y[n − 1 + i] = y[n − 1 − i] = x[i]. The adjoint adds both halves; the first sample, which is there once, stays.
 *
 * Collective if the axis is split: one all-to-all; else local.
 */
export class Symmetrize<V extends BlockVector<V> = LocalArray> extends AxisOperator<V> {
  constructor(where: Where<V>, options: AxisOptions = {}) {
    super("Symmetrize", where, options, (n) =>
      axisTable(Math.max(0, 2 * n - 1), n, (i) => [Math.abs(i - (n - 1))]),
    );
  }
}
