import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { AxisOperator, type AxisOptions } from "./axis-operator.js";
import { axisTable } from "./axis-table.js";
import type { Where } from "./block-space.js";
import { shown } from "../../options.js";

/**
 * Zeros before and after one axis of local or distributed arrays; compose it for several axes. The adjoint cuts them off.
 *
 * Collective if the axis is split, since its blocks shift: one all-to-all; else local.
 */
export class Pad<V extends BlockVector<V> = LocalArray> extends AxisOperator<V> {
  /**
   * @param zeros - How many: [before, after], or as many on both sides.
   * @throws {RangeError} If a number of zeros is not a non-negative integer.
   */
  constructor(where: Where<V>, zeros: number | readonly [number, number], options: AxisOptions = {}) {
    const both = typeof zeros === "number" ? ([zeros, zeros] as const) : zeros;
    if (!isPair(both))
      throw new RangeError(`Pad: zeros ${shown(zeros)}; give [before, after], integers from 0 on`);
    const [before, after] = both;
    super("Pad", where, options, (n) => {
      const row = (k: number): number[] => (k < before || k >= before + n ? [] : [k - before]);
      return axisTable(before + n + after, n, row);
    });
  }
}

function isPair(zeros: unknown): boolean {
  const isCount = (count: unknown): boolean => Number.isSafeInteger(count) && Number(count) >= 0;
  return Array.isArray(zeros) && zeros.length === 2 && zeros.every(isCount);
}
