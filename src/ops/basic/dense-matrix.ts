import { isComplex, promote, type DType, realOf, type Storage } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";
import { gemm } from "../../kernels/index.js";

/** The storage of float arrays: what matrix products work on. */
type Floats = Float32Array | Float64Array;

/** Columns that a matrix multiplies: arrays of [rows, columns], one after the other in storage of their own. */
export interface Columns {
  readonly storage: Storage;
  readonly rows: number;
  readonly columns: number;
  /** How many arrays. Default: as many as there are matrices; another number if one matrix multiplies them all. */
  readonly count?: number;
}

/**
 * One matrix, or several of the same shape, times columns of any dtype that they promote to. A real matrix times complex
 * columns is a real product with twice as many. Copies of other precision are made on first use, and kept.
 */
export class DenseMatrix {
  /** Of the products: that of the matrix, float64 for int32. */
  readonly dtype: DType;
  readonly rows: number;
  readonly columns: number;
  readonly #count: number;
  readonly #copies = new Map<DType, LocalArray>();

  /** @param A - [rows, columns], or [count, rows, columns]; not copied. */
  constructor(A: LocalArray) {
    const { dims } = A.space;
    [this.rows, this.columns] = dims.slice(-2);
    this.#count = dims.length === 2 ? 1 : dims[0];
    this.dtype = promote(A.dtype, "float32");
    this.#copies.set(A.dtype, A);
  }

  /**
   * y ← A x or Aᴴ x, or y plus that, for every x and y.
   *
   * @param dtype - Of the columns: one that this matrix's promotes to.
   */
  apply(form: "plain" | "adjoint", dtype: DType, x: Columns, y: Columns, accumulate = false): void {
    const { rows, columns } = this;
    const { count = this.#count } = x;
    const shared = this.#count === 1 && count > 1;
    const complex = isComplex(this.dtype);
    // Pairs of (re, im) under a real matrix are columns of their own.
    const width = isComplex(dtype) && !complex ? 2 : 1;
    const A = { data: floats(this.in(dtype).local), rows, columns, form, step: shared ? 0 : undefined };
    const [X, Y] = [x, y].map(({ storage, rows, columns }) => {
      return { data: floats(storage), rows, columns: columns * width };
    });
    if (shared && X.columns === 1) {
      // Single columns beside each other are the rows of one matrix: Yᵀ = Xᵀ Aᵀ, or Xᵀ conj(A).
      const [rowsOfX, rowsOfY] = [X, Y].map((Z) => ({ data: Z.data, rows: count, columns: Z.rows }));
      const turned = form === "plain" ? "transposed" : "conjugated";
      gemm(rowsOfX, { ...A, form: turned }, rowsOfY, { complex, accumulate });
    } else gemm(A, X, Y, { complex, count, accumulate });
  }

  /** The matrix in the precision of `dtype`. */
  in(dtype: DType): LocalArray {
    const single = realOf(dtype) === "float32";
    const complex = single ? "complex64" : "complex128";
    const wanted = isComplex(this.dtype) ? complex : realOf(complex);
    let copy = this.#copies.get(wanted);
    if (!copy) {
      const [original] = this.#copies.values();
      copy = original.like(wanted).copyFrom(original);
      this.#copies.set(wanted, copy);
    }
    return copy;
  }
}

function floats(storage: Storage): Floats {
  if (storage instanceof Int32Array)
    throw new TypeError("a matrix product of int32 arrays; convert one to float64");
  return storage;
}
