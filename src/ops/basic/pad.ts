import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { AxisOperator, type AxisOptions } from "./axis-operator.js";
import { axisTable } from "./axis-table.js";
import type { Where } from "./block-space.js";

/**
 * Zeros before and after one axis of local or distributed arrays; compose it for several axes. The adjoint cuts them off.
 *
 * Collective if the axis is split, since its blocks shift: one all-to-all; else local.
 */
export class Pad<V extends BlockVector<V> = LocalArray> extends AxisOperator<V> {
  /** @throws {RangeError} If a number of zeros is not a non-negative integer. */
  constructor(where: Where<V>, [before, after]: readonly [number, number], options: AxisOptions = {}) {
    for (const zeros of [before, after])
      if (!Number.isSafeInteger(zeros) || zeros < 0)
        throw new RangeError(`Pad: ${zeros} zeros of [${before}, ${after}]; use integers from 0 on`);
    super("Pad", where, options, (n) => {
      const row = (k: number): number[] => (k < before || k >= before + n ? [] : [k - before]);
      return axisTable(before + n + after, n, row);
    });
  }
}
