import { isComplex } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";

/**
 * The inverse of a dense matrix, by Gauss's and Jordan's elimination with the largest pivot of each column. Local.
 *
 * @param A - [n, n]; left unchanged.
 * @returns In the dtype of A.
 * @throws {RangeError} If A is not square, or a pivot is zero or not finite.
 */
export function inverseOf(A: LocalArray): LocalArray {
  const [n, columns] = A.space.dims;
  if (n !== columns) throw new RangeError(`inverse: of a matrix [${n}, ${columns}]; it must be square`);
  const rows = rowsBesideIdentity(A, n);
  for (let k = 0; k < n; k++) {
    let p = k;
    for (let i = k + 1; i < n; i++) if (sizeOf(rows[i], k) > sizeOf(rows[p], k)) p = i;
    if (!(sizeOf(rows[p], k) > 0 && sizeOf(rows[p], k) < Infinity))
      throw new RangeError(
        `inverse: of a matrix [${n}, ${n}] with pivot ${k} of ${sizeOf(rows[p], k)}; it is singular`,
      );
    [rows[k], rows[p]] = [rows[p], rows[k]];
    divideBy(rows[k], k);
    for (const [i, row] of rows.entries()) if (i !== k) subtract(row, rows[k], k);
  }
  const at = (i: number, j: number) => ({ re: rows[i][2 * (n + j)], im: rows[i][2 * (n + j) + 1] });
  const complex = isComplex(A.dtype);
  return LocalArray.fromFunction([n, n], (i, j) => (complex ? at(i, j) : at(i, j).re), A.dtype);
}

/** Rows of [A, 1], complex numbers interleaved. */
function rowsBesideIdentity({ local, dtype }: LocalArray, n: number): Float64Array[] {
  const step = isComplex(dtype) ? 2 : 1;
  return Array.from({ length: n }, (_, i) => {
    const row = new Float64Array(4 * n);
    for (let j = 0; j < n; j++)
      for (let part = 0; part < step; part++) row[2 * j + part] = local[(i * n + j) * step + part];
    row[2 * (n + i)] = 1;
    return row;
  });
}

function sizeOf(row: Float64Array, k: number): number {
  return Math.hypot(row[2 * k], row[2 * k + 1]);
}

/** row ← row / its element k */
function divideBy(row: Float64Array, k: number): void {
  const size = sizeOf(row, k);
  const [re, im] = [row[2 * k] / size / size, -row[2 * k + 1] / size / size];
  for (let j = 0; j < row.length; j += 2) {
    const [a, b] = [row[j], row[j + 1]];
    row[j] = a * re - b * im;
    row[j + 1] = a * im + b * re;
  }
}

/** row ← row − its element k · pivot */
function subtract(row: Float64Array, pivot: Float64Array, k: number): void {
  const [re, im] = [row[2 * k], row[2 * k + 1]];
  if (re === 0 && im === 0) return;
  for (let j = 0; j < row.length; j += 2) {
    row[j] -= pivot[j] * re - pivot[j + 1] * im;
    row[j + 1] -= pivot[j] * im + pivot[j + 1] * re;
  }
}
