import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { secondDerivative } from "../../kernels/index.js";
import { spaceOf, type Where } from "./block-space.js";
import { StencilOperator } from "./stencil-operator.js";
import { checkOptions } from "../check-options.js";

export interface SecondDerivativeOptions {
  /** Default −1, the last one. */
  axis?: number;
  /** Distance between samples, default 1. */
  sampling?: number;
  /** Default "centered". */
  kind?: "forward" | "backward" | "centered";
  /** One-sided differences where a centered stencil does not fit, instead of zeros. */
  edge?: boolean;
  dtype?: DType;
}

/**
 * Second derivative along one axis of local or distributed arrays: the weights 1, −2, 1 over Δ², at the samples
 * before, at and after (centered), or at this one and the two after (forward) or before (backward).
 *
 * Samples whose stencil leaves the axis get zero, or with `edge`, in centered ones, the nearest stencil that fits. The
 * adjoint is the exact transpose. Collective if the axis is split: one halo exchange; else local.
 */
export class SecondDerivative<V extends BlockVector<V> = LocalArray> extends StencilOperator<V> {
  /** @throws {RangeError} For an unknown axis or kind, or a sampling of zero. */
  constructor(where: Where<V>, options: SecondDerivativeOptions = {}) {
    checkOptions("SecondDerivative", options, ["axis", "sampling", "kind", "edge", "dtype"]);
    const space = spaceOf(where);
    const axis = normalizeAxis("SecondDerivative", options.axis ?? -1, space.dims.length);
    super(space, [{ axis, stencil: secondDerivative(space.dims[axis], options) }], options.dtype);
  }
}
