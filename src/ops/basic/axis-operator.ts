import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import { LinearOperator } from "../linear-operator.js";
import { AxisMap } from "./axis-map.js";
import { type AxisTable, transposeTable } from "./axis-table.js";

export interface AxisOptions {
  /** Default −1, the last one. */
  axis?: number;
  dtype?: DType;
}

/** A sparse matrix along one axis; its adjoint is the transposed matrix. What reorders, selects or interpolates is one. */
export abstract class AxisOperator<V extends BlockVector<V>> extends LinearOperator<V, V> {
  readonly #forward: AxisMap;
  readonly #adjoint: AxisMap;

  constructor(model: BlockSpace<V>, axis: number, table: AxisTable, dtype: DType | undefined) {
    const data = model.withDims(model.dims.with(axis, table.rows));
    super({ model, data, dtype });
    this.#forward = new AxisMap(model, data, axis, table);
    this.#adjoint = new AxisMap(data, model, axis, transposeTable(table));
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return this.#forward.apply(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return this.#adjoint.apply(y, x);
  }
}
