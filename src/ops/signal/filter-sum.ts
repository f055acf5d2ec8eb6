import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { numbersPerElement } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { product, stridesOf } from "../../array/shape.js";
import { applyStencil, convolution, type Stencil, type StencilLayout } from "../../kernels/index.js";
import { realsOf } from "../basic/axis-stencil.js";
import { PaddedBlock } from "../basic/padded-block.js";

/** A real filter, the axes of arrays that its own stand for, and its sample at the origin. */
export interface Filter {
  readonly samples: ArrayLike<number>;
  readonly dims: readonly number[];
  readonly axes: readonly number[];
  readonly offset: readonly number[];
}

/**
 * y[n] = Σⱼ h[j] x[n + offset − j], along several axes, on blocks padded by the filter.
 *
 * The lines of the filter's last axis are stencils, each applied to slabs of the block that are shifted along the other
 * axes, and added. The order of the additions, and so the bits, are the same on any number of ranks.
 */
export class FilterSum {
  readonly #filter: Filter;
  /** One for each line of the filter, in C order. */
  readonly #lines: readonly Stencil[];
  readonly #block: PaddedBlock;
  readonly #space: BlockSpace<unknown>;

  constructor(space: BlockSpace<unknown>, filter: Filter) {
    const { samples, dims, axes, offset } = filter;
    const [width, last] = [dims[dims.length - 1], axes[axes.length - 1]];
    const values = Array.from(samples);
    this.#filter = filter;
    this.#space = space;
    this.#lines = Array.from({ length: values.length / width }, (_, k) =>
      convolution(space.dims[last], values.slice(k * width, (k + 1) * width), offset[offset.length - 1]),
    );
    this.#block = new PaddedBlock(
      space,
      space.dims.map((_, axis) => {
        const k = axes.indexOf(axis);
        return k < 0 ? ([0, 0] as const) : ([dims[k] - 1 - offset[k], offset[k]] as const);
      }),
    );
  }

  /** Whether it is collective. */
  get sends(): boolean {
    return this.#block.sends;
  }

  /** Collective if one of the axes is split, else local and done when it returns. */
  apply(x: BlockVector<unknown>, y: BlockVector<unknown>): Promise<void> | void {
    const padded = this.#block.fill(x);
    if (padded instanceof Promise) return padded.then((block) => this.#sum(block, y));
    this.#sum(padded, y);
  }

  #sum(x: LocalArray, y: BlockVector<unknown>): void {
    if (y.local.length === 0) return;
    const { dims, axes, offset } = this.#filter;
    const { localShape, localStart } = this.#space;
    const [end, last] = [axes.length - 1, axes[axes.length - 1]];
    const lead = end > 0 ? axes[end - 1] : undefined; // the last axis but one of the filter
    const step = numbersPerElement(y.dtype);
    const [from, to] = [this.#block.shape, localShape].map((shape) => stridesOf(shape).map((s) => s * step));
    const [input, output] = [realsOf(x.local), realsOf(y.local)];
    const layout: StencilLayout = {
      outer: product(localShape.slice(lead ?? 0, last)),
      start: localStart[last],
      rows: localShape[last],
      inner: to[last],
      halo: [dims[end] - 1 - offset[end], offset[end]],
    };
    if (lead === undefined) {
      applyStencil(this.#lines[0], input, output, layout);
      return;
    }
    const [rows, lines] = [localShape[lead], dims[end - 1]];
    /** Adds the lines of the filter from `line` on, to the part of the block that begins at these numbers of x and y. */
    const visit = (axis: number, xAt: number, yAt: number, line: number): void => {
      if (axis === lead) {
        const slab = output.subarray(yAt, yAt + rows * to[lead]);
        for (let j = 0; j < lines; j++) {
          const start = xAt + (lines - 1 - j) * from[lead];
          const shifted = input.subarray(start, start + rows * from[lead]);
          const accumulate = line + j > 0;
          applyStencil(this.#lines[line + j], shifted, slab, { ...layout, accumulate });
        }
        return;
      }
      const k = axes.indexOf(axis);
      const taps = k < 0 ? 1 : dims[k];
      const inside = product(dims.slice(k + 1, end)); // lines of the filter for each of these taps
      for (let i = 0; i < localShape[axis]; i++) {
        for (let j = 0; j < taps; j++)
          visit(
            axis + 1,
            xAt + (i + taps - 1 - j) * from[axis],
            yAt + i * to[axis],
            line + (k < 0 ? 0 : j * inside),
          );
      }
    };
    visit(0, 0, 0, 0);
  }
}
