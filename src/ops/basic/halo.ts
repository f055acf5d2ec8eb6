import { Distribution } from "../../array/distribution.js";
import type { DistributedArray } from "../../array/distributed-array.js";
import type { DType } from "../../array/dtype.js";
import { HaloPlan, type HaloWidths } from "../../array/halo.js";
import { checkKind, shown } from "../../options.js";
import { checkOptions } from "../check-options.js";
import { LinearOperator } from "../linear-operator.js";
import { BlockOperator } from "./block-operator.js";

export interface HaloOperatorOptions {
  /** Axes close to rings; one for all, or one each. Default false: beyond the ends of the array there are zeros. */
  periodic?: boolean | readonly boolean[];
  /** Blocks at the ends of the array have no halo beyond it; default false: zeros are there. */
  trim?: boolean;
  dtype?: DType;
}

/**
 * Every block with a halo: the cells of its neighbours around it, near or far, corners included, on any process grid.
 * The data are the padded blocks, side by side in the grid; an empty block stays empty.
 *
 * The adjoint adds every halo cell to the cell that it is a copy of, so that ⟨H m, d⟩ = ⟨m, Hᴴ d⟩. PyLops-MPI's only
 * crops, which is right for no operator but those that are sandwiched between its halo and that cropping: for these
 * there is {@link Halo.crop}. Collective: one message to each neighbour, forward and adjoint.
 */
export class Halo extends BlockOperator<DistributedArray> {
  readonly #plan: HaloPlan;

  /**
   * @param widths - Cells on all sides along every axis, or [before, after] for each axis.
   * @throws {RangeError} If a width is negative, or their number is not that of the axes.
   */
  constructor(
    model: Distribution,
    widths: number | readonly HaloWidths[],
    options: HaloOperatorOptions = {},
  ) {
    checkOptions("Halo", options, ["periodic", "trim", "dtype"]);
    checkKind("Halo", "model", model, Distribution);
    if (typeof widths !== "number" && !Array.isArray(widths))
      throw new TypeError(`Halo: widths ${shown(widths)}; give a number, or [before, after] for each axis`);
    const { periodic, trim, dtype } = options;
    const pairs = typeof widths === "number" ? model.dims.map((): HaloWidths => [widths, widths]) : widths;
    const plan = new HaloPlan(model, pairs, { periodic, trim }, true);
    super({ model, data: paddedBlocks(model, plan), dtype }, [pairs, periodic, trim]);
    this.#plan = plan;
  }

  /** The operator that cuts the blocks out of padded ones, and so undoes this one; its adjoint puts zeros around. Local. */
  crop(): LinearOperator<DistributedArray, DistributedArray> {
    return new Crop(this, this.#plan);
  }

  protected override sends(): boolean {
    return true;
  }

  protected override forward(x: DistributedArray, y: DistributedArray): Promise<void> {
    return this.#plan.pad(x, y.block);
  }

  protected override adjoint(y: DistributedArray, x: DistributedArray): Promise<void> {
    return this.#plan.fold(y.block, x);
  }
}

class Crop extends LinearOperator<DistributedArray, DistributedArray> {
  readonly #plan: HaloPlan;

  constructor({ model, data, dtype }: Halo, plan: HaloPlan) {
    super({ model: data, data: model, dtype });
    this.#plan = plan;
  }

  protected override forward(x: DistributedArray, y: DistributedArray): void {
    this.#plan.crop(x.block, y.block);
  }

  protected override adjoint(y: DistributedArray, x: DistributedArray): void {
    this.#plan.embed(y.block, x.fill(0).block);
  }
}

/** The array that padded blocks make. */
function paddedBlocks(model: Distribution, plan: HaloPlan): Distribution {
  const blocks = model.dims.map((_, axis) => plan.paddedBlocks(axis));
  const dims = blocks.map((lengths) => lengths.reduce((sum, length) => sum + length, 0));
  return model.with(dims, { grid: model.grid, blocks });
}
