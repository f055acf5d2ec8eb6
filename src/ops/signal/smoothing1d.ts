import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { checkOptions } from "../check-options.js";
import type { AxisOptions } from "../basic/axis-operator.js";
import type { Where } from "../basic/block-space.js";
import { Convolve1D } from "./convolve1d.js";

/**
 * The mean of `width` samples around each one, along one axis of local or distributed arrays, zero outside. An even
 * width is increased by one, as in PyLops, so that the window is centred and the operator its own adjoint.
 *
 * Collective if the axis is split: one halo exchange of half the width; else local.
 */
export class Smoothing1D<V extends BlockVector<V> = LocalArray> extends Convolve1D<V> {
  /** @throws {RangeError} If the width is not a positive integer. */
  constructor(where: Where<V>, width: number, options: AxisOptions = {}) {
    checkOptions("Smoothing1D", options, ["axis", "dtype"]);
    if (!Number.isSafeInteger(width) || width < 1)
      throw new RangeError(`Smoothing1D: width ${width}; use a positive integer`);
    const odd = width % 2 === 0 ? width + 1 : width;
    super(where, new Array<number>(odd).fill(1 / odd), { ...options, offset: (odd - 1) / 2 });
  }
}
