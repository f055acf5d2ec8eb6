import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { product, sameNumbers } from "../../array/shape.js";
import type { LinearOperator } from "../linear-operator.js";
import { BlockOperator } from "./block-operator.js";
import { isSplitAlong, spaceOf, type Where, withSpan } from "./block-space.js";
import { pieces } from "./pieces.js";

type LocalOperator = LinearOperator<LocalArray, LocalArray>;

/**
 * One local operator on every item of an array whose last axes are its model: [batch…, …dims] becomes
 * [batch…, …dimsd]. Arrays may be local, or split over ranks along the batch axes: nothing is sent.
 */
export class Batched<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #op: LocalOperator;
  readonly #count: number;

  /** @throws {RangeError} If the last axes are not those of the operator's model, or are split. */
  constructor(op: LocalOperator, where: Where<V>) {
    const model = spaceOf(where);
    const span = { first: model.dims.length - op.dims.length, count: op.dims.length };
    if (span.first < 0 || !sameNumbers(model.dims.slice(span.first), op.dims) || isSplitAlong(model, span)) {
      throw new RangeError(
        `Batched: ${op.toString()} on arrays of ${model.toString()}; their last axes must be those of its model, whole on every rank`,
      );
    }
    super({ model, data: withSpan(model, span, op.dimsd), dtype: op.dtype, clinear: op.clinear });
    this.#op = op;
    this.#count = product(model.localShape.slice(0, span.first));
  }

  protected override async forward(x: V, y: V): Promise<void> {
    const [models, datas] = this.#items(x, y);
    for (let k = 0; k < this.#count; k++) await this.#op.matvec(models[k], datas[k]);
  }

  protected override async adjoint(y: V, x: V): Promise<void> {
    const [models, datas] = this.#items(x, y);
    for (let k = 0; k < this.#count; k++) await this.#op.rmatvec(datas[k], models[k]);
  }

  #items(x: V, y: V): [models: LocalArray[], datas: LocalArray[]] {
    const every = (dims: readonly number[]) => new Array<readonly number[]>(this.#count).fill(dims);
    return [pieces(x.block, every(this.#op.dims)), pieces(y.block, every(this.#op.dimsd))];
  }
}
