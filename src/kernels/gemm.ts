import { multiplyByBlas } from "./blas-gemm.js";
import { areas, memory, onHeap } from "./memory.js";
import { checkComplex, checkTypes, kernelsFor, type Reals } from "./staging.js";

/** How an operand of a product is read. */
export type MatrixForm = "plain" | "transposed" | "conjugated" | "adjoint";

/** A matrix, or several of one shape, in an array: row by row, complex numbers interleaved. */
export interface Matrix {
  readonly data: Reals;
  /** As stored: a transposed matrix counts them before it is transposed. */
  readonly rows: number;
  readonly columns: number;
  /** Index of the first element, default 0. Elements, not numbers, here and below. */
  readonly start?: number;
  /** From one row to the next, default `columns`. */
  readonly stride?: number;
  /** From one matrix to the next, default the size of one; 0 for one matrix that all products share. */
  readonly step?: number;
  /** Default plain. */
  readonly form?: MatrixForm;
}

export interface GemmOptions {
  /** Whether elements are pairs of numbers (re, im). */
  readonly complex?: boolean;
  /** How many products, default 1. */
  readonly count?: number;
  /** Adds the product to C instead of overwriting it. */
  readonly accumulate?: boolean;
}

/**
 * C ← A B, or C + A B, for one matrix or many, each operand plain, transposed, conjugated or adjoint. Local. C overlaps
 * neither operand.
 *
 * By the BLAS of this machine where there is one, see {@link useLibraries}; else packed and blocked. 2 rows columns depth
 * operations each, four times as many if complex. Without a BLAS, a result has the same bits wherever the arrays are
 * stored, and alone or one of many.
 *
 * @throws {RangeError} If shapes do not fit, or a matrix is not inside of its array.
 * @throws {TypeError} If element types differ.
 * @see Goto & van de Geijn, ACM TOMS 34(3), 2008, doi:10.1145/1356052.1356053
 */
export function gemm(a: Matrix, b: Matrix, c: Matrix, options: GemmOptions = {}): void {
  const { complex = false, count = 1, accumulate = false } = options;
  const [A, B, C] = [a, b, c].map((matrix) => complete(matrix, complex, count));
  const depth = A.columns;
  if (A.rows !== C.rows || B.columns !== C.columns || depth !== B.rows) {
    throw new RangeError(`gemm: ${show(A)} times ${show(B)} into ${show(C)}; make the shapes fit`);
  }
  if (c.form !== undefined && c.form !== "plain")
    throw new RangeError(`gemm: a ${c.form} result; give a plain one`);
  checkTypes("gemm", a.data, c.data);
  checkTypes("gemm", b.data, c.data);
  if (C.rows === 0 || C.columns === 0) return;
  if (multiplyByBlas(A, B, C, count, accumulate)) return;
  for (let k = 0; k < count; k++) multiply(A, B, C, k, accumulate);
}

/** A matrix as an operand: rows and columns are those that the product sees. */
export interface Operand {
  readonly data: Reals;
  readonly rows: number;
  readonly columns: number;
  readonly start: number;
  readonly step: number;
  /** From one stored row to the next. */
  readonly stride: number;
  /** Whether the stored rows are its columns. */
  readonly transposed: boolean;
  readonly conjugate: boolean;
  /** Numbers in an element. */
  readonly numbers: 1 | 2;
}

// Sizes of blocks, in numbers or bytes: a packed block of A fills a quarter of the second-level cache of today's
// processors, one strip of B a part of the first level, and the panel of B a part of the third.
const DEPTH = 256;
const A_ROWS = 128;
const B_BYTES = 8192;
const STRIP_ROWS = 4; // as in assembly/gemm.ts
const STRIP_BYTES = 32;

