import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { firstDerivative } from "../../kernels/index.js";
import { spaceOf, type Where } from "./block-space.js";
import { StencilOperator } from "./stencil-operator.js";
import { checkOptions } from "../check-options.js";

export interface FirstDerivativeOptions {
  /** Default −1, the last one. */
  axis?: number;
  /** Distance between samples, default 1. */
  sampling?: number;
  /** Default "centered". */
  kind?: "forward" | "backward" | "centered";
  /** Points of the centered stencil, 3 (default) or 5. */
  order?: 3 | 5;
  /** One-sided differences where a centered stencil does not fit, instead of zeros. */
  edge?: boolean;
  dtype?: DType;
}

/**
 * First derivative along one axis of local or distributed arrays.
 *
 * Forward (x₊ − x) / Δ, backward (x − x₋) / Δ, centered with 3 points (x₊ − x₋) / 2Δ or with 5 points. Samples whose
 * stencil leaves the axis get zero, or with `edge`, in centered ones, a one-sided difference. The adjoint is the exact
 * transpose. Collective if the axis is split: one halo exchange of as many cells as the stencil reaches; else local.
 */
export class FirstDerivative<V extends BlockVector<V> = LocalArray> extends StencilOperator<V> {
  /** @throws {RangeError} For an unknown axis, kind or order, or a sampling of zero. */
  constructor(where: Where<V>, options: FirstDerivativeOptions = {}) {
    checkOptions("FirstDerivative", options, ["axis", "sampling", "kind", "order", "edge", "dtype"]);
    const space = spaceOf(where);
    const axis = normalizeAxis("FirstDerivative", options.axis ?? -1, space.dims.length);
    super(space, [{ axis, stencil: firstDerivative(space.dims[axis], options) }], options.dtype);
  }
}
