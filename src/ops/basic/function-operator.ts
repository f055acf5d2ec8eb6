import type { Vector } from "../../array/vector.js";
import { LinearOperator } from "../linear-operator.js";
import type { OperatorSpaces } from "../operator-products.js";

/** The two products of an operator; each overwrites its second argument. */
export interface ProductFunctions<M, D> {
  /** y ← A x */
  readonly forward: (x: M, y: D) => PromiseLike<unknown> | void;
  /** x ← Aᴴ y. Without it, `rmatvec` is an error. */
  readonly adjoint?: (y: D, x: M) => PromiseLike<unknown> | void;
}

/** An operator made of two functions. It costs, and communicates, what they do. */
export class FunctionOperator<M extends Vector<M>, D extends Vector<D> = M> extends LinearOperator<M, D> {
  readonly #functions: ProductFunctions<M, D>;

  constructor(spaces: OperatorSpaces<M, D>, functions: ProductFunctions<M, D>) {
    super(spaces);
    this.#functions = functions;
  }

  protected override forward(x: M, y: D): PromiseLike<unknown> | void {
    return this.#functions.forward(x, y);
  }

  protected override adjoint(y: D, x: M): PromiseLike<unknown> | void {
    if (!this.#functions.adjoint) throw new TypeError("FunctionOperator: it was made without an adjoint");
    return this.#functions.adjoint(y, x);
  }
}
