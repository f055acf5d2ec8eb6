import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import { LinearOperator } from "../linear-operator.js";
import type { OperatorTree } from "../operator-tree.js";

export interface BlockSpaces<V> {
  readonly model: BlockSpace<V>;
  readonly data: BlockSpace<V>;
  readonly dtype?: DType;
  readonly clinear?: boolean;
}

/** An operator between local arrays, or between distributed ones. */
export abstract class BlockOperator<V extends BlockVector<V>> extends LinearOperator<V, V> {
  declare readonly model: BlockSpace<V>;
  declare readonly data: BlockSpace<V>;

  /** @param given - What it is made of and must be equal on all ranks, besides the spaces. */
  constructor(spaces: BlockSpaces<V>, given: readonly unknown[] = [], parts: readonly OperatorTree[] = []) {
    super(spaces, { given, parts });
  }
}
