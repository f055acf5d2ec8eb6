import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { checkOptions } from "../check-options.js";
import type { Where } from "../basic/block-space.js";
import { Composite } from "../composite.js";
import { Smoothing1D } from "./smoothing1d.js";

/**
 * The mean of a rectangle of samples around each one, along two axes of local or distributed arrays, zero outside: a
 * {@link Smoothing1D} along one after the other. Its own adjoint.
 */
export class Smoothing2D<V extends BlockVector<V> = LocalArray> extends Composite<V, V> {
  /**
   * @param widths - In samples along each axis; even ones are increased by one.
   * @param options - `axes` are the last two by default.
   * @throws {RangeError} If a width is not a positive integer.
   */
  constructor(
    where: Where<V>,
    widths: readonly [number, number],
    options: { axes?: readonly [number, number]; dtype?: DType } = {},
  ) {
    checkOptions("Smoothing2D", options, ["axes", "dtype"]);
    const { axes = [-2, -1], dtype } = options;
    const [first, second] = widths.map((width, k) => new Smoothing1D(where, width, { axis: axes[k], dtype }));
    super(second.compose(first));
  }
}
