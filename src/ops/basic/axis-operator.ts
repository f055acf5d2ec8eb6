import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import { normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { BlockOperator } from "./block-operator.js";
import { AxisMap } from "./axis-map.js";
import { type AxisTable, transposeTable } from "./axis-table.js";
import { type Span, spaceOf, type Where, withSpan } from "./block-space.js";

export interface AxisOptions {
  /** Default −1, the last one. */
  axis?: number;
  dtype?: DType;
}

/** A sparse matrix along a span of axes; its adjoint is the transposed matrix. */
export abstract class SpanOperator<V extends BlockVector<V>> extends BlockOperator<V> {
  readonly #forward: AxisMap;
  readonly #adjoint: AxisMap;

  /** @param spans - Of model and data. */
  constructor(
    model: BlockSpace<V>,
    data: BlockSpace<V>,
    [from, to]: readonly [Span, Span],
    table: AxisTable,
    dtype?: DType,
  ) {
    super({ model, data, dtype }, [from, to, table]);
    this.#forward = new AxisMap(model, data, [from, to], table);
    this.#adjoint = new AxisMap(data, model, [to, from], transposeTable(table));
  }

  protected override sends(direction: "matvec" | "rmatvec"): boolean {
    return (direction === "matvec" ? this.#forward : this.#adjoint).sends;
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return this.#forward.apply(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return this.#adjoint.apply(y, x);
  }
}

/** A sparse matrix along one axis. What reorders, selects or interpolates is one. */
export abstract class AxisOperator<V extends BlockVector<V>> extends SpanOperator<V> {
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
    const span = { first: axis, count: 1 };
    const matrix = table(model.dims[axis]);
    super(model, withSpan(model, span, [matrix.rows]), [span, span], matrix, options.dtype);
  }
}
