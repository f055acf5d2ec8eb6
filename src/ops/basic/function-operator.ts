import type { Vector } from "../../array/vector.js";
import { Derived } from "../linear-operator.js";
import { shown } from "../../options.js";
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
  constructor(spaces: OperatorSpaces<M, D>, functions: ProductFunctions<M, D>) {
    checkGiven(spaces, functions);
    const { model, data, dtype, clinear } = spaces;
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

/** What PyLops takes, two functions and two numbers, is in another order here: say so. */
function checkGiven(spaces: unknown, functions: unknown): void {
  const known = typeof spaces === "object" && spaces !== null && "model" in spaces && "data" in spaces;
  const given = typeof functions === "object" && functions !== null && "forward" in functions;
  if (known && given) return;
  throw new TypeError(
    `FunctionOperator: ${shown(spaces)} and ${shown(functions)}; give { model, data, dtype }, two spaces, and { forward, adjoint }, ` +
      "functions that overwrite their second argument",
  );
}
