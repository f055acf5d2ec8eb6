import { checkScalar, conj, promote, promoteScalar, type Scalar } from "../array/dtype.js";
import type { Vector } from "../array/vector.js";
import type { LinearOperator } from "./linear-operator.js";
import type { OperatorSpaces } from "./operator-products.js";
import type { OperatorMakeup } from "./operator-tree.js";
import { Workspace } from "./workspace.js";

/**
 * The algebra of operators: what is made of others, as spaces, parts and the two products. Intermediate vectors are
 * allocated once.
 */

/** An operator as two functions; each overwrites its second argument. */
export interface Derivation<M, D> extends OperatorSpaces<M, D>, OperatorMakeup {
  /** y ← A x */
  readonly forward: (x: M, y: D) => PromiseLike<unknown> | void;
  /** x ← Aᴴ y */
  readonly adjoint: (y: D, x: M) => PromiseLike<unknown> | void;
}

/** Aᴴ */
export function adjoint<M extends Vector<M>, D extends Vector<D>>(A: LinearOperator<M, D>): Derivation<D, M> {
  const { model, data, dtype, clinear } = A;
  return {
    name: "Adjoint",
    ...{ model: data, data: model, dtype, clinear, parts: [A], mirrored: true },
    forward: (y, x) => A.rmatvec(y, x),
    adjoint: (x, y) => A.matvec(x, y),
  };
}

/** x ↦ conj(A conj(x)) */
export function conjugate<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
): Derivation<M, D> {
  const { model, data, dtype, clinear } = A;
  const [models, datas] = [new Workspace(model), new Workspace(data)];
  return {
    name: "Conjugate",
    ...{ model, data, dtype, clinear, parts: [A] },
    forward: async (x, y) => {
      await A.matvec(models.get(x.dtype).copyFrom(x).conjugate(), y);
      y.conjugate();
    },
    adjoint: async (y, x) => {
      await A.rmatvec(datas.get(y.dtype).copyFrom(y).conjugate(), x);
      x.conjugate();
    },
  };
}

/** α A */
export function scaled<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  alpha: Scalar,
): Derivation<M, D> {
  checkScalar("scale", alpha);
  const { model, data, clinear } = A;
  const datas = new Workspace(data);
  return {
    name: "Scaled",
    ...{ model, data, dtype: promoteScalar(A.dtype, alpha), clinear, parts: [A], given: [alpha] },
    forward: async (x, y) => {
      await A.matvec(x, y);
      y.scale(alpha);
    },
    adjoint: async (y, x) => {
      // Before the product where that is not the same as after it.
      const early = !clinear && typeof alpha !== "number";
      await A.rmatvec(early ? datas.get(y.dtype).copyFrom(y).scale(conj(alpha)) : y, x);
      if (!early) x.scale(conj(alpha));
    },
  };
}

/** A + B */
export function sum<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  B: LinearOperator<M, D>,
): Derivation<M, D> {
  if (!A.model.equals(B.model) || !A.data.equals(B.data)) {
    throw new RangeError(`add: ${A.toString()} and ${B.toString()}; spaces of a sum must be the same`);
  }
  const { model, data } = A;
  const [models, datas] = [new Workspace(model), new Workspace(data)];
  return {
    name: "Sum",
    ...{ model, data, dtype: promote(A.dtype, B.dtype), clinear: A.clinear && B.clinear, parts: [A, B] },
    forward: async (x, y) => {
      await A.matvec(x, y);
      y.axpy(1, await B.matvec(x, datas.get(y.dtype)));
    },
    adjoint: async (y, x) => {
      await A.rmatvec(y, x);
      x.axpy(1, await B.rmatvec(y, models.get(x.dtype)));
    },
  };
}

/** A B: first B, then A. */
export function product<N extends Vector<N>, M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  B: LinearOperator<N, M>,
): Derivation<N, D> {
  if (!A.model.equals(B.data)) {
    throw new RangeError(
      `compose: the inner operator gives ${B.data.toString()}, the outer one takes ${A.model.toString()}`,
    );
  }
  const { model } = B;
  const { data } = A;
  const between = new Workspace(B.data);
  return {
    name: "Product",
    ...{ model, data, dtype: promote(A.dtype, B.dtype), clinear: A.clinear && B.clinear, parts: [A, B] },
    forward: async (x, y) => A.matvec(await B.matvec(x, between.get(y.dtype)), y),
    adjoint: async (y, x) => B.rmatvec(await A.rmatvec(y, between.get(x.dtype)), x),
  };
}

/** A applied `exponent` times. */
export function power<M extends Vector<M>>(A: LinearOperator<M, M>, exponent: number): Derivation<M, M> {
  const { model, data, dtype, clinear } = A;
  if (!model.equals(data)) throw new RangeError(`power: ${A.toString()} is not square`);
  if (!Number.isSafeInteger(exponent) || exponent < 0) {
    throw new RangeError(`power: exponent ${exponent}; use an integer from 0 on`);
  }
  const between = [new Workspace(model), new Workspace(model)];
  const repeat = async (x: M, y: M, apply: (x: M, y: M) => PromiseLike<M>) => {
    if (exponent === 0) y.copyFrom(x);
    let input = x;
    for (let k = 1; k <= exponent; k++)
      input = await apply(input, k === exponent ? y : between[k % 2].get(y.dtype));
  };
  return {
    name: "Power",
    ...{ model, data, dtype, clinear, parts: [A], given: [exponent] },
    forward: (x, y) => repeat(x, y, (input, output) => A.matvec(input, output)),
    adjoint: (y, x) => repeat(y, x, (input, output) => A.rmatvec(input, output)),
  };
}
