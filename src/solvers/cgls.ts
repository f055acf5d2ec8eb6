import { promote } from "../array/dtype.js";
import type { Vector, VectorPair } from "../array/vector.js";
import { checkVector } from "../ops/check-arguments.js";
import type { LinearOperatorContract as LinearOperator } from "../ops/operator-products.js";
import { askedOf, asksToStop, checkLength, checkOptions, checkProblem } from "./options.js";
import type { SolverOptions, SolverState, SolverStatus } from "./options.js";

export interface CglsState<M> extends SolverState<M> {
  /** ‖Aᴴ (data − A · model) − damp² · model‖₂, zero at the solution. */
  readonly gradientNorm: number;
}

/**
 * `rtol` (default 1e-6) and `atol` (default 0): converged once the norm of the gradient is at most
 * max(`rtol` · that at `x0`, `atol`). `maxIterations` (default twice the number of unknowns).
 */
export interface CglsOptions<M> extends SolverOptions<M, CglsState<M>> {
  /** Weight of the model's norm in the sum that is minimised. Default 0. */
  damp?: number;
}

export interface CglsResult<M> {
  readonly model: M;
  readonly status: SolverStatus;
  readonly iterations: number;
  /** ‖data − A · model‖₂ before each iteration and after the last, by the recurrence of the residual. */
  readonly cost: readonly number[];
  /** √(‖data − A · model‖₂² + damp² ‖model‖₂²), what is minimised; equal to `cost` without damping. */
  readonly dampedCost: readonly number[];
  /** Norm of the gradient, likewise. */
  readonly gradientNorms: readonly number[];
}

/**
 * Minimises ‖data − A · model‖₂² + damp² ‖model‖₂² by conjugate gradients on the normal equations, without ever
 * forming AᴴA. Collective. A may be rectangular, complex and singular; from zeros it finds the solution of least norm.
 *
 * Each iteration costs one `matvec`, one `rmatvec` and two reductions, and allocates nothing; storage is three model
 * and two data vectors. The start costs one `rmatvec` and one reduction, a warm start one `matvec` more.
 *
 * @param data - Left unchanged.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If an option is out of range, or a vector does not fit the operator; on every rank, if ranks differ in an option.
 * @see Björck, Elfving & Strakoš, SIAM J. Matrix Anal. Appl. 19(3), 1998, doi:10.1137/S089547989631202X
 */
export async function cgls<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  data: D,
  options: CglsOptions<M> = {},
): Promise<CglsResult<M>> {
  checkOptions("cgls", options, ["x0", "maxIterations", "rtol", "atol", "damp", "callback"]);
  checkProblem("cgls", A, data);
  const { x0, rtol = 1e-6, atol = 0, damp = 0, maxIterations = 2 * A.shape[1], callback } = options;
  const delta = damp * damp;

  const dtype = [data.dtype, x0?.dtype ?? data.dtype].reduce(promote, A.dtype);
  const model = A.model.zeros(dtype);
  const s = data.like(dtype).copyFrom(data); // residual: data − A · model
  const q = data.like(dtype); // A · c
  if (x0) {
    checkVector("cgls", "x0", x0);
    checkLength("cgls", "x0", x0.length, A.shape[1]);
    await A.matvec(model.copyFrom(x0), q);
    s.axpy(-1, q);
  }
  const r = model.like(); // negative gradient: Aᴴ s − δ · model
  await A.rmatvec(s, r);
  if (delta > 0) r.axpy(-delta, model);
  const c = model.like().copyFrom(r); // search direction

  const damped = delta > 0;
  const curvaturePairs: VectorPair[] = damped ? [[q, q], [c, c]] : [[q, q]]; // prettier-ignore
  const normPairs: VectorPair[] = damped ? [[r, r], [s, s], [model, model]] : [[r, r], [s, s]]; // prettier-ignore
  const asked = askedOf("cgls", { damp, rtol, atol, maxIterations, dtype, x0: x0 ? "given" : "zeros" });
  let [rho, sSquared, modelSquared = 0] = await s.vdots(normPairs, asked);
  const tolerance = Math.max(rtol * Math.sqrt(rho), atol);

  const cost: number[] = [];
  const dampedCost: number[] = [];
  const gradientNorms: number[] = [];
  for (let iteration = 0; ; iteration++) {
    const stop = (status: SolverStatus): CglsResult<M> => {
      return { model, status, iterations: iteration, cost, dampedCost, gradientNorms };
    };
    const residualNorm = Math.sqrt(sSquared);
    const gradientNorm = Math.sqrt(rho);
    cost.push(residualNorm);
    dampedCost.push(Math.sqrt(sSquared + delta * modelSquared));
    gradientNorms.push(gradientNorm);
    const stopAsked = await asksToStop(callback, { iteration, model, residualNorm, gradientNorm });
    if (!(rho + sSquared < Infinity)) return stop("breakdown"); // NaN never passes for convergence
    if (gradientNorm <= tolerance) return stop("converged");
    if (stopAsked) return stop("stopped");
    if (iteration === maxIterations) return stop("max-iterations");

    await A.matvec(c, q);
    const [qSquared, cSquared = 0] = await s.vdots(curvaturePairs);
    const curvature = qSquared + delta * cSquared;
    if (!(curvature > 0 && curvature < Infinity)) return stop("breakdown");
    const alpha = rho / curvature;
    model.axpy(alpha, c); // model ← model + α c
    s.axpy(-alpha, q); // s ← s − α q
    await A.rmatvec(s, r);
    if (damped) r.axpy(-delta, model); // r ← Aᴴ s − δ model
    const rhoPrevious = rho;
    [rho, sSquared, modelSquared = 0] = await s.vdots(normPairs);
    c.xpay(rho / rhoPrevious, r); // c ← r + β c
  }
}
