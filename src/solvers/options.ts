import type { Asked } from "../array/vector.js";
import { checkOptions as checkNames } from "../options.js";

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
      throw new RangeError(`${solver}: maxIterations is ${value}; use an integer of at least 0`);
    }
    const nonNegative = name === "rtol" || name === "atol" || name === "damp";
    if (nonNegative && value !== undefined && !(value >= 0 && value < Infinity)) {
      throw new RangeError(`${solver}: ${name} is ${value}; use a finite number of at least 0`);
    }
  }
}

/** What all ranks must ask of a solver, for its first reduction to compare. Local. */
export function askedOf(solver: string, options: object): Asked {
  return [solver, ...Object.entries(options).map(([name, value]) => `${name} ${String(value)}`)];
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
