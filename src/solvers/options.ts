import type { Asked } from "../array/vector.js";
import { checkOperator, checkVector } from "../ops/check-arguments.js";
import { checkOptions as checkNames, shown } from "../options.js";

/**
 * Why a solver returned. `breakdown`: the method cannot go on, because the operator is not what the method needs, or
 * because a number was not finite. `stopped`: the callback asked for it.
 */
export type SolverStatus = "converged" | "max-iterations" | "breakdown" | "stopped";

/** Where a solver is: passed to the callback before the first iteration (`iteration` 0) and after each. */
export interface SolverState<M> {
  readonly iteration: number;
  /** The current model: the solver's own vector. Copy what is to outlive the call, change nothing. */
  readonly model: M;
  /** ‖data − A · model‖₂ */
  readonly residualNorm: number;
}

/**
 * Watches the iterations; `true` ends them. Every rank must answer alike: decide by what is equal on all ranks, such
 * as the numbers of the state.
 */
export type SolverCallback<S> = (state: S) => SolverVerdict | Promise<SolverVerdict>;
export type SolverVerdict = boolean | undefined | void;

/** What all solvers understand. `S` is the state that their callback sees. */
export interface SolverOptions<M, S> {
  /** Model to start from; left unchanged. Default: zeros, which saves a product with A. */
  x0?: M;
  /** Iterations after which the solver gives up. */
  maxIterations?: number;
  /** Relative tolerance; 0 turns it off. */
  rtol?: number;
  /** Absolute tolerance of the same norm as `rtol`. Default 0. */
  atol?: number;
  callback?: SolverCallback<S>;
}

/** Throws unless `options` has known names only, and numbers that make sense. Local. */
export function checkOptions(solver: string, options: object, known: readonly string[]): void {
  checkNames(solver, options, known);
  for (const [name, value] of Object.entries(options)) {
    if (name === "maxIterations" && value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      throw new RangeError(`${solver}: maxIterations is ${shown(value)}; use an integer of at least 0`);
    }
    const nonNegative = name === "rtol" || name === "atol" || name === "damp";
    const inRange = typeof value === "number" && value >= 0 && value < Infinity;
    if (nonNegative && value !== undefined && !inRange) {
      throw new RangeError(`${solver}: ${name} is ${shown(value)}; use a finite number of at least 0`);
    }
    if (name === "callback" && value !== undefined && typeof value !== "function")
      throw new TypeError(`${solver}: callback is ${shown(value)}; use a function of the state`);
  }
}

/** What all ranks must ask of a solver, for its first reduction to compare. Local. */
export function askedOf(solver: string, options: object): Asked {
  return [solver, ...Object.entries(options).map(([name, value]) => `${name} ${String(value)}`)];
}

/** Throws unless A is an operator, and `data` a vector of as many elements as it gives. Local. */
export function checkProblem(
  solver: string,
  A: { readonly shape: readonly [number, number] },
  data: { readonly length: number },
): void {
  checkOperator(solver, A);
  checkVector(solver, "data", data);
  checkLength(solver, "data", data.length, A.shape[0]);
}

/** Throws unless vector `name` has the length that the operator needs. Local. */
export function checkLength(solver: string, name: string, actual: number, needed: number): void {
  if (actual === needed) return;
  throw new RangeError(
    `${solver}: ${name} has ${actual} elements where the operator has ${needed}; make it in the operator's space`,
  );
}

/** True if the callback, when there is one, asks to stop. */
export async function asksToStop<S>(callback: SolverCallback<S> | undefined, state: S): Promise<boolean> {
  return (await callback?.(state)) === true;
}
