import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { numbersPerElement } from "../../array/dtype.js";
import { sameNumbers } from "../../array/shape.js";
import { boxIn, copyBox } from "../../array/strided-copy.js";
import type { LinearOperator } from "../linear-operator.js";
import { Workspace } from "../workspace.js";
import { BlockOperator } from "./block-operator.js";
import { distributionOf, spreadAs } from "./block-space.js";

/** The arrays of what lies in the first `dims` of each axis; every rank keeps what it has of it. */
export function cornerOf<V>(space: BlockSpace<V>, dims: readonly number[]): BlockSpace<V> {
  if (sameNumbers(dims, space.dims)) return space;
  const distribution = distributionOf(space);
  const blocks = dims.map((n, axis) => {
    const offsets = distribution?.offsets(axis);
    return offsets?.slice(1).map((end, c) => Math.max(0, Math.min(end, n) - offsets[c]));
  });
  return spreadAs(space, dims, space.grid, blocks);
}

/** A square operator on the corner of arrays where all axes begin; the rest stays as it is. Costs what that one does. */
export class OnCorner<V extends BlockVector<V>> extends BlockOperator<V> {
  readonly #op: LinearOperator<V, V>;
  readonly #before: Workspace<V>;
  readonly #after: Workspace<V>;

  /** @param op - On {@link cornerOf} the space. */
  constructor(space: BlockSpace<V>, op: LinearOperator<V, V>) {
    super({ model: space, data: space, dtype: op.dtype, clinear: op.clinear }, [], [op]);
    this.#op = op;
    this.#before = new Workspace(op.model);
    this.#after = new Workspace(op.data);
  }

  protected override async forward(x: V, y: V): Promise<void> {
    await this.#apply(x, y, (from, to) => this.#op.matvec(from, to));
  }

  protected override async adjoint(y: V, x: V): Promise<void> {
    await this.#apply(y, x, (from, to) => this.#op.rmatvec(from, to));
  }

  async #apply(x: V, y: V, product: (from: V, to: V) => PromiseLike<V>): Promise<void> {
    const before = this.#before.get(x.dtype);
    copyCorner(x, before);
    y.copyFrom(x);
    copyCorner(await product(before, this.#after.get(x.dtype)), y);
  }
}

/** Copies what two arrays have in common, from the start of their blocks on. */
function copyCorner(from: BlockVector<unknown>, to: BlockVector<unknown>): void {
  const [source, target] = [from.space.localShape, to.space.localShape];
  const origin = source.map(() => 0);
  const shape = source.map((n, axis) => Math.min(n, target[axis]));
  copyBox(shape, boxIn(from.local, source, origin), boxIn(to.local, target, origin), numbersPerElement(from.dtype)); // prettier-ignore
}
