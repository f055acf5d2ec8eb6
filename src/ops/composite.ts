import type { Vector } from "../array/vector.js";
import { LinearOperator } from "./linear-operator.js";

/** An operator made of others, under a name of its own: it is what the given one is. */
export abstract class Composite<M extends Vector<M>, D extends Vector<D>> extends LinearOperator<M, D> {
  readonly #operator: LinearOperator<M, D>;

  constructor(operator: LinearOperator<M, D>) {
    super(operator, { parts: [operator] });
    this.#operator = operator;
  }

  protected override forward(x: M, y: D): Promise<D> {
    return this.#operator.matvec(x, y);
  }

  protected override adjoint(y: D, x: M): Promise<M> {
    return this.#operator.rmatvec(y, x);
  }
}
