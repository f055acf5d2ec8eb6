import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { AxisOperator, type AxisOptions } from "./axis-operator.js";
import { axisTable } from "./axis-table.js";
import type { Where } from "./block-space.js";

/**
 * Shifts one axis of local or distributed arrays in a circle: y[(i + shift) mod n] = x[i]. The adjoint shifts back.
 *
 * Collective if the axis is split: one all-to-all, in which a rank sends to those that get something of it; else local.
 */
export class Roll<V extends BlockVector<V> = LocalArray> extends AxisOperator<V> {
  /**
   * @param shift - In elements; negative ones, and those longer than the axis, go round.
   * @throws {RangeError} If it is not an integer.
   */
  constructor(where: Where<V>, shift: number, options: AxisOptions = {}) {
    if (!Number.isSafeInteger(shift)) throw new RangeError(`Roll: shift ${shift}; use an integer`);
    super("Roll", where, options, (n) => axisTable(n, n, (i) => [(((i - shift) % n) + n) % n]));
  }
}