function multiply(A: Operand, B: Operand, C: Operand, k: number, accumulate: boolean): void {
  const { numbers, data } = C;
  const size = data.BYTES_PER_ELEMENT;
  const { pack, multiplyPacked } = kernelsFor(data);
  const unit = numbers * size;
  const depth = A.columns;
  const [blockRows, blockColumns] = [A_ROWS / numbers, B_BYTES / unit];
  const { packedA, packedB, tile } = areas;
  const keepsA = k > 0 && A.step === 0 && A.rows <= blockRows && depth <= DEPTH; // packed for the product before
  for (let j = 0; j < C.columns; j += blockColumns) {
    const columns = Math.min(blockColumns, C.columns - j);
    // One pass for a depth of 0 too: it makes C zero.
    for (let p = 0; p === 0 || p < depth; p += DEPTH) {
      const deep = Math.min(DEPTH, depth - p);
      const { address, down, along } = place(B, k, p, j, deep, columns);
      pack(address, along, down, columns, deep, unit, STRIP_BYTES, B.conjugate, packedB.start);
      for (let i = 0; i < C.rows; i += blockRows) {
        const rows = Math.min(blockRows, C.rows - i);
        if (!keepsA) {
          const { address, down, along } = place(A, k, i, p, rows, deep);
          pack(address, down, along, rows, deep, unit, STRIP_ROWS * size, A.conjugate, packedA.start);
        }
        const adds = accumulate || p > 0;
        const into = place(C, k, i, j, rows, columns, adds);
        multiplyPacked(
          packedA.start,
          packedB.start,
          into.address,
          into.down,
          rows * numbers,
          columns * numbers,
          deep,
          numbers === 2,
          adds,
          tile.start,
        );
        putBack(C, k, i, j, rows, columns);
      }
    }
  }
}

/** Where kernels find a block: its address, and the distances of its neighbours in bytes. */
interface Placed {
  readonly address: number;
  readonly down: number;
  readonly along: number;
}

/** The block from element (i, j) on of matrix `k`: in place, or copied to the staging area. */
function place(
  X: Operand,
  k: number,
  i: number,
  j: number,
  rows: number,
  columns: number,
  reads = true,
): Placed {
  const { data, stride, transposed, numbers } = X;
  const unit = numbers * data.BYTES_PER_ELEMENT;
  const first = X.start + k * X.step + (transposed ? j * stride + i : i * stride + j);
  if (onHeap(data)) return placed(data.byteOffset + first * unit, stride * unit, unit, transposed);
  const [lines, length] = transposed ? [columns, rows] : [rows, columns];
  if (reads) {
    const staging = stagingFor(data);
    for (let line = 0; line < lines; line++) {
      const at = (first + line * stride) * numbers;
      staging.set(data.subarray(at, at + length * numbers), line * length * numbers);
    }
  }
  return placed(areas.matrices.start, length * unit, unit, transposed);
}

function placed(address: number, stride: number, unit: number, transposed: boolean): Placed {
  return transposed ? { address, down: unit, along: stride } : { address, down: stride, along: unit };
}

/** Copies a block of the result from the staging area to where it belongs. */
function putBack(
  { data, start, step, stride, numbers }: Operand,
  k: number,
  i: number,
  j: number,
  rows: number,
  columns: number,
): void {
  if (onHeap(data)) return;
  const staging = stagingFor(data);
  const length = columns * numbers;
  for (let row = 0; row < rows; row++) {
    const at = (start + k * step + (i + row) * stride + j) * numbers;
    data.set(staging.subarray(row * length, (row + 1) * length), at);
  }
}

const { start: stagingStart, bytes: stagingBytes } = areas.matrices;
const staging32 = new Float32Array(memory.buffer, stagingStart, stagingBytes / 4);
const staging64 = new Float64Array(memory.buffer, stagingStart, stagingBytes / 8);

function stagingFor(data: Reals): Reals {
  return data.BYTES_PER_ELEMENT === 8 ? staging64 : staging32;
}

/** Fills in the defaults, and checks that the matrices are inside of their array. */
function complete(matrix: Matrix, complex: boolean, count: number): Operand {
  const { data, rows, columns, start = 0, form = "plain", stride = columns, step = rows * stride } = matrix;
  if (complex) checkComplex("gemm", data);
  const numbers = complex ? 2 : 1;
  const sizes = [rows, columns, start, stride, step, count];
  const last = start + (count - 1) * step + (rows - 1) * stride + columns;
  const empty = rows === 0 || columns === 0 || count === 0;
  const fits =
    sizes.every((n) => Number.isSafeInteger(n) && n >= 0) && (empty || last * numbers <= data.length);
  if (!fits || (stride < columns && rows > 1)) {
    throw new RangeError(
      `gemm: ${count} matrices of ${rows} × ${columns} from element ${start} on, rows ${stride} and matrices ${step} ` +
        `apart, in an array of ${data.length / numbers}; keep them inside of it`,
    );
  }
  const conjugate = complex && (form === "conjugated" || form === "adjoint");
  const transposed = form === "transposed" || form === "adjoint";
  const [down, along] = transposed ? [columns, rows] : [rows, columns];
  return {
    data,
    start,
    step,
    conjugate,
    numbers,
    transposed,
    stride: Math.max(stride, columns),
    rows: down,
    columns: along,
  };
}

function show({ rows, columns }: Operand): string {
  return `${rows} × ${columns}`;
}
