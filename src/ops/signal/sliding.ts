import { checkOperator } from "../check-arguments.js";
import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { sameNumbers } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { SpanOperator } from "../basic/axis-operator.js";
import { type AxisTable, columnTable } from "../basic/axis-table.js";
import { Batched } from "../basic/batched.js";
import { distributionOf, spaceOf, spreadAs, type Where } from "../basic/block-space.js";
import { Transpose } from "../basic/transpose.js";
import { Composite } from "../composite.js";
import type { LinearOperator } from "../linear-operator.js";

export interface SlidingOptions {
  /** Samples of a window along each of the first axes of the data. */
  window: readonly number[];
  /** Samples that neighbouring windows have in common, along each of these axes. */
  overlap: readonly number[];
  /**
   * What weighs a window where it overlaps its neighbours: `"hanning"` (default; weights add up to 1), `"cosine"` (their
   * squares do), or `"none"`.
   */
  taper?: "hanning" | "cosine" | "none";
}

/**
 * Windows that slide over the first axes of the data and overlap: each is the local operator applied to a model of its
 * own, tapered and added. Model [windows…, …dims of the operator], data as given; the operator maps to one window,
 * [window…, …other axes of the data]. With windows along one axis of 1, 2 or 3 this is PyLops's Sliding1D, 2D, 3D, with
 * windows along all of 2 or 3, its Patch2D, 3D. Windows cover the data, or it is an error.
 *
 * Data may be split along the axes with windows; the model is then split along windows. Collective: for each axis, one
 * all-to-all of the samples that windows of one rank share with the data of another.
 */
export class Sliding<V extends BlockVector<V> = LocalArray> extends Composite<V, V> {
  /** @throws {RangeError} If windows do not fit or do not cover the data, or the operator does not map to one of them. */
  constructor(op: LinearOperator<LocalArray, LocalArray>, data: Where<V>, options: SlidingOptions) {
    checkOperator("Sliding", op);
    checkOptions("Sliding", options, ["window", "overlap", "taper"]);
    const space = spaceOf(data);
    const { window, overlap, taper = "hanning" } = options;
    const counts = countsOf(space, window, overlap);
    const rest = space.dims.slice(window.length);
    if (!sameNumbers(op.dimsd, [...window, ...rest])) {
      throw new RangeError(
        `Sliding: an operator to [${op.dimsd.join(", ")}] for windows of [${[...window, ...rest].join(", ")}]; make them equal`,
      );
    }
    const grid = space.grid.slice(0, window.length);
    const model = spreadAs(space, [...counts, ...op.dims], [...grid, ...op.dims.map(() => 1)]);
    const each = new Batched(op, model);
    const pairs = pairUp(each.data, window.length);
    let sum: LinearOperator<V, V> = pairs.compose(each);
    let from: BlockSpace<V> = pairs.data;
    for (let axis = window.length - 1; axis >= 0; axis--) {
      const added = new OverlapAdd(from, 2 * axis, space, axis, weights(counts[axis], window[axis], overlap[axis], taper)); // prettier-ignore
      sum = added.compose(sum);
      from = added.data;
    }
    super(sum);
  }
}

/** [windows…, window…, rest] in the order [windows, window, windows, window, …, rest]; splits stay where they are. */
function pairUp<V extends BlockVector<V>>(from: BlockSpace<V>, count: number): Transpose<V> {
  const axes = from.dims.map((_, axis) => {
    if (axis >= 2 * count) return axis;
    return axis % 2 === 0 ? axis / 2 : count + (axis - 1) / 2;
  });
  const inOrder = <T>(values: readonly T[]) => axes.map((axis) => values[axis]);
  return new Transpose(from, axes, { to: spreadAs(from, inOrder(from.dims), inOrder(from.grid)) });
}

/** Adds windows, [windows, window] from an axis on, to the one axis `target` of the data that they cover. */
class OverlapAdd<V extends BlockVector<V>> extends SpanOperator<V> {
  constructor(
    model: BlockSpace<V>,
    first: number,
    data: BlockSpace<V>,
    target: number,
    { starts, window, taper, length }: Windows,
  ) {
    const dims = [...model.dims.slice(0, first), length, ...model.dims.slice(first + 2)];
    const grid = [...model.grid.slice(0, first + 1), ...model.grid.slice(first + 2)];
    const distribution = distributionOf(data);
    const blocks = dims.map((_, axis) =>
      axis < first ? undefined : distribution?.blocks(target + axis - first),
    );
    const to = spreadAs(model, dims, grid, blocks);
    const table: AxisTable = columnTable(length, starts.length * window, (k) => {
      const [w, i] = [Math.floor(k / window), k % window];
      return [[starts[w] + i, taper(w, i)]];
    });
    super(model, to, [{ first, count: 2 }, { first, count: 1 }], table); // prettier-ignore
  }
}

interface Windows {
  readonly length: number;
  readonly starts: readonly number[];
  readonly window: number;
  /** Weight of sample `i` of window `w`. */
  readonly taper: (w: number, i: number) => number;
}

function weights(
  count: number,
  window: number,
  overlap: number,
  kind: NonNullable<SlidingOptions["taper"]>,
): Windows {
  const step = window - overlap;
  const ramp = (i: number): number => {
    if (kind === "none" || i >= overlap) return 1;
    // A symmetric Hann window's first half; of a single sample both neighbours have one half.
    const rise = overlap === 1 ? 0.5 : Math.sin((Math.PI / 2) * (i / (overlap - 1))) ** 2;
    return kind === "cosine" ? Math.sqrt(rise) : rise;
  };
  return {
    length: (count - 1) * step + window,
    starts: Array.from({ length: count }, (_, w) => w * step),
    window,
    taper: (w, i) => (w > 0 ? ramp(i) : 1) * (w < count - 1 ? ramp(window - 1 - i) : 1),
  };
}

/** How many windows cover each axis. */
function countsOf(
  { dims }: BlockSpace<unknown>,
  window: readonly number[],
  overlap: readonly number[],
): number[] {
  if (window.length === 0 || window.length !== overlap.length || window.length > dims.length) {
    throw new RangeError(
      `Sliding: ${window.length} windows, ${overlap.length} overlaps, data of ${dims.length} axes; give as many of each, one at least`,
    );
  }
  return window.map((samples, axis) => {
    const [n, shared] = [dims[axis], overlap[axis]];
    const step = samples - shared;
    const valid = Number.isSafeInteger(samples) && Number.isSafeInteger(shared) && shared >= 0 && 2 * shared <= samples; // prettier-ignore
    const count = (n - samples) / step + 1;
    if (valid && step > 0 && count >= 1 && Number.isInteger(count)) return count;
    const fitting = valid && step > 0 ? Math.max(0, Math.floor(count) - 1) * step + samples : undefined;
    throw new RangeError(
      `Sliding: windows of ${samples} that overlap by ${shared} do not cover an axis of ${n}; ` +
        (fitting === undefined
          ? "overlap by half a window at most"
          : `they cover ${fitting}, or ${fitting + step}`),
    );
  });
}
