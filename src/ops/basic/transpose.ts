import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { Distribution } from "../../array/distribution.js";
import { type DType, numbersPerElement } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { Redistribution } from "../../array/redistribute.js";
import { checkAxes } from "../../array/shape.js";
import { boxIn, copyBox, permuteBox } from "../../array/strided-copy.js";
import { BlockOperator } from "./block-operator.js";
import { distributionOf, spaceOf, type Where } from "./block-space.js";

export interface TransposeOptions<V> {
  /** Where the result lives; default: split along its first axis, or replicated if the model is. */
  to?: BlockSpace<V>;
  dtype?: DType;
}

/**
 * Axes in another order: axis k of the result is axis `axes[k]` of the model. The adjoint is the inverse.
 *
 * Local arrays: one pass. Distributed ones: one all-to-all that sends every element once, from any distribution to
 * any other.
 */
export class Transpose<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #forth: Mover;
  readonly #back: Mover;

  /** @throws {RangeError} If `axes` does not name every axis once, or `to` has other dims. */
  constructor(model: Where<V>, axes: readonly number[], { to, dtype }: TransposeOptions<V> = {}) {
    const from = spaceOf(model);
    checkAxes("Transpose", axes, from.dims.length);
    const dims = axes.map((axis) => from.dims[axis]);
    const data = to ?? defaultTarget(from, dims);
    if (data.dims.some((length, axis) => length !== dims[axis])) {
      throw new RangeError(
        `Transpose: the result has dims [${dims.join(", ")}], not those of ${data.toString()}`,
      );
    }
    super({ model: from, data, dtype }, [axes]);
    const inverse = axes.map((_, axis) => axes.indexOf(axis));
    this.#forth = moverBetween(from, data, axes);
    this.#back = moverBetween(data, from, inverse);
  }

  protected override sends(): boolean {
    return this.model.comm !== undefined;
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return this.#forth(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return this.#back(y, x);
  }
}

type Mover = (x: BlockVector<unknown>, y: BlockVector<unknown>) => Promise<void> | void;

function defaultTarget<V>(from: BlockSpace<V>, dims: readonly number[]): BlockSpace<V> {
  const distribution = distributionOf(from);
  if (!distribution) return from.withDims(dims);
  const target: BlockSpace<unknown> = new Distribution(distribution.comm, dims, {
    replicated: distribution.replicated,
  });
  return target as BlockSpace<V>; // the vectors of one distribution are those of another
}

function moverBetween(from: BlockSpace<unknown>, to: BlockSpace<unknown>, axes: readonly number[]): Mover {
  const [source, target] = [distributionOf(from), distributionOf(to)];
  if (source && target) {
    const plan = new Redistribution(source, target, axes);
    return (x, y) => plan.run(x.dtype, x.local, y.local);
  }
  const origin = axes.map(() => 0);
  return (x, y) => {
    const input = permuteBox(boxIn(x.local, from.dims, origin), axes);
    copyBox(to.dims, input, boxIn(y.local, to.dims, origin), numbersPerElement(x.dtype));
  };
}
