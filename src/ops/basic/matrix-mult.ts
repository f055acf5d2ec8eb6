import { arrayOf } from "../../array/array-of.js";
import { LocalArray } from "../../array/local-array.js";
import { LocalSpace } from "../../array/local-space.js";
import type { Nested } from "../../array/nested.js";
import { checkList, product } from "../../array/shape.js";
import type { Space } from "../../array/vector.js";
import type { TakesMany } from "../each-piece.js";
import { LinearOperator } from "../linear-operator.js";
import type { Direction } from "../operator-tree.js";
import { inverseOf } from "./inverse.js";
import { type Columns, DenseMatrix } from "./dense-matrix.js";

/**
 * A dense matrix of N × K: y = A x, where the first axis of `x` has K elements and further ones are columns that
 * are multiplied alike. Adjoint: x = Aᴴ y. Local; {@link lift} puts it on the blocks of distributed arrays.
 *
 * Cost: N K multiplications for each column, four times as many if matrix and columns are complex.
 */
export class MatrixMult extends LinearOperator<LocalArray, LocalArray> implements TakesMany {
  readonly #A: DenseMatrix;

  /**
   * @param A - [N, K], row by row: an array, which is not copied, or a list of rows.
   * @param extra - Dims of the columns, default none: model [K, …extra], data [N, …extra].
   * @throws {RangeError} If `A` has not two axes.
   */
  constructor(A: LocalArray | Nested, extra: readonly number[] = []) {
    const given = arrayOf("MatrixMult", A);
    const { dims } = given.space;
    checkList("MatrixMult", "extra", extra);
    if (dims.length !== 2) {
      throw new RangeError(`MatrixMult: a matrix of dims [${dims.join(", ")}]; give an array with two axes`);
    }
    const [N, K] = dims;
    const matrix = new DenseMatrix(given);
    const { dtype } = matrix;
    super({ model: new LocalSpace([K, ...extra]), data: new LocalSpace([N, ...extra]), dtype });
    this.#A = matrix;
  }

  /**
   * The operator of A⁻¹, as dense, for the same columns. Local: N³ steps, once; in float64 whatever the precision. To solve
   * with an operator of any kind, see `divide`.
   *
   * @throws {RangeError} If A is not square, or singular.
   */
  inverse(): MatrixMult {
    const A = inverseOf(this.#A.in(this.dtype));
    return new MatrixMult(A, this.dims.slice(1));
  }

  protected override forward(x: LocalArray, y: LocalArray): void {
    this.applyToEach("matvec", 1, x, y);
  }

  protected override adjoint(y: LocalArray, x: LocalArray): void {
    this.applyToEach("rmatvec", 1, y, x);
  }

  /** @internal */
  applyToEach(direction: Direction, count: number, input: LocalArray, output: LocalArray): void {
    const [form, from, to] =
      direction === "matvec"
        ? (["plain", this.model, this.data] as const)
        : (["adjoint", this.data, this.model] as const);
    this.#A.apply(form, input.dtype, columnsOf(input, from, count), columnsOf(output, to, count));
  }
}

/** As those of arrays of `space` that follow one another. */
function columnsOf(
  { local }: LocalArray,
  { dims: [rows, ...extra] }: Space<LocalArray>,
  count: number,
): Columns {
  return { storage: local, rows, columns: product(extra), count };
}
