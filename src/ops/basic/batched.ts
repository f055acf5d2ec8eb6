import { checkOperator } from "../check-arguments.js";
import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { product, sameNumbers } from "../../array/shape.js";
import { eachPiece, type LocalOperator } from "../each-piece.js";
import { BlockOperator } from "./block-operator.js";
import { isSplitAlong, spaceOf, type Where, withSpan } from "./block-space.js";

/**
 * One local operator on every item of an array whose last axes are its model: [batch…, …dims] becomes
 * [batch…, …dimsd]. Arrays may be local, or split over ranks along the batch axes: nothing is sent.
 *
 * A {@link MatrixMult} multiplies all items at once; with a BLAS, the last bits may then depend on how many a rank has.
 */
export class Batched<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #each: ReturnType<typeof eachPiece>;

  /** @throws {RangeError} If the last axes are not those of the operator's model, or are split. */
  constructor(op: LocalOperator, where: Where<V>) {
    checkOperator("Batched", op);
    const model = spaceOf(where);
    const span = { first: model.dims.length - op.dims.length, count: op.dims.length };
    if (span.first < 0 || !sameNumbers(model.dims.slice(span.first), op.dims) || isSplitAlong(model, span)) {
      throw new RangeError(
        `Batched: ${op.toString()} on arrays of ${model.toString()}; their last axes must be those of its model, whole on every rank`,
      );
    }
    const data = withSpan(model, span, op.dimsd);
    super({ model, data, dtype: op.dtype, clinear: op.clinear }, [], [op]);
    this.#each = eachPiece(op, product(model.localShape.slice(0, span.first)));
  }

  protected override forward(x: V, y: V): Promise<void> {
    return this.#each.forward(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> {
    return this.#each.adjoint(y, x);
  }
}
