import type { Complex } from "../array/dtype.js";
import type { LocalArray } from "../array/local-array.js";
import type { AnyVector } from "../array/vector.js";
import { checkOperator } from "./check-arguments.js";
import { checkOptions } from "./check-options.js";
import { columnsOfMatrix, fromColumns } from "./columns.js";
import type { LinearOperatorContract } from "./operator-products.js";

/** The entries of a matrix that are not zero, by columns: entry k is `values[k]`, at [`rows[k]`, `columns[k]`]. */
export interface SparseMatrix {
  /** [data size, model size] */
  readonly shape: readonly [number, number];
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly values: LocalArray;
}

/**
 * The matrix of an operator as {@link todense}, without its zeros: for operators of which it is mostly zeros, it takes
 * storage for the others only. Collective, likewise.
 *
 * @param options - `threshold`: entries of at most this modulus are left out; default 0.
 */
export async function tosparse(
  op: LinearOperatorContract<AnyVector, AnyVector>,
  options: { threshold?: number } = {},
): Promise<SparseMatrix> {
  checkOperator("tosparse", op);
  checkOptions("tosparse", options, ["threshold"]);
  const { threshold = 0 } = options;
  const [rows, columns]: [number[], number[]] = [[], []];
  const values: Complex[] = [];
  let j = 0;
  for await (const column of columnsOfMatrix(op)) {
    for (const [i, value] of column.entries()) {
      if (Math.hypot(value.re, value.im) <= threshold) continue;
      rows.push(i);
      columns.push(j);
      values.push(value);
    }
    j++;
  }
  return {
    shape: [op.data.size, op.model.size],
    rows: Int32Array.from(rows),
    columns: Int32Array.from(columns),
    values: fromColumns([values], values.length, op.dtype).reshape([values.length]),
  };
}
