import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { secondDerivative, type Stencil } from "../../kernels/index.js";
import { spaceOf, type Where } from "./block-space.js";
import { StencilOperator } from "./stencil-operator.js";
import { checkOptions } from "../check-options.js";

export interface LaplacianOptions {
  /** Axes to sum over, each once; default the last two. */
  axes?: readonly number[];
  /** Weight of each axis, default 1. */
  weights?: readonly number[];
  /** Distance between samples along each axis, default 1. */
  sampling?: readonly number[];
  /** Of every axis; default "centered". */
  kind?: "forward" | "backward" | "centered";
  edge?: boolean;
  dtype?: DType;
}

/**
 * Weighted sum of second derivatives along several axes of local or distributed arrays: Σ wₖ ∂²/∂xₖ². Ends of the
 * axes as in {@link SecondDerivative}. Collective if one of the axes is split: one halo exchange for each; else local.
 */
export class Laplacian<V extends BlockVector<V> = LocalArray> extends StencilOperator<V> {
  /** @throws {RangeError} If weights or sampling are not as many as axes, or as {@link SecondDerivative}. */
  constructor(where: Where<V>, options: LaplacianOptions = {}) {
    checkOptions("Laplacian", options, ["axes", "weights", "sampling", "kind", "edge", "dtype"]);
    const space = spaceOf(where);
    const { axes = [-2, -1], kind, edge, dtype } = options;
    const { weights = axes.map(() => 1), sampling = axes.map(() => 1) } = options;
    if (axes.length === 0 || weights.length !== axes.length || sampling.length !== axes.length) {
      throw new RangeError(
        `Laplacian: ${axes.length} axes, ${weights.length} weights, ${sampling.length} samplings; ` +
          `give as many of each, one at least`,
      );
    }
    const terms = axes.map((given, k) => {
      const axis = normalizeAxis("Laplacian", given, space.dims.length);
      const stencil = secondDerivative(space.dims[axis], { kind, edge, sampling: sampling[k] });
      return { axis, stencil: weighted(stencil, weights[k]) };
    });
    super(space, terms, dtype);
  }
}

function weighted(stencil: Stencil, weight: number): Stencil {
  const times = (row: Stencil["interior"]) => row.map(([offset, value]) => [offset, weight * value] as const);
  const { head, interior, tail } = stencil;
  return { ...stencil, head: head.map(times), interior: times(interior), tail: tail.map(times) };
}
