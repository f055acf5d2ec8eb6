import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import { LinearOperator } from "../linear-operator.js";

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

  constructor(spaces: BlockSpaces<V>) {
    super(spaces);
  }
}
