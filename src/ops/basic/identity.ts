import type { BlockVector } from "../../array/blocks.js";
import { type DType, numbersPerElement } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { Redistribution } from "../../array/redistribute.js";
import { boxIn, copyBox } from "../../array/strided-copy.js";
import { BlockOperator } from "./block-operator.js";
import { distributionOf, spaceOf, type Where } from "./block-space.js";

/**
 * The identity, or where the data have other dims than the model, what the two have in common: longer axes are cut,
 * shorter ones padded with zeros at the end. The adjoint is the reverse.
 *
 * Local, unless model and data are distributed differently: then one all-to-all.
 */
export class Identity<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #move: (x: V, y: V) => Promise<void> | void;
  readonly #back: (y: V, x: V) => Promise<void> | void;

  /** @throws {RangeError} If model and data have not the same number of axes. */
  constructor(model: Where<V>, data: Where<V> = model, { dtype }: { dtype?: DType } = {}) {
    const [from, to] = [spaceOf(model), spaceOf(data)];
    if (from.dims.length !== to.dims.length) {
      throw new RangeError(
        `Identity: from ${from.toString()} to ${to.toString()}; use the same number of axes`,
      );
    }
    super({ model: from, data: to, dtype });
    const [source, target] = [distributionOf(from), distributionOf(to)];
    if (from.equals(to)) {
      this.#move = this.#back = (x, y) => void y.copyFrom(x);
    } else if (source && target) {
      const [forth, back] = [new Redistribution(source, target), new Redistribution(target, source)];
      this.#move = (x, y) => forth.run(x.dtype, x.local, y.fill(0).local);
      this.#back = (y, x) => back.run(y.dtype, y.local, x.fill(0).local);
    } else {
      this.#move = this.#back = copyCommon;
    }
  }

  protected override sends(): boolean {
    return this.model.comm !== undefined && !this.model.equals(this.data);
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return this.#move(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return this.#back(y, x);
  }
}

/** Local arrays: the box from the origin that fits into both. */
function copyCommon<V extends BlockVector<V>>(x: V, y: V): void {
  const [from, to] = [x.space.dims, y.space.dims];
  const origin = from.map(() => 0);
  const common = from.map((length, axis) => Math.min(length, to[axis]));
  y.fill(0);
  copyBox(common, boxIn(x.local, from, origin), boxIn(y.local, to, origin), numbersPerElement(x.dtype));
}
