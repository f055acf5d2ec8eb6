import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { AxisOperator, type AxisOptions } from "../basic/axis-operator.js";
import { type AxisTable, axisTable, type Entry } from "../basic/axis-table.js";
import type { Where } from "../basic/block-space.js";

export interface InterpOptions extends AxisOptions {
  /** `"nearest"` sample, `"linear"` between the two around (default), or the `"sinc"` of all samples of the axis. */
  kind?: keyof typeof ROWS;
}

/**
 * Interpolates along one axis of local or distributed arrays: y[k] is x at `positions[k]`, counted in samples from 0 to
 * n − 1. The adjoint spreads each value to the samples that it was made of.
 *
 * Linear: (1 − w) x[i] + w x[i + 1] at i + w. Nearest: a position half-way goes to the even sample, as in NumPy. Sinc:
 * Σⱼ sin π(p − j) / π(p − j) x[j], exact for band-limited signals on an endless axis; every row costs n products.
 * Collective if the axis is split: one all-to-all of the samples needed; else local.
 */
export class Interp<V extends BlockVector<V> = LocalArray> extends AxisOperator<V> {
  /** @throws {RangeError} If a position is not on the axis, or the kind is unknown. */
  constructor(where: Where<V>, positions: ArrayLike<number>, options: InterpOptions = {}) {
    const { kind = "linear" } = options;
    if (!Object.hasOwn(ROWS, kind))
      throw new RangeError(`Interp: kind "${String(kind)}"; use "nearest", "linear" or "sinc"`);
    const table = (n: number): AxisTable => {
      for (let k = 0; k < positions.length; k++) {
        if (positions[k] >= 0 && positions[k] <= n - 1) continue; // negated for NaN
        throw new RangeError(
          `Interp: position ${positions[k]}, at ${k}, on an axis of ${n} samples; use 0 … ${n - 1}`,
        );
      }
      return axisTable(positions.length, n, (k) => ROWS[kind](positions[k], n));
    };
    super("Interp", where, options, table, ["kind", "axis", "dtype"]);
  }
}

const ROWS = {
  nearest: (position: number): Entry[] => {
    const below = Math.floor(position);
    const rest = position - below;
    const up = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
    return [up ? below + 1 : below];
  },
  linear: (position: number): Entry[] => {
    const below = Math.floor(position);
    const weight = position - below;
    return weight === 0 ? [below] : [[below, 1 - weight], [below + 1, weight]]; // prettier-ignore
  },
  sinc: (position: number, n: number): Entry[] =>
    Array.from({ length: n }, (_, j) => [j, sinc(position - j)] as const),
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
