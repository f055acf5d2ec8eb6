import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import { transposeStencil } from "../../kernels/index.js";
import { BlockOperator } from "./block-operator.js";
import { AxisStencil, type AxisTerm } from "./axis-stencil.js";

/**
 * The sum of stencils along axes of local or distributed arrays; the adjoint is the sum of the transposed tables.
 * A product is one pass over memory, and one more for every split axis but the first of the axes; it exchanges one halo for
 * every split axis it acts along, and allocates nothing after the first.
 */
export abstract class StencilOperator<V extends BlockVector<V>> extends BlockOperator<V> {
  readonly #forward: readonly AxisStencil[];
  readonly #adjoint: readonly AxisStencil[];

  constructor(space: BlockSpace<V>, terms: readonly AxisTerm[], dtype?: DType) {
    super({ model: space, data: space, dtype }, [terms]);
    this.#forward = passes(space, terms);
    this.#adjoint = passes(space, terms.map(({ axis, stencil }) => ({ axis, stencil: transposeStencil(stencil) }))); // prettier-ignore
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

/** Terms in the order of their axes, in as few passes as there can be: numbers are summed in this order in any of them. */
function passes(space: BlockSpace<unknown>, terms: readonly AxisTerm[]): AxisStencil[] {
  const groups: AxisTerm[][] = [];
  for (const term of terms.toSorted((a, b) => a.axis - b.axis)) {
    const group = groups.at(-1);
    const joins = space.grid[term.axis] === 1 && group?.at(-1)?.axis !== term.axis;
    if (group && joins) group.push(term);
    else groups.push([term]);
  }
  return groups.map(([{ axis, stencil }, ...others]) => new AxisStencil(space, axis, stencil, others));
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
