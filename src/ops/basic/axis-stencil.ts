import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { DistributedArray } from "../../array/distributed-array.js";
import { type DType, numbersPerElement, type Storage } from "../../array/dtype.js";
import { HaloPlan } from "../../array/halo.js";
import { LocalArray } from "../../array/local-array.js";
import { alongAxis, product } from "../../array/shape.js";
import { boxIn, copyBox } from "../../array/strided-copy.js";
import { applyStencil, type Reals, type Stencil, type StencilLayout, type StencilWithin } from "../../kernels/index.js"; // prettier-ignore
import { distributionOf } from "./block-space.js";

/** The rows at both ends of a block with all that they reach, and where they are computed if theirs are scattered. */
interface Ends {
  readonly front: LocalArray;
  readonly back: LocalArray;
  readonly first: LocalArray;
  readonly last: LocalArray;
}

/** A stencil, and the axis along which it acts. */
export interface AxisTerm {
  readonly axis: number;
  readonly stencil: Stencil;
}

/** A complete layout, of a block without its halo. */
type BlockLayout = StencilLayout & { outer: number; inner: number; start: number; rows: number };

/**
 * A stencil along one axis of local or distributed arrays: y ← S x, or y ← y + S x. With others along axes behind it, which
 * are not split, their sum: one pass over memory.
 *
 * Where the axis is split, the ranks exchange as many cells as the stencil reaches. Only the rows at both ends of a block
 * wait for them; the others are computed, in place, while the messages travel, which `comm.statistics.overlapped` shows.
 * Every row has the same bits on any number of ranks.
 */
export class AxisStencil {
  readonly #stencil: Stencil;
  readonly #layout: Required<Pick<StencilLayout, "outer" | "inner" | "start" | "rows">>;
  readonly #within: readonly StencilWithin[];
  readonly #localShape: readonly number[];
  readonly #halo: HaloPlan | undefined;
  readonly #axis: number;
  readonly #padded = new Map<DType, LocalArray>();
  readonly #ends = new Map<DType, Ends>();

  /** @param others - In the order of their axes. */
  constructor(space: BlockSpace<unknown>, axis: number, stencil: Stencil, others: readonly AxisTerm[] = []) {
    const { outer, length, inner } = alongAxis(space.localShape, axis);
    const distribution = distributionOf(space);
    const split = distribution && distribution.grid[axis] > 1;
    this.#stencil = stencil;
    this.#layout = { outer, inner, start: space.localStart[axis], rows: length };
    this.#within = others.map(({ axis: k, stencil }, i) => {
      const inFront = i > 0 ? others[i - 1].axis : axis;
      const { length, inner } = alongAxis(space.localShape, k);
      return {
        stencil,
        outer: product(space.localShape.slice(inFront + 1, k)),
        rows: length,
        inner,
        start: 0,
      };
    });
    this.#localShape = space.localShape;
    this.#axis = axis;
    if (split) this.#halo = new HaloPlan(distribution, [stencil.before, stencil.after], { axis }, true);
  }

  /** Whether it is collective. */
  get sends(): boolean {
    return this.#halo !== undefined;
  }

  /** Collective if the axis is split, else local and done when it returns. `x` and `y` must not overlap. */
  apply(x: BlockVector<unknown>, y: BlockVector<unknown>, accumulate = false): Promise<void> | void {
    const numbers = numbersPerElement(x.dtype);
    const inner = this.#layout.inner * numbers;
    const plus = this.#within.map((term) => ({ ...term, inner: term.inner * numbers }));
    const layout = { ...this.#layout, inner, plus, accumulate };
    const [input, output] = [realsOf(x.local), realsOf(y.local)];
    if (!this.#halo || !(x instanceof DistributedArray)) {
      applyStencil(this.#stencil, input, output, layout);
      return;
    }
    const { before, after } = this.#stencil;
    return layout.rows > before + after
      ? this.#overlapped(this.#halo, x, y.block, layout)
      : this.#afterExchange(this.#halo, x, output, layout);
  }

  /** Blocks that are small: a copy of the block with its halo. */
  async #afterExchange(halo: HaloPlan, x: DistributedArray, y: Reals, layout: StencilLayout): Promise<void> {
    let padded = this.#padded.get(x.dtype);
    if (!padded) {
      padded = new LocalArray(halo.paddedShape, x.dtype);
      this.#padded.set(x.dtype, padded);
    }
    await halo.pad(x, padded);
    applyStencil(this.#stencil, realsOf(padded.local), y, { ...layout, halo: [halo.before, halo.after] });
  }

  async #overlapped(halo: HaloPlan, x: DistributedArray, y: LocalArray, layout: BlockLayout): Promise<void> {
    const { before, after } = halo;
    const { rows } = layout;
    const { front, back, first, last } = this.#endsOf(x.dtype, before, after);
    const exchanged = halo.exchange(x, front, back);
    copyRows(x.block, 0, front, before, before + after, this.#axis);
    copyRows(x.block, rows - before - after, back, 0, before + after, this.#axis);
    const only = [before, rows - after] as const;
    applyStencil(this.#stencil, realsOf(x.local), realsOf(y.local), { ...layout, only });
    await exchanged;
    this.#applyAtEnd(front, first, y, 0, { ...layout, rows: before, halo: [before, after] });
    this.#applyAtEnd(back, last, y, rows - after, { ...layout, rows: after, halo: [before, after] });
  }

  /** Rows of y from `from` on, out of a window around them. */
  #applyAtEnd(window: LocalArray, end: LocalArray, y: LocalArray, from: number, layout: BlockLayout): void {
    const { outer, inner, rows, start, accumulate } = layout;
    const edge = { ...layout, start: start + from };
    if (outer === 1) {
      const there = y.local.subarray(from * inner, (from + rows) * inner);
      applyStencil(this.#stencil, realsOf(window.local), realsOf(there), edge);
      return;
    }
    if (accumulate) copyRows(y, from, end, 0, rows, this.#axis);
    applyStencil(this.#stencil, realsOf(window.local), realsOf(end.local), edge);
    copyRows(end, 0, y, from, rows, this.#axis);
  }

  #endsOf(dtype: DType, before: number, after: number): Ends {
    let ends = this.#ends.get(dtype);
    if (!ends) {
      const array = (rows: number) => new LocalArray(this.#localShape.with(this.#axis, rows), dtype);
      const [first, last] = this.#layout.outer > 1 ? [before, after] : [0, 0];
      ends = {
        front: array(2 * before + after),
        back: array(before + 2 * after),
        first: array(first),
        last: array(last),
      };
      this.#ends.set(dtype, ends);
    }
    return ends;
  }
}

/** Copies `count` rows along an axis, with all that lies across it. */
function copyRows(
  source: LocalArray,
  from: number,
  dest: LocalArray,
  to: number,
  count: number,
  axis: number,
): void {
  const numbers = numbersPerElement(source.dtype);
  const view = ({ local, space }: LocalArray, start: number) => {
    const { outer, length, inner } = alongAxis(space.dims, axis);
    return boxIn(local, [outer, length * inner * numbers], [0, start * inner * numbers]);
  };
  const { outer, inner } = alongAxis(source.space.dims, axis);
  copyBox([outer, count * inner * numbers], view(source, from), view(dest, to), 1);
}

/** @throws {TypeError} For integers, which stencils do not take. */
export function realsOf(storage: Storage): Reals {
  if (storage instanceof Int32Array)
    throw new TypeError("stencil: an int32 array; convert it to float64 first");
  return storage;
}
