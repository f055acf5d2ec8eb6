import type { BlockSpace, BlockVector } from "../array/blocks.js";
import type { Vector } from "../array/vector.js";
import { SpanOperator } from "./basic/axis-operator.js";
import { columnTable } from "./basic/axis-table.js";
import { blockSpaceOf, withSpan } from "./basic/block-space.js";
import { checkNumbers, checkOperator } from "./check-arguments.js";
import type { LinearOperator } from "./linear-operator.js";

/**
 * The operator made of some columns of another, in the given order: A Eₖ, with a one-dimensional model. Costs what A does,
 * and, if its model is split, one all-to-all of the numbers of the columns.
 *
 * @param columns - Flat indices of elements of the model.
 * @throws {TypeError} If the model is a stack.
 * @throws {RangeError} If it has no such element.
 */
export function columnsOf<V extends BlockVector<V>, D extends Vector<D>>(
  A: LinearOperator<V, D>,
  columns: ArrayLike<number>,
): LinearOperator<V, D> {
  checkOperator("columnsOf", A);
  checkNumbers("columnsOf", "columns", columns);
  return A.compose(new Embed(blockSpaceOf("columnsOf", A.model), columns));
}

/** Elements put at the given flat indices; those that share one are added up, all others are zero. */
class Embed<V extends BlockVector<V>> extends SpanOperator<V> {
  constructor(data: BlockSpace<V>, indices: ArrayLike<number>) {
    for (let k = 0; k < indices.length; k++) {
      if (Number.isInteger(indices[k]) && indices[k] >= 0 && indices[k] < data.size) continue;
      throw new RangeError(
        `columnsOf: column ${indices[k]}, at ${k}, of ${data.size}; use 0 … ${data.size - 1}`,
      );
    }
    const all = { first: 0, count: data.dims.length };
    const model = withSpan(data, all, [indices.length]);
    const table = columnTable(data.size, indices.length, (k) => [indices[k]]);
    super(model, data, [{ first: 0, count: 1 }, all], table, "float32");
  }
}

/** A applied to one vector after the other: into `results` when given, else into new ones. Collective as `matvec`. */
export async function matmat<M extends Vector<M>, D extends Vector<D>>(
  A: LinearOperator<M, D>,
  columns: readonly M[],
  results?: readonly D[],
): Promise<readonly D[]> {
  checkOperator("matmat", A);
  const images: D[] = [];
  for (const [k, x] of columns.entries()) images.push(await A.matvec(x, results?.[k]));
  return images;
}
