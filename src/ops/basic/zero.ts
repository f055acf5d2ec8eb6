import type { BlockSpace } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import type { Vector } from "../../array/vector.js";
import { LinearOperator } from "../linear-operator.js";
import { spaceOf, type Where } from "./block-space.js";

/** The zero operator, between any two spaces of one kind: y = 0, whatever x is. Local. */
export class Zero<V extends Vector<V> = LocalArray> extends LinearOperator<V, V> {
  constructor(model: Where<V>, data: Where<V> = model, { dtype }: { dtype?: DType } = {}) {
    const [from, to]: BlockSpace<V>[] = [spaceOf(model), spaceOf(data)];
    super({ model: from, data: to, dtype });
  }

  protected override forward(_x: V, y: V): void {
    y.fill(0);
  }

  protected override adjoint(_y: V, x: V): void {
    x.fill(0);
  }
}
