import * as arithmetic from "../../array/arithmetic.js";
import { conj, isComplex, numbersPerElement, type Scalar } from "../../array/dtype.js";
import { LocalArray, LocalSpace } from "../../array/local-array.js";
import { product } from "../../array/shape.js";
import { LinearOperator } from "../linear-operator.js";

/**
 * A dense matrix of N × K: y = A x, where the first axis of `x` has K elements and further ones are columns that
 * are multiplied alike. Adjoint: x = Aᴴ y. Local; {@link lift} puts it on the blocks of distributed arrays.
 *
 * Cost: N K multiplications for each column.
 */
export class MatrixMult extends LinearOperator<LocalArray, LocalArray> {
  readonly #A: LocalArray;

  /**
   * @param A - [N, K], row by row; not copied.
   * @param extra - Dims of the columns, default none: model [K, …extra], data [N, …extra].
   * @throws {RangeError} If `A` has not two axes.
   */
  constructor(A: LocalArray, extra: readonly number[] = []) {
    const { dims } = A.space;
    if (dims.length !== 2) {
      throw new RangeError(`MatrixMult: a matrix of dims [${dims.join(", ")}]; give an array with two axes`);
    }
    const [N, K] = dims;
    super({ model: new LocalSpace([K, ...extra]), data: new LocalSpace([N, ...extra]), dtype: A.dtype });
    this.#A = A;
  }

  protected override forward(x: LocalArray, y: LocalArray): void {
    const { dtype, local } = this.#A;
    const [N, K] = this.#A.space.dims;
    const step = numbersPerElement(dtype);
    if (product(this.dims.slice(1)) === 1 && x.dtype === dtype) {
      for (let i = 0; i < N; i++) {
        const row = local.subarray(i * K * step, (i + 1) * K * step);
        if (step === 1) y.local[i] = arithmetic.realVdot(row, x.local);
        else {
          const { re, im } = arithmetic.complexDot(row, x.local, false);
          y.local[2 * i] = re;
          y.local[2 * i + 1] = im;
        }
      }
      return;
    }
    y.fill(0);
    this.#accumulate((i, k, a) => arithmetic.axpy(a, rowOf(x, k), rowOf(y, i)));
  }

  protected override adjoint(y: LocalArray, x: LocalArray): void {
    x.fill(0);
    this.#accumulate((i, k, a) => arithmetic.axpy(conj(a), rowOf(y, i), rowOf(x, k)));
  }

  #accumulate(add: (i: number, k: number, a: Scalar) => void): void {
    const { dtype, local } = this.#A;
    const [N, K] = this.#A.space.dims;
    for (let i = 0; i < N; i++) {
      for (let k = 0; k < K; k++) {
        const at = i * K + k;
        add(i, k, isComplex(dtype) ? { re: local[2 * at], im: local[2 * at + 1] } : local[at]);
      }
    }
  }
}

/** All columns of one row, as a view. */
function rowOf(array: LocalArray, row: number) {
  const numbers = array.local.length / array.space.dims[0];
  return array.local.subarray(row * numbers, (row + 1) * numbers);
}
