import type { LocalArray } from "../../array/local-array.js";
import { LocalSpace } from "../../array/local-space.js";
import { LinearOperator } from "../linear-operator.js";

/**
 * A local operator with other dims of equal size: a matrix whose columns are pictures, say. Costs what the operator does;
 * nothing is copied.
 */
export class Reshaped extends LinearOperator<LocalArray, LocalArray> {
  readonly #op: LinearOperator<LocalArray, LocalArray>;

  /** @throws {RangeError} If the sizes are not those of the operator. */
  constructor(
    op: LinearOperator<LocalArray, LocalArray>,
    { dims = op.dims, dimsd = op.dimsd }: { dims?: readonly number[]; dimsd?: readonly number[] },
  ) {
    const [model, data] = [new LocalSpace(dims), new LocalSpace(dimsd)];
    if (model.size !== op.shape[1] || data.size !== op.shape[0]) {
      throw new RangeError(
        `Reshaped: ${op.toString()} as one from ${model.toString()} to ${data.toString()}; sizes must stay`,
      );
    }
    super({ model, data, dtype: op.dtype, clinear: op.clinear }, { parts: [op] });
    this.#op = op;
  }

  protected override forward(x: LocalArray, y: LocalArray): Promise<LocalArray> {
    return this.#op.matvec(x.reshape(this.#op.dims), y.reshape(this.#op.dimsd));
  }

  protected override adjoint(y: LocalArray, x: LocalArray): Promise<LocalArray> {
    return this.#op.rmatvec(y.reshape(this.#op.dimsd), x.reshape(this.#op.dims));
  }
}
