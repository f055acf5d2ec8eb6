import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { DistributedArray } from "../../array/distributed-array.js";
import { type DType, numbersPerElement } from "../../array/dtype.js";
import { HaloPlan, type HaloWidths } from "../../array/halo.js";
import { LocalArray } from "../../array/local-array.js";
import { boxIn, copyBox } from "../../array/strided-copy.js";
import { distributionOf } from "./block-space.js";

/**
 * This rank's block with the cells around it along several axes, corners included: those of other ranks, zeros beyond
 * the ends of the array. Local arrays get the zeros alone. One array for each dtype, kept for the next product.
 */
export class PaddedBlock {
  readonly shape: readonly number[];
  readonly #widths: readonly HaloWidths[];
  readonly #plan: HaloPlan | undefined;
  readonly #padded = new Map<DType, LocalArray>();

  /** @param widths - Of every axis. */
  constructor(space: BlockSpace<unknown>, widths: readonly HaloWidths[]) {
    const distribution = distributionOf(space);
    const exchanged = widths.some(([before, after], axis) => space.grid[axis] > 1 && before + after > 0);
    if (distribution && exchanged) this.#plan = new HaloPlan(distribution, widths, {}, true);
    this.#widths = widths;
    const padded = (n: number, axis: number) => (n > 0 ? n + widths[axis][0] + widths[axis][1] : 0);
    this.shape = space.localShape.map(padded);
  }

  /** Whether it is collective. */
  get sends(): boolean {
    return this.#plan !== undefined;
  }

  /** Collective if a padded axis is split, else local and done when it returns. */
  fill(x: BlockVector<unknown>): Promise<LocalArray> | LocalArray {
    let padded = this.#padded.get(x.dtype);
    if (!padded) {
      padded = new LocalArray(this.shape, x.dtype);
      this.#padded.set(x.dtype, padded);
    }
    if (this.#plan && x instanceof DistributedArray) return this.#exchange(this.#plan, x, padded);
    const { dims } = x.block.space;
    const inside = this.#widths.map(([before], axis) => (dims[axis] > 0 ? before : 0));
    const whole = boxIn(x.local, dims, dims.map(() => 0)); // prettier-ignore
    copyBox(dims, whole, boxIn(padded.local, this.shape, inside), numbersPerElement(x.dtype));
    return padded;
  }

  async #exchange(plan: HaloPlan, x: DistributedArray, padded: LocalArray): Promise<LocalArray> {
    await plan.pad(x, padded);
    return padded;
  }
}
