import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import { type Stencil, transposeStencil } from "../../kernels/index.js";
import { BlockOperator } from "./block-operator.js";
import { AxisStencil } from "./axis-stencil.js";

/** One stencil of a sum, and the axis along which it acts. */
export interface AxisTerm {
  readonly axis: number;
  readonly stencil: Stencil;
}

/**
 * The sum of stencils along axes of local or distributed arrays; the adjoint is the sum of the transposed tables.
 * A product exchanges one halo for every split axis it acts along, and allocates nothing after the first.
 */
export abstract class StencilOperator<V extends BlockVector<V>> extends BlockOperator<V> {
  readonly #forward: readonly AxisStencil[];
  readonly #adjoint: readonly AxisStencil[];

  constructor(space: BlockSpace<V>, terms: readonly AxisTerm[], dtype?: DType) {
    super({ model: space, data: space, dtype }, [terms]);
    this.#forward = terms.map(({ axis, stencil }) => new AxisStencil(space, axis, stencil));
    this.#adjoint = terms.map(({ axis, stencil }) => new AxisStencil(space, axis, transposeStencil(stencil)));
  }

  protected override sends(): boolean {
    return this.#forward.some((term) => term.sends);
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return sum(this.#forward, x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return sum(this.#adjoint, y, x);
  }
}

function sum(
  terms: readonly AxisStencil[],
  x: BlockVector<unknown>,
  y: BlockVector<unknown>,
): Promise<void> | void {
  if (terms.length === 1) return terms[0].apply(x, y);
  return inTurn(terms, x, y);
}

async function inTurn(
  terms: readonly AxisStencil[],
  x: BlockVector<unknown>,
  y: BlockVector<unknown>,
): Promise<void> {
  for (const [k, term] of terms.entries()) await term.apply(x, y, k > 0);
}
