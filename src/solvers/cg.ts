import { promote } from "../array/dtype.js";
import type { Vector } from "../array/vector.js";
import { checkVector } from "../ops/check-arguments.js";
import type { LinearOperatorContract as LinearOperator } from "../ops/operator-products.js";
import { shown } from "../options.js";
import { askedOf, asksToStop, checkLength, checkOptions, checkProblem } from "./options.js";
import type { SolverOptions, SolverState, SolverStatus } from "./options.js";

/**
 * `rtol` (default 1e-6) and `atol` (default 0): converged once ‖r‖₂ ≤ max(`rtol` · ‖data‖₂, `atol`), where
 * r = data − A · model. `maxIterations` (default twice the number of unknowns).
 */
export type CgOptions<V> = SolverOptions<V, SolverState<V>>;

export interface CgResult<V> {
  readonly model: V;
  readonly status: SolverStatus;
  readonly iterations: number;
  /** ‖data − A · model‖₂ before each iteration and after the last, by the recurrence of the residual. */
  readonly cost: readonly number[];
}

/**
 * Solves A · model = data, for Hermitian positive definite A, by conjugate gradients. Collective.
 *
 * Each iteration costs one `matvec` and two reductions, and allocates nothing; storage is four vectors. A warm start
 * costs one more `matvec`. An exact zero residual has converged, whatever the tolerances.
 *
 * @param data - Right-hand side; left unchanged.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If an option is out of range, or a vector does not fit the operator; on every rank, if ranks differ in an option.
 * @see Hestenes & Stiefel, J. Res. NBS 49(6), 1952, doi:10.6028/jres.049.044
 */
export async function cg<V extends Vector<V>>(
  A: LinearOperator<V, V>,
  data: V,
  options: CgOptions<V> = {},
): Promise<CgResult<V>> {
  checkOptions("cg", options, ["x0", "maxIterations", "rtol", "atol", "callback"]);
  checkProblem("cg", A, data);
  if (A.shape[0] !== A.shape[1])
    throw new RangeError(`cg: an operator of shape ${shown(A.shape)}; give a square one, or use cgls`);
  const { x0, rtol = 1e-6, atol = 0, maxIterations = 2 * A.shape[1], callback } = options;

  const dtype = [data.dtype, x0?.dtype ?? data.dtype].reduce(promote, A.dtype);
  const model = data.like(dtype); // zeros
  const r = data.like(dtype).copyFrom(data); // residual: data − A · model
  const q = data.like(dtype); // A · p
  if (x0) {
    checkVector("cg", "x0", x0);
    checkLength("cg", "x0", x0.length, A.shape[1]);
    await A.matvec(model.copyFrom(x0), q);
    r.axpy(-1, q);
  }
  const p = r.like().copyFrom(r); // search direction
  const curvaturePair = [[p, q]] as const;
  const residualPair = [[r, r]] as const;
  const startPairs = [...residualPair, [data, data]] as const;
  const asked = askedOf("cg", { rtol, atol, maxIterations, dtype, x0: x0 ? "given" : "zeros" });
  const [rhoStart, dataSquared] = await r.vdots(startPairs, asked);
  const tolerance = Math.max(rtol * Math.sqrt(dataSquared), atol);
  let rho = rhoStart;

  const cost: number[] = [];
  for (let iteration = 0; ; iteration++) {
    const stop = (status: SolverStatus): CgResult<V> => ({ model, status, iterations: iteration, cost });
    const residualNorm = Math.sqrt(rho);
    cost.push(residualNorm);
    const stopAsked = await asksToStop(callback, { iteration, model, residualNorm });
    if (!(rho < Infinity)) return stop("breakdown"); // NaN never passes for convergence
    if (residualNorm <= tolerance) return stop("converged");
    if (stopAsked) return stop("stopped");
    if (iteration === maxIterations) return stop("max-iterations");

    await A.matvec(p, q);
    const [curvature] = await r.vdots(curvaturePair);
    if (!(curvature > 0 && curvature < Infinity)) return stop("breakdown"); // A is not positive along p
    const alpha = rho / curvature;
    model.axpy(alpha, p); // model ← model + α p
    r.axpy(-alpha, q); // r ← r − α q
    const [rhoNext] = await r.vdots(residualPair);
    p.xpay(rhoNext / rho, r); // p ← r + β p
    rho = rhoNext;
  }
}
