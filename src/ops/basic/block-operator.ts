import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import { Agreement } from "../agreement.js";
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
  readonly #agreement: Agreement;

  /** @param values - What it is made of and must be equal on all ranks, besides the spaces: see {@link Agreement}. */
  constructor(spaces: BlockSpaces<V>, values: readonly unknown[] = []) {
    super(spaces);
    this.#agreement = new Agreement(new.target.name, [spaces.model, spaces.data], values);
  }

  /** Whether such a product sends something; without this method: none does. */
  protected sends?(direction: "matvec" | "rmatvec"): boolean;

  protected override agreed(direction: "matvec" | "rmatvec"): Promise<void> | undefined {
    return this.sends?.(direction) ? this.#agreement.check() : undefined;
  }
}
