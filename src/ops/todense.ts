import type { LocalArray } from "../array/local-array.js";
import type { Complex } from "../array/dtype.js";
import type { AnyVector } from "../array/vector.js";
import { columnsOfMatrix, fromColumns } from "./columns.js";
import type { LinearOperatorContract } from "./operator-products.js";

/**
 * The matrix of an operator, [data size, model size], on every rank; rows and columns in the order of the flat global
 * index. Collective: one product and one allgather for each column. For tests, and small operators.
 */
export async function todense(op: LinearOperatorContract<AnyVector, AnyVector>): Promise<LocalArray> {
  const columns: Complex[][] = [];
  for await (const column of columnsOfMatrix(op)) columns.push(column);
  return fromColumns(columns, op.data.size, op.dtype);
}
