import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import { normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../../options.js";
import { LinearOperator } from "../linear-operator.js";
import { AxisMap } from "./axis-map.js";
import { type AxisTable, transposeTable } from "./axis-table.js";
import { spaceOf, type Where } from "./block-space.js";

export interface AxisOptions {
  /** Default −1, the last one. */
  axis?: number;
  dtype?: DType;
}

/** A sparse matrix along one axis; its adjoint is the transposed matrix. What reorders, selects or interpolates is one. */
export abstract class AxisOperator<V extends BlockVector<V>> extends LinearOperator<V, V> {
  readonly #forward: AxisMap;
  readonly #adjoint: AxisMap;

  /**
   * @param name - Of the operator, for errors.
   * @param table - The matrix, for an axis of `n` samples.
   * @param known - Names of its options.
   */
  constructor(
    name: string,
    where: Where<V>,
    options: AxisOptions,
    table: (n: number) => AxisTable,
    known: readonly string[] = ["axis", "dtype"],
  ) {
    checkOptions(name, options, known);
    const model = spaceOf(where);
    const axis = normalizeAxis(name, options.axis ?? -1, model.dims.length);
    const forward = table(model.dims[axis]);
    const data = model.withDims(model.dims.with(axis, forward.rows));
    super({ model, data, dtype: options.dtype });
    this.#forward = new AxisMap(model, data, axis, forward);
    this.#adjoint = new AxisMap(data, model, axis, transposeTable(forward));
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return this.#forward.apply(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return this.#adjoint.apply(y, x);
  }
}
