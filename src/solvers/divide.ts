import type { Vector } from "../array/vector.js";
import type { LinearOperatorContract as LinearOperator } from "../ops/operator-products.js";
import { cgls } from "./cgls.js";
import { checkOptions } from "./options.js";

export interface DivideOptions {
  /** Relative tolerance of the gradient; default 1e-12, so that rather the iterations end it. */
  rtol?: number;
  /** Default 100. */
  maxIterations?: number;
}

/**
 * The model that an operator maps to the data, A \ data; of several the one of least norm, and if there is none the one
 * that comes nearest. Collective: {@link cgls} from zeros, as far as `maxIterations`. For how good it is, and more control, call
 * `cgls`.
 *
 * @throws {Error} If numbers are not finite.
 */
export async function divide<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  data: D,
  options: DivideOptions = {},
): Promise<M> {
  checkOptions("divide", options, ["rtol", "maxIterations"]);
  const { rtol = 1e-12, maxIterations = 100 } = options;
  const { model, cost, iterations } = await cgls(A, data, { rtol, maxIterations });
  const residual = cost.at(-1) ?? NaN;
  if (!(residual < Infinity))
    throw new Error(
      `divide: a residual of ${residual} after ${iterations} iterations; are all numbers finite?`,
    );
  return model;
}
