import type { AnyVector, Vector } from "../../array/vector.js";
import type { StackedArray } from "../../array/stacked-array.js";
import { Composite } from "../composite.js";
import type { LinearOperator } from "../linear-operator.js";
import { HStack, VStack } from "./stacks.js";

/**
 * A matrix of operators, given by rows: yᵢ = Σⱼ Aᵢⱼ xⱼ on stacks; a {@link VStack} of {@link HStack}s. Operators of one
 * row share the data space, those of one column the model space. Communicates what they do.
 */
export class Block<M extends AnyVector & Vector<M>, D extends AnyVector & Vector<D>> extends Composite<
  StackedArray<M>,
  StackedArray<D>
> {
  /** @throws {RangeError} If there are none, or spaces of a row or a column differ. */
  constructor(rows: readonly (readonly LinearOperator<M, D>[])[]) {
    super(new VStack(rows.map((row) => new HStack<M, D>(row))));
  }
}
