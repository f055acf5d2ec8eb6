import { type Complex, type DType, promote, realOf } from "../array/dtype.js";
import type { Vector } from "../array/vector.js";
import type { LinearOperator } from "../ops/linear-operator.js";
import type { LinearOperatorContract } from "../ops/operator-products.js";
import { golubKahan, type GolubKahanResult } from "./golub-kahan.js";
import { krylovSchur, type KrylovSchurOptions, type KrylovSchurResult } from "./krylov-schur.js";
import { checkOptions } from "./options.js";
import { epsilonOf } from "./orthonormal-basis.js";

export interface EigsOptions {
  /** How many; default 1. */
  count?: number;
  /** Those of the largest modulus (default), or of the smallest: these converge slowly, unless the operator is small. */
  which?: "largest" | "smallest";
  /** Vectors of the basis, its storage; a restart takes as many again. Default 2 · `count` + 1, and 20 at least. */
  basis?: number;
  /** Converged once the residual is at most `rtol` · |value|; default 1e-10, or 1e-5 in single precision. */
  rtol?: number;
  /** Products with the operator after which it gives up, at the next restart; default 1000. */
  maxIterations?: number;
  /** Of the random vector that it starts from; default 0. */
  seed?: number;
}

export interface EigsResult<T, V> {
  /** The largest first, or the smallest. */
  readonly values: readonly T[];
  /** Of length one, in the order of the values. */
  readonly vectors: readonly V[];
  readonly status: KrylovSchurResult<V>["status"];
  /** Products with the operator. */
  readonly iterations: number;
}

/**
 * Eigenvalues of a square operator, and their vectors, which are complex. Collective: one product with A and two
 * reductions an iteration. The start depends on the seed and on global indices alone, so that results are the same, to
 * rounding, on any number of ranks.
 *
 * @throws {RangeError} If A is not square, or has not as many eigenvalues.
 * @throws {TypeError} If A is linear over real numbers only, or its vectors are neither local, distributed nor stacked.
 */
export async function eigs<V extends Vector<V>>(
  A: LinearOperatorContract<V, V>,
  options: EigsOptions = {},
): Promise<EigsResult<Complex, V>> {
  const { values, vectors, status, iterations } = await run(
    "eigs",
    A,
    promote(A.dtype, "complex64"),
    options,
  );
  return { values, vectors, status, iterations };
}

/**
 * Eigenvalues of a Hermitian operator, and their vectors, which have its dtype: as {@link eigs}, for less.
 *
 * @throws {RangeError} If A is seen not to be Hermitian, besides.
 */
export async function eigsh<V extends Vector<V>>(
  A: LinearOperatorContract<V, V>,
  options: EigsOptions = {},
): Promise<EigsResult<number, V>> {
  const { values, vectors, status, iterations, asymmetry } = await run("eigsh", A, A.dtype, options);
  if (asymmetry > (realOf(A.dtype) === "float32" ? 1e-3 : 1e-8)) {
    throw new RangeError(
      `eigsh: the operator is not Hermitian, a part of ${asymmetry.toPrecision(2)} is not; use eigs`,
    );
  }
  return { values: values.map(({ re }) => re), vectors, status, iterations };
}

export interface SvdsResult<M, D> {
  /** The largest first, or the smallest. */
  readonly values: readonly number[];
  /** Singular vectors of the model. */
  readonly right: readonly M[];
  /** Those of the data: A right = value · left. */
  readonly left: readonly D[];
  readonly status: GolubKahanResult<M, D>["status"];
  /** Products with A, and as many with its adjoint. */
  readonly iterations: number;
}

/**
 * Singular values of any operator, and their vectors. Collective: a product with A, one with Aᴴ and four reductions an iteration.
 *
 * Values are exact to about the precision times the largest one. The smallest come for certain where the basis has all
 * unknowns, as many products as there are; that is the default up to 256. Where it is shorter, they converge the slower
 * the closer they are to each other, relative to the largest: a status of "max-iterations" says so.
 *
 * @throws {RangeError} If A has not as many singular values.
 * @throws {TypeError} As {@link eigs}.
 */
export async function svds<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  options: EigsOptions = {},
): Promise<SvdsResult<M, D>> {
  if (A.shape[0] < A.shape[1]) {
    const { left: right, right: left, ...rest } = await svds(A.H, options);
    return { ...rest, right, left };
  }
  const unknowns = A.shape[1];
  const { basis = options.which === "smallest" && unknowns <= 256 ? Math.max(2, unknowns) : undefined } = options; // prettier-ignore
  return golubKahan(A, settings("svds", A, A.dtype, { ...options, basis }));
}

/**
 * The condition number of an operator, the ratio of its largest and its smallest singular value; Infinity if that is zero to
 * rounding. Collective: two runs of {@link svds}, with its limits. Its relative error is about the condition number times the
 * precision: of 1e12 in double precision three digits are right, and from 1e14 on (3e5 in single) it is Infinity.
 *
 * @throws {Error} If one of the two has not converged within `maxIterations` products each.
 */
export async function cond<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  options: Omit<EigsOptions, "count" | "which"> = {},
): Promise<number> {
  checkOptions("cond", options, ["basis", "rtol", "maxIterations", "seed"]);
  const ends: number[] = [];
  for (const which of ["largest", "smallest"] as const) {
    const { values, status, iterations } = await svds(A, { ...options, which });
    if (status !== "converged") {
      throw new Error(
        `cond: the ${which} singular value has not converged in ${iterations} products; allow more by maxIterations, ` +
          "or a longer basis",
      );
    }
    ends.push(values[0]);
  }
  const [largest, smallest] = ends;
  return smallest > 30 * epsilonOf(A.dtype) * largest ? largest / smallest : Infinity;
}

async function run<V extends Vector<V>>(
  where: string,
  A: LinearOperatorContract<V, V>,
  dtype: DType,
  options: EigsOptions,
): Promise<KrylovSchurResult<V>> {
  if (!A.model.equals(A.data))
    throw new RangeError(`${where}: from ${A.model.toString()} to ${A.data.toString()}; it must be square`);
  return krylovSchur(A, settings(where, A, dtype, options));
}

/** The options with what is missing, checked. */
function settings<M, D>(
  where: string,
  A: LinearOperatorContract<M, D>,
  dtype: DType,
  options: EigsOptions,
): KrylovSchurOptions {
  checkOptions(where, options, ["count", "which", "basis", "rtol", "maxIterations", "seed"]);
  const { count = 1, which = "largest", maxIterations = 1000, seed = 0 } = options;
  const { size } = A.model;
  const { basis = Math.max(20, 2 * count + 1), rtol = realOf(dtype) === "float32" ? 1e-5 : 1e-10 } = options;
  if (A.clinear === false)
    throw new TypeError(`${where}: the operator is linear over real numbers only; use one that is not`);
  if (!Number.isSafeInteger(count) || count < 1 || count > size)
    throw new RangeError(`${where}: count ${count}; use an integer from 1 to the ${size} that there are`);
  if (!Number.isSafeInteger(basis) || basis <= Math.min(count, size - 1))
    throw new RangeError(
      `${where}: a basis of ${basis} vectors for ${count} values; use ${count + 1} at least`,
    );
  if (which !== "largest" && which !== "smallest")
    throw new RangeError(`${where}: which "${String(which)}"; use "largest" or "smallest"`);
  return { where, count, which, dtype, basis: Math.min(basis, size), rtol, maxIterations, seed };
}
