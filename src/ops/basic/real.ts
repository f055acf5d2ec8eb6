import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import type { Space, Vector } from "../../array/vector.js";
import { LinearOperator } from "../linear-operator.js";
import { asSpace } from "./block-space.js";

export interface RealOptions {
  dtype?: DType;
}

/** Elementwise maps of a space to itself that are linear over real numbers only. */
abstract class RealLinear<V extends Vector<V>> extends LinearOperator<V, V> {
  constructor(where: number | readonly number[] | Space<V>, dtype?: DType) {
    const space = asSpace(where);
    super({ model: space, data: space, dtype, clinear: false });
  }
}

/**
 * The real part of every element: y = Re x, in a vector of the dtype of x. Adjoint in the inner product Re ⟨·, ·⟩:
 * x = Re y. Local.
 */
export class Real<V extends Vector<V> = LocalArray> extends RealLinear<V> {
  constructor(where: number | readonly number[] | Space<V>, { dtype }: RealOptions = {}) {
    super(where, dtype);
  }

  protected override forward(x: V, y: V): void {
    y.copyFrom(x).conjugate().axpy(1, x).scale(0.5);
  }

  protected override adjoint(y: V, x: V): void {
    this.forward(y, x);
  }
}

/**
 * The imaginary part of every element, as a real number: y = Im x, in a complex vector, since the adjoint in the inner
 * product Re ⟨·, ·⟩ is x = i Re y. Local.
 */
export class Imag<V extends Vector<V> = LocalArray> extends RealLinear<V> {
  /** @param options - Its dtype is complex; default complex128. */
  constructor(where: number | readonly number[] | Space<V>, { dtype = "complex128" }: RealOptions = {}) {
    super(where, dtype);
  }

  protected override forward(x: V, y: V): void {
    y.copyFrom(x).conjugate().axpy(-1, x).scale({ re: 0, im: 0.5 }); // i/2 (conj x − x)
  }

  protected override adjoint(y: V, x: V): void {
    x.copyFrom(y).conjugate().axpy(1, y).scale({ re: 0, im: 0.5 }); // i/2 (conj y + y)
  }
}

/** The conjugate of every element: y = conj x. Its own adjoint in the inner product Re ⟨·, ·⟩. Local. */
export class Conj<V extends Vector<V> = LocalArray> extends RealLinear<V> {
  constructor(where: number | readonly number[] | Space<V>, { dtype }: RealOptions = {}) {
    super(where, dtype);
  }

  protected override forward(x: V, y: V): void {
    y.copyFrom(x).conjugate();
  }

  protected override adjoint(y: V, x: V): void {
    x.copyFrom(y).conjugate();
  }
}

/** The operator whose products are Re(A x). It is linear over real numbers only. */
export function toReal<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
): LinearOperator<M, D> {
  return new Real(A.data, { dtype: A.dtype }).compose(A);
}

/** The operator whose products are Im(A x), as real numbers in complex vectors; linear over real numbers only. */
export function toImag<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
): LinearOperator<M, D> {
  return new Imag(A.data).compose(A);
}
