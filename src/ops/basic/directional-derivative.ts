import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import type { AnyVector } from "../../array/vector.js";
import { Composite } from "../composite.js";
import type { LinearOperator } from "../linear-operator.js";
import { spaceOf, type Where } from "./block-space.js";
import { Diagonal } from "./diagonal.js";
import { Gradient, type GradientOptions } from "./gradient.js";
import { Identity } from "./identity.js";
import { HStack } from "./stacks.js";

/** A direction: one component for each axis, each a number, or an array of one for every sample. */
export type Direction<V> = readonly (number | V)[];

/**
 * The derivative along a direction v, which may change from sample to sample: Σₖ vₖ ∂/∂xₖ, on all axes of local or
 * distributed arrays. Costs, communicates and ends as {@link Gradient}.
 */
export class FirstDirectionalDerivative<V extends BlockVector<V> & AnyVector = LocalArray> extends Composite<
  V,
  V
> {
  /** @throws {RangeError} If there are not as many components as axes. */
  constructor(where: Where<V>, direction: Direction<V>, options: GradientOptions = {}) {
    super(along(where, direction, options));
  }
}

/**
 * The second derivative along a direction, −Dᴴ D with D the {@link FirstDirectionalDerivative}: symmetric, and negative
 * where the array varies.
 */
export class SecondDirectionalDerivative<V extends BlockVector<V> & AnyVector = LocalArray> extends Composite<
  V,
  V
> {
  /** @throws {RangeError} If there are not as many components as axes. */
  constructor(where: Where<V>, direction: Direction<V>, options: GradientOptions = {}) {
    const first = along(where, direction, options);
    super(first.H.compose(first).neg());
  }
}

function along<V extends BlockVector<V> & AnyVector>(
  where: Where<V>,
  direction: Direction<V>,
  options: GradientOptions,
): LinearOperator<V, V> {
  const space = spaceOf(where);
  if (direction.length !== space.dims.length) {
    throw new RangeError(
      `directional derivative: ${direction.length} components of a direction in ${space.toString()}; give one for each axis`,
    );
  }
  const { dtype } = options;
  const components = direction.map((v): LinearOperator<V, V> =>
    typeof v === "number" ? new Identity(space, space, { dtype }).scale(v) : new Diagonal<V>(v),
  );
  return new HStack<V, V>(components).compose(new Gradient(space, options));
}
