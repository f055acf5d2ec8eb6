import { type Complex, type DType, promote, realOf, type Scalar } from "../array/dtype.js";
import type { AnyVector } from "../array/vector.js";
import { checkOperator } from "./check-arguments.js";
import { checkOptions } from "./check-options.js";
import { fillByIndex } from "./columns.js";
import type { LinearOperatorContract } from "./operator-products.js";
import { OperatorTree } from "./operator-tree.js";
import { uniform } from "./random.js";

export interface DotTestOptions {
  /** Of the random vectors; default 0. */
  seed?: number;
  /** Largest difference, relative to the norms of the vectors. Default 1e-10, or 1e-4 in single precision. */
  rtol?: number;
  /** Of the random vectors, if not the operator's: complex ones for a real operator, say. */
  dtype?: DType;
}

/**
 * Tests that an operator's adjoint is its adjoint: ⟨A u, v⟩ = ⟨u, Aᴴ v⟩ for random u and v; the real parts, if it is
 * linear over real numbers only. Collective.
 *
 * The vectors depend on the seed and the global index of their elements alone, so they are the same on any number of
 * ranks. One product with A, one with Aᴴ, two dot products and four norms.
 *
 * @returns Both sides.
 * @throws {Error} If they differ by more than `rtol` (‖A u‖ ‖v‖ + ‖u‖ ‖Aᴴ v‖) / 2; the message has both.
 */
export async function dottest(
  op: LinearOperatorContract<AnyVector, AnyVector>,
  options: DotTestOptions = {},
): Promise<{ forward: Complex; adjoint: Complex }> {
  checkOperator("dottest", op);
  checkOptions("dottest", options, ["seed", "rtol", "dtype"]);
  const dtype = promote(op.dtype, options.dtype ?? op.dtype);
  const { seed = 0, rtol = realOf(dtype) === "float32" ? 1e-4 : 1e-10 } = options;
  const u = op.model.zeros(dtype);
  const v = op.data.zeros(dtype);
  fillByIndex(u, uniform(2 * seed, dtype));
  fillByIndex(v, uniform(2 * seed + 1, dtype));
  const Au = await op.matvec(u);
  const AHv = await op.rmatvec(v);
  const forward = complex(await Au.vdot(v));
  const adjoint = complex(await u.vdot(AHv));
  const scale = ((await Au.norm()) * (await v.norm()) + (await u.norm()) * (await AHv.norm())) / 2;
  const imaginary = op.clinear === false ? 0 : forward.im - adjoint.im;
  const difference = Math.hypot(forward.re - adjoint.re, imaginary);
  if (!(difference <= rtol * scale)) {
    const what = op instanceof OperatorTree ? op.name : op.constructor.name;
    throw new Error(
      `dottest: ${what}: ⟨A u, v⟩ = ${show(forward)}, ⟨u, Aᴴ v⟩ = ${show(adjoint)}; they differ by ${difference}, ` +
        `${rtol * scale} is allowed`,
    );
  }
  return { forward, adjoint };
}

function complex(value: Scalar): Complex {
  return typeof value === "number" ? { re: value, im: 0 } : value;
}

function show({ re, im }: Complex): string {
  return im === 0 ? String(re) : `${re} ${im < 0 ? "−" : "+"} ${Math.abs(im)}i`;
}
