import { type Complex, type DType, promote, realOf } from "../array/dtype.js";
import type { Vector } from "../array/vector.js";
import type { LinearOperator } from "../ops/linear-operator.js";
import type { LinearOperatorContract } from "../ops/operator-products.js";
import { krylovSchur, type KrylovSchurResult } from "./krylov-schur.js";
import { checkOptions } from "./options.js";

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
 * Eigenvalues of a square operator, and their vectors, which are complex. Collective: one product with A and three
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
  /** Singular vectors of the model. Where a value is zero, one of the two is zero, on the side with more unknowns. */
  readonly right: readonly M[];
  /** Those of the data: A right = value · left. */
  readonly left: readonly D[];
  readonly status: KrylovSchurResult<M>["status"];
  /** Products with A and its adjoint. */
  readonly iterations: number;
}

/**
 * Singular values of any operator, and their vectors, as square roots of eigenvalues of AᴴA or AAᴴ: those below the square root of
 * the precision, relative to the largest, are lost in rounding. Collective: as {@link eigsh}, with a product with A and one
 * with Aᴴ an iteration.
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
  const { values, vectors, status, iterations } = await run("svds", A.H.compose(A), A.dtype, options);
  const roots = values.map(({ re }) => Math.sqrt(Math.max(0, re)));
  const left: D[] = [];
  for (const [i, vector] of vectors.entries())
    left.push((await A.matvec(vector)).scale(roots[i] > 0 ? 1 / roots[i] : 0));
  return { values: roots, right: vectors, left, status, iterations };
}

/**
 * The condition number of an operator, the ratio of its largest and its smallest singular value; Infinity if that is zero to
 * rounding. Collective: two runs of {@link svds}. Good for numbers up to the root of the precision.
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
  const noise = 10 * Math.sqrt(realOf(A.dtype) === "float32" ? 2 ** -23 : Number.EPSILON);
  return smallest > noise * largest ? largest / smallest : Infinity;
}

function run<V extends Vector<V>>(
  where: string,
  A: LinearOperatorContract<V, V>,
  dtype: DType,
  options: EigsOptions,
): Promise<KrylovSchurResult<V>> {
  checkOptions(where, options, ["count", "which", "basis", "rtol", "maxIterations", "seed"]);
  const { count = 1, which = "largest", maxIterations = 1000, seed = 0 } = options;
  const { size } = A.model;
  const { basis = Math.max(20, 2 * count + 1), rtol = realOf(dtype) === "float32" ? 1e-5 : 1e-10 } = options;
  if (!A.model.equals(A.data))
    throw new RangeError(`${where}: from ${A.model.toString()} to ${A.data.toString()}; it must be square`);
  if (A.clinear === false)
    throw new TypeError(`${where}: the operator is linear over real numbers only; it has no eigenvalues`);
  if (!Number.isSafeInteger(count) || count < 1 || count > size)
    throw new RangeError(`${where}: count ${count}; use an integer from 1 to the ${size} that there are`);
  if (!Number.isSafeInteger(basis) || basis <= Math.min(count, size - 1))
    throw new RangeError(
      `${where}: a basis of ${basis} vectors for ${count} values; use ${count + 1} at least`,
    );
  if (which !== "largest" && which !== "smallest")
    throw new RangeError(`${where}: which "${String(which)}"; use "largest" or "smallest"`);
  return krylovSchur(A, {
    where,
    count,
    which,
    dtype,
    basis: Math.min(basis, size),
    rtol,
    maxIterations,
    seed,
  });
}
