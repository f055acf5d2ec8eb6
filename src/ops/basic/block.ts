import type { AnyVector, Vector } from "../../array/vector.js";
import type { StackedArray } from "../../array/stacked-array.js";
import { Composite } from "../composite.js";
import { distributionOf } from "./block-space.js";
import { amongDistributed } from "../linear-operator.js";
import { HStack, type Part, VStack } from "./stacks.js";

/**
 * A matrix of operators, given by rows: yᵢ = Σⱼ Aᵢⱼ xⱼ on stacks; a {@link VStack} of {@link HStack}s. Operators of one
 * row share the data space, those of one column the model space; local ones among distributed ones take it from them.
 * Communicates what they do.
 */
export class Block<M extends AnyVector & Vector<M>, D extends AnyVector & Vector<D>> extends Composite<
  StackedArray<M>,
  StackedArray<D>
> {
  /** @throws {RangeError} If there are none, or spaces of a row or a column differ. */
  constructor(rows: readonly (readonly Part<M, D>[])[]) {
    const known = byColumns(rows);
    super(new VStack(known.map((row) => new HStack<M, D>(row))));
  }
}

/** Local operators with the models of the distributed ones of their columns. {@link HStack} does it for those of rows. */
function byColumns<M extends Vector<M>, D extends Vector<D>>(
  rows: readonly (readonly Part<M, D>[])[],
): (readonly Part<M, D>[])[] {
  const models = (rows[0] ?? []).map((_, j) =>
    rows.map((row) => distributionOf(row[j]?.model)).find((space) => space),
  );
  const given = rows.map((row) =>
    row.map((part, j) => {
      const model = models[j];
      return model ? amongDistributed("Block", part, "model", model) : part;
    }),
  );
  return given as (readonly Part<M, D>[])[];
}
