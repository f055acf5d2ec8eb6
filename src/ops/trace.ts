import type { Scalar } from "../array/dtype.js";
import type { AnyVector } from "../array/vector.js";
import { checkOperator } from "./check-arguments.js";
import { checkOptions } from "./check-options.js";
import { fillByIndex } from "./columns.js";
import type { LinearOperatorContract } from "./operator-products.js";
import { uniform } from "./random.js";

export interface TraceOptions {
  /** Random vectors, default 20. */
  samples?: number;
  /** Of the random vectors; default 0. */
  seed?: number;
}

/**
 * Estimates the trace of a square operator by Hutchinson's method: the mean of zᴴ A z over random vectors of signs, which
 * are the same on any number of ranks. Collective: one product and one dot product for each of them.
 *
 * @returns The mean (of real parts), and its standard error; exact for a diagonal operator.
 * @throws {RangeError} If model and data live in different spaces, or there are less than two samples.
 * @see Hutchinson, Commun. Stat. Simul. Comput. 18(3), 1989, doi:10.1080/03610918908812806
 */
export async function estimateTrace(
  op: LinearOperatorContract<AnyVector, AnyVector>,
  options: TraceOptions = {},
): Promise<{ trace: number; standardError: number }> {
  checkOperator("estimateTrace", op);
  checkOptions("estimateTrace", options, ["samples", "seed"]);
  const { samples = 20, seed = 0 } = options;
  if (!op.model.equals(op.data)) {
    throw new RangeError(
      `estimateTrace: an operator from ${op.model.toString()} to ${op.data.toString()}; it must be square`,
    );
  }
  if (!Number.isSafeInteger(samples) || samples < 2)
    throw new RangeError(`estimateTrace: ${samples} samples; use 2 at least`);
  const [z, image] = [op.model.zeros(op.dtype), op.data.zeros(op.dtype)];
  const values: number[] = [];
  for (let k = 0; k < samples; k++) {
    const random = uniform(seed + k, "float64");
    fillByIndex(z, (index) => (real(random(index)) < 0 ? -1 : 1));
    values.push(real(await z.vdot(await op.matvec(z, image))));
  }
  const trace = values.reduce((sum, value) => sum + value, 0) / samples;
  const variance = values.reduce((sum, value) => sum + (value - trace) ** 2, 0) / (samples - 1);
  return { trace, standardError: Math.sqrt(variance / samples) };
}

function real(value: Scalar): number {
  return typeof value === "number" ? value : value.re;
}
