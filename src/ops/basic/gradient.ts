import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import type { AnyVector } from "../../array/vector.js";
import { checkOptions } from "../check-options.js";
import { spaceOf, type Where } from "./block-space.js";
import { FirstDerivative } from "./first-derivative.js";
import { VStack } from "./stacks.js";

export interface GradientOptions {
  /** Distance between samples: one number for all axes, or one for each. Default 1. */
  sampling?: number | readonly number[];
  /** Default "centered". */
  kind?: "forward" | "backward" | "centered";
  /** One-sided differences where a centered stencil does not fit, instead of zeros. */
  edge?: boolean;
  dtype?: DType;
}

/**
 * First derivatives along all axes of local or distributed arrays, as a stack of one member for each axis; see
 * {@link FirstDerivative}. The adjoint, −1 times a divergence, adds up. Collective if an axis is split: one halo exchange
 * for each that is; else local.
 */
export class Gradient<V extends BlockVector<V> & AnyVector = LocalArray> extends VStack<V, V> {
  /** @throws {RangeError} If there are not as many samplings as axes, or as {@link FirstDerivative}. */
  constructor(where: Where<V>, options: GradientOptions = {}) {
    checkOptions("Gradient", options, ["sampling", "kind", "edge", "dtype"]);
    const space = spaceOf(where);
    const { sampling = 1, ...rest } = options;
    super(
      samplings("Gradient", space.dims.length, sampling).map(
        (distance, axis) => new FirstDerivative(space, { ...rest, axis, sampling: distance }),
      ),
    );
  }
}

/** One distance for each axis. */
export function samplings(
  where: string,
  axes: number,
  sampling: number | readonly number[],
): readonly number[] {
  if (typeof sampling === "number") return new Array<number>(axes).fill(sampling);
  if (sampling.length === axes) return sampling;
  throw new RangeError(
    `${where}: ${sampling.length} samplings for ${axes} axes; give one number, or one for each`,
  );
}
