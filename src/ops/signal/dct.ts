import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { normalizeAxis, product } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { type AxisPass, AxisPasses, type Lines } from "../basic/axis-passes.js";
import { BlockOperator } from "../basic/block-operator.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { CosineTransform, type CosineType } from "./cosine-transform.js";

export interface DctOptions {
  /** Which of the four: default 2, whose inverse is 3. 1 and 4 are their own. */
  type?: CosineType;
  /** Default: all. */
  axes?: readonly number[];
  dtype?: DType;
}

/**
 * The discrete cosine transform along some axes of local or distributed arrays, orthogonal, so that its adjoint is its
 * inverse. For n samples, with cⱼ = √½ for j = 0 (type 1: and for n − 1) and 1 else:
 *
 * 1. y[k] = √(2 / (n − 1)) Σ cₖ cⱼ x[j] cos(π jk / (n − 1)), n ≥ 2
 * 2. y[k] = √(2 / n) Σ cₖ x[j] cos(π (j + ½) k / n)
 * 3. y[k] = √(2 / n) Σ cⱼ x[j] cos(π j (k + ½) / n)
 * 4. y[k] = √(2 / n) Σ x[j] cos(π (j + ½)(k + ½) / n)
 *
 * Collective if an axis is split: one all-to-all to make its lines whole, and one back; else local. Costs a complex Fourier
 * transform of twice the length, real and imaginary parts apart.
 */
export class DCT<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #passes: AxisPasses<V>;

  /** @throws {RangeError} For an unknown type, an axis that does not exist or comes twice, or one sample for type 1. */
  constructor(where: Where<V>, options: DctOptions = {}) {
    checkOptions("DCT", options, ["type", "axes", "dtype"]);
    const space = spaceOf(where);
    const { type = 2, axes = space.dims.map((_, axis) => axis), dtype } = options;
    const along = axes.map((axis) => normalizeAxis("DCT", axis, space.dims.length));
    if (along.length === 0 || new Set(along).size !== along.length)
      throw new RangeError(`DCT: axes [${axes.join(", ")}]; name at least one, and each of them once`);
    super({ model: space, data: space, dtype }, [type, along]);
    const passes = along.map((axis) => cosinePass(axis, new CosineTransform(type, space.dims[axis])));
    this.#passes = new AxisPasses(space, passes.reverse(), space);
  }

  protected override sends(): boolean {
    return this.#passes.moves > 0;
  }

  protected override forward(x: V, y: V): Promise<void> {
    return this.#passes.forward(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> {
    return this.#passes.adjoint(y, x);
  }
}

function cosinePass(axis: number, transform: CosineTransform): AxisPass {
  const run = (x: Lines, y: Lines, adjoint: boolean): void => {
    const { outer, rows } = x;
    if (product([outer, rows, x.inner]) === 0) return;
    const inner = x.storage.length / (outer * rows); // numbers: real and imaginary parts apart
    transform.apply(x.storage, y.storage, outer, inner, adjoint);
  };
  return {
    axis,
    length: transform.n,
    forward: (x, y) => run(x, y, false),
    adjoint: (y, x) => run(y, x, true),
  };
}
