import type { Vector } from "../../array/vector.js";
import { Derived } from "../linear-operator.js";
import type { OperatorSpaces } from "../operator-products.js";

/** The two products of an operator; each overwrites its second argument. */
export interface ProductFunctions<M, D> {
  /** y ← A x */
  readonly forward: (x: M, y: D) => PromiseLike<unknown> | void;
  /** x ← Aᴴ y. Without it, `rmatvec` is an error. */
  readonly adjoint?: (y: D, x: M) => PromiseLike<unknown> | void;
}

/** An operator made of two functions. It costs, and communicates, what they do. */
export class FunctionOperator<M extends Vector<M>, D extends Vector<D> = M> extends Derived<M, D> {
  constructor({ model, data, dtype, clinear }: OperatorSpaces<M, D>, functions: ProductFunctions<M, D>) {
    super({
      ...{ model, data, dtype, clinear },
      forward: (x, y) => functions.forward(x, y),
      adjoint: (y, x) => {
        if (!functions.adjoint) throw new TypeError("FunctionOperator: it was made without an adjoint");
        return functions.adjoint(y, x);
      },
    });
  }
}
