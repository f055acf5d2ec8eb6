import type { LocalArray } from "../array/local-array.js";
import type { Complex } from "../array/dtype.js";
import type { AnyVector } from "../array/vector.js";
import { fillByIndex, fromColumns, gatherAll } from "./columns.js";
import type { LinearOperatorContract } from "./linear-operator.js";

/**
 * The matrix of an operator, [data size, model size], on every rank; rows and columns in the order of the flat global
 * index. Collective: one product and one allgather for each column. For tests, and small operators.
 */
export async function todense(op: LinearOperatorContract<AnyVector, AnyVector>): Promise<LocalArray> {
  const unit = op.model.zeros(op.dtype);
  const image = op.data.zeros(op.dtype);
  const columns: Complex[][] = [];
  for (let j = 0; j < op.model.size; j++) {
    fillByIndex(unit, (index) => (index === j ? 1 : 0));
    columns.push(await gatherAll(await op.matvec(unit, image)));
  }
  return fromColumns(columns, op.data.size, op.dtype);
}
