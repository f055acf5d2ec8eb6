import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { DistributedArray } from "../../array/distributed-array.js";
import { type DType, numbersPerElement, type Storage } from "../../array/dtype.js";
import { copyCells, HaloPlan } from "../../array/halo.js";
import { LocalArray } from "../../array/local-array.js";
import { alongAxis } from "../../array/shape.js";
import { applyStencil, type Reals, type Stencil, type StencilLayout } from "../../kernels/index.js";
import { distributionOf } from "./block-space.js";

/** What surrounds the rows of a block that need cells of other ranks: [halo, rows, rows they reach], first and last. */
interface Windows {
  readonly front: LocalArray;
  readonly back: LocalArray;
}

/**
 * A stencil along one axis of local or distributed arrays: y ← S x, or y ← y + S x.
 *
 * Where the axis is split, the ranks exchange as many cells as the stencil reaches. Along the first axis only the
 * rows at both ends of a block wait for them; the others are computed, in place, while the messages travel, which
 * `comm.statistics.overlapped` shows. Every row has the same bits on any number of ranks.
 */
export class AxisStencil {
  readonly #stencil: Stencil;
  readonly #layout: Required<Pick<StencilLayout, "outer" | "inner" | "start" | "rows">>;
  readonly #localShape: readonly number[];
  readonly #halo: HaloPlan | undefined;
  readonly #axis: number;
  readonly #padded = new Map<DType, LocalArray>();
  readonly #windows = new Map<DType, Windows>();

  constructor(space: BlockSpace<unknown>, axis: number, stencil: Stencil) {
    const { outer, length, inner } = alongAxis(space.localShape, axis);
    const distribution = distributionOf(space);
    const split = distribution && distribution.grid[axis] > 1;
    this.#stencil = stencil;
    this.#layout = { outer, inner, start: space.localStart[axis], rows: length };
    this.#localShape = space.localShape;
    this.#axis = axis;
    if (split) this.#halo = new HaloPlan(distribution, [stencil.before, stencil.after], { axis });
  }

  /** Collective if the axis is split, else local and done when it returns. `x` and `y` must not overlap. */
  apply(x: BlockVector<unknown>, y: BlockVector<unknown>, accumulate = false): Promise<void> | void {
    const inner = this.#layout.inner * numbersPerElement(x.dtype);
    const layout = { ...this.#layout, inner, accumulate };
    const [input, output] = [realsOf(x.local), realsOf(y.local)];
    if (!this.#halo || !(x instanceof DistributedArray)) {
      applyStencil(this.#stencil, input, output, layout);
      return;
    }
    const { before, after } = this.#stencil;
    const overlaps = layout.outer === 1 && layout.rows > before + after;
    return overlaps
      ? this.#overlapped(this.#halo, x, input, output, layout)
      : this.#afterExchange(this.#halo, x, output, layout);
  }

  /** Blocks that are small, or whose rows are scattered: a copy of the block with its halo. */
  async #afterExchange(halo: HaloPlan, x: DistributedArray, y: Reals, layout: StencilLayout): Promise<void> {
    let padded = this.#padded.get(x.dtype);
    if (!padded) {
      padded = new LocalArray(halo.paddedShape, x.dtype);
      this.#padded.set(x.dtype, padded);
    }
    await halo.pad(x, padded);
    applyStencil(this.#stencil, realsOf(padded.local), y, { ...layout, halo: [halo.before, halo.after] });
  }

  async #overlapped(
    halo: HaloPlan,
    x: DistributedArray,
    input: Reals,
    output: Reals,
    layout: StencilLayout & { inner: number; start: number; rows: number },
  ): Promise<void> {
    const { before, after } = halo;
    const { inner, start, rows } = layout;
    const { front, back } = this.#windowsOf(x.dtype, before, after);
    const exchanged = halo.exchange(x, front, back);
    copyCells(x.block, 0, front, before, before + after, this.#axis);
    copyCells(x.block, rows - before - after, back, 0, before + after, this.#axis);
    applyStencil(this.#stencil, input, output, { ...layout, only: [before, rows - after] });
    await exchanged;
    const edge = { ...layout, halo: [before, after] as const };
    const first = output.subarray(0, before * inner);
    applyStencil(this.#stencil, realsOf(front.local), first, { ...edge, rows: before });
    const last = output.subarray((rows - after) * inner);
    applyStencil(this.#stencil, realsOf(back.local), last, {
      ...edge,
      rows: after,
      start: start + rows - after,
    });
  }

  #windowsOf(dtype: DType, before: number, after: number): Windows {
    let windows = this.#windows.get(dtype);
    if (!windows) {
      const window = (rows: number) => new LocalArray(this.#localShape.with(this.#axis, rows), dtype);
      windows = { front: window(2 * before + after), back: window(before + 2 * after) };
      this.#windows.set(dtype, windows);
    }
    return windows;
  }
}

/** @throws {TypeError} For integers, which stencils do not take. */
export function realsOf(storage: Storage): Reals {
  if (storage instanceof Int32Array)
    throw new TypeError("stencil: an int32 array; convert it to float64 first");
  return storage;
}
