import { isNarrow, isOnePass, planRuns, type Plus, type Program, type View } from "./stencil-runs.js";
import { areas, memory, onHeap } from "./memory.js";
import { checkTypes, kernelsFor, type Reals } from "./staging.js";
import type { Stencil } from "./stencil.js";

/**
 * How arrays lie around the axis of a stencil: y has the shape [outer, rows, inner], x has halo[0] rows more before
 * them and halo[1] after them. Rows have global indices, from `start` on, so that a part of a distributed axis knows
 * where the ends of the axis are.
 */
export interface StencilLayout {
  /** Product of the dimensions before the axis, default 1. */
  readonly outer?: number;
  /** Product of the dimensions after the axis, default 1; times two for complex arrays. */
  readonly inner?: number;
  /** Global index of the first row of y, default 0. */
  readonly start?: number;
  /** Number of rows of y, default all from `start` to the end of the axis. */
  readonly rows?: number;
  /** Rows that x has before and after those of y, default [0, 0]. None are needed beyond the ends of the axis. */
  readonly halo?: readonly [before: number, after: number];
  /** Local rows of y to compute, default all; the others stay. For work while a halo is on its way. */
  readonly only?: readonly [from: number, to: number];
  /** Adds to y instead of overwriting it. */
  readonly accumulate?: boolean;
  /**
   * Stencils along axes within `inner`, each within the one before it, whose results are added in this order: [outer, rows,
   * inner] of the first one are as many numbers as a row of this layout has.
   */
  readonly plus?: readonly StencilWithin[];
}
export type StencilWithin = Plus;

/**
 * y ← S x along one axis, contiguous or not, or with `plus` the sum over several axes. Local; one pass over memory.
 *
 * Each number is summed in the order of its taps: it has the same bits however the axis is split, and wherever the
 * arrays are stored. x and y must not overlap. For complex arrays and real weights, count two numbers an element in
 * `inner`; for complex weights, apply the real and the imaginary parts one after the other.
 *
 * @throws {RangeError} If lengths disagree with the layout, or x lacks rows that the taps reach.
 */
export function applyStencil<V extends Reals>(stencil: Stencil, x: V, y: V, layout: StencilLayout = {}): V {
  const view = complete(stencil, x, y, layout);
  if (view.from >= view.to || view.inner === 0 || view.outer === 0) return y;
  const stencils = [stencil, ...view.plus.map((plus) => plus.stencil)];
  const there = onHeap(x) && onHeap(y);
  if (stencils.length > 1 && !(there && isOnePass(stencils))) inTurn(stencil, x, y, layout, view);
  else if (there) execute(stencil, x.byteOffset, y.byteOffset, y, view);
  else if (!executeSlabs(stencil, x, y, view)) executeBoxes(stencil, x, y, view);
  return y;
}

/** The same sum, a pass for each stencil. */
function inTurn(stencil: Stencil, x: Reals, y: Reals, layout: StencilLayout, view: View): void {
  applyStencil(stencil, x, y, { ...layout, plus: [] });
  const { outer, rows, inner, before, after, from, to } = view;
  for (let o = 0; o < outer; o++) {
    const [xRow, yRow] = [o * (before + rows + after) + before, o * rows];
    const part = (z: Reals, row: number) => z.subarray((row + from) * inner, (row + to) * inner);
    let slabs = to - from;
    for (const { stencil, outer, rows, inner, start } of view.plus) {
      slabs *= outer;
      applyStencil(stencil, part(x, xRow), part(y, yRow), {
        outer: slabs,
        inner,
        start,
        rows,
        accumulate: true,
      });
      slabs *= rows;
    }
  }
}

const CACHE_BYTES = 256 * 1024; // what a tile of all rows that the taps reach may take: a part of the second level

function execute(stencil: Stencil, xAt: number, yAt: number, like: Reals, view: View): void {
  const { outer, rows, before, after, accumulate } = view;
  const size = like.BYTES_PER_ELEMENT;
  const axes = [{ ...view, stencil }, ...view.plus].map(({ stencil, outer, rows, inner }) => {
    const rowBytes = inner * size;
    return { outer, rowBytes, slabBytes: rows * rowBytes, tile: tileOf(stencil, rowBytes) };
  });
  const kernel = kernelsFor(like).stencil;
  /** `slabs` slabs of axis k: with a table in one call of the kernel, else row by row. */
  const run = (program: Program, k: number, slabs: number, x: number, xBytes: number, y: number): void => {
    const { rowBytes, slabBytes, tile } = axes[k];
    if ("runsAt" in program) {
      const { runsAt, runCount } = program;
      kernel(x, y, slabs, xBytes, slabBytes, rowBytes, tile, runsAt, runCount, accumulate);
      return;
    }
    for (let slab = 0; slab < slabs; slab++, x += xBytes, y += slabBytes) {
      for (const { first, rows, within } of program) {
        const [offset, inner] = [first * rowBytes, axes[k + 1]];
        run(within, k + 1, rows * inner.outer, x + offset, inner.slabBytes, y + offset);
      }
    }
  };
  const [{ rowBytes }] = axes;
  run(
    planRuns(stencil, view, like),
    0,
    outer,
    xAt + before * rowBytes,
    (before + rows + after) * rowBytes,
    yAt,
  );
}

/** Bytes of a row to work on at a time. */
function tileOf(stencil: Stencil, rowBytes: number): number {
  const span = stencil.before + stencil.after + 1;
  return span * rowBytes <= CACHE_BYTES ? rowBytes : Math.max(1024, Math.floor(CACHE_BYTES / span / 64) * 64);
}

/** Copies as many whole slabs of [rows, inner] to the heap and back as the staging areas take; false if none fits. */
function executeSlabs(stencil: Stencil, x: Reals, y: Reals, view: View): boolean {
  const { outer, inner, rows, before, after } = view;
  const [input, output] = stagingAreas[y.BYTES_PER_ELEMENT === 8 ? "float64" : "float32"];
  const [xSlab, ySlab] = [(before + rows + after) * inner, rows * inner];
  const fitting = Math.floor(Math.min(input.length / xSlab, output.length / ySlab));
  if (fitting < 1) return false;
  const all = view.from === 0 && view.to === rows && !view.accumulate;
  for (let o = 0; o < outer; o += fitting) {
    const slabs = Math.min(fitting, outer - o);
    input.set(x.subarray(o * xSlab, (o + slabs) * xSlab));
    if (!all) output.set(y.subarray(o * ySlab, (o + slabs) * ySlab));
    execute(stencil, input.byteOffset, output.byteOffset, y, { ...view, outer: slabs });
    y.set(output.subarray(0, slabs * ySlab), o * ySlab);
  }
  return true;
}

/** Copies boxes of [rows, inner] to the heap and back, as large as the staging areas allow. */
function executeBoxes(stencil: Stencil, x: Reals, y: Reals, view: View): void {
  const { outer, inner, start, rows, before, after, from, to, accumulate, narrow } = view;
  const [input, output] = stagingAreas[y.BYTES_PER_ELEMENT === 8 ? "float64" : "float32"];
  const reach = stencil.before + stencil.after;
  const width = Math.min(inner, Math.floor(input.length / (2 * reach + 16)));
  if (width < 1)
    throw new RangeError(`applyStencil: ${reach} rows of reach are too many for arrays off the heap`);
  const height = Math.min(Math.floor(input.length / width) - reach, Math.floor(output.length / width));

  for (let o = 0; o < outer; o++) {
    for (let first = from; first < to; first += height) {
      const last = Math.min(to, first + height);
      const xFirst = Math.max(-before, first - stencil.before);
      const xLast = Math.min(rows + after, last + stencil.after);
      const xRow = o * (before + rows + after) + before + xFirst;
      const yRow = o * rows + first;
      for (let column = 0; column < inner; column += width) {
        const columns = Math.min(width, inner - column);
        const yBox = { start: yRow * inner + column, stride: inner };
        const box = { start: 0, stride: columns };
        copyBox(x, { start: xRow * inner + column, stride: inner }, input, box, xLast - xFirst, columns);
        if (accumulate) copyBox(y, yBox, output, box, last - first, columns);
        const piece = {
          start: start + first,
          rows: last - first,
          before: first - xFirst,
          after: xLast - last,
        };
        execute(stencil, input.byteOffset, output.byteOffset, y, {
          ...{ outer: 1, inner: columns, from: 0, to: last - first, accumulate, narrow, plus: [] },
          ...piece,
        });
        copyBox(output, box, y, yBox, last - first, columns);
      }
    }
  }
}

interface Box {
  readonly start: number;
  readonly stride: number;
}

function copyBox(source: Reals, from: Box, dest: Reals, to: Box, rows: number, columns: number): void {
  if (from.stride === columns && to.stride === columns) {
    dest.set(source.subarray(from.start, from.start + rows * columns), to.start);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const at = from.start + row * from.stride;
    dest.set(source.subarray(at, at + columns), to.start + row * to.stride);
  }
}

const { stencilInput, stencilOutput } = areas;
const stagingAreas = {
  float32: [stencilInput, stencilOutput].map(
    ({ start, bytes }) => new Float32Array(memory.buffer, start, bytes / 4),
  ),
  float64: [stencilInput, stencilOutput].map(
    ({ start, bytes }) => new Float64Array(memory.buffer, start, bytes / 8),
  ),
};

/** Fills in the defaults and checks the layout. */
function complete(stencil: Stencil, x: Reals, y: Reals, layout: StencilLayout): View {
  const { outer = 1, inner = 1, start = 0, rows = stencil.length - start, halo = [0, 0] } = layout;
  const { only: [from, to] = [0, rows], accumulate = false, plus = [] } = layout;
  const [before, after] = halo;
  if (![outer, inner, start, rows, before, after, from, to].every(isCount)) {
    throw new RangeError(
      `applyStencil: outer ${outer}, inner ${inner}, start ${start}, rows ${rows}, halo [${before}, ${after}], ` +
        `only [${from}, ${to}]; give integers of 0 or more`,
    );
  }
  if (start + rows > stencil.length || to > rows) {
    throw new RangeError(
      `applyStencil: rows ${start} to ${start + Math.max(rows, to)} of an axis of ${stencil.length}; stay inside it`,
    );
  }
  checkTypes("applyStencil", x, y);
  checkShape("x", x, outer, before + rows + after, inner);
  checkShape("y", y, outer, rows, inner);
  checkPlus(plus, inner);
  const narrow = isNarrow(stencil, inner * y.BYTES_PER_ELEMENT);
  return { outer, inner, start, rows, before, after, from, to, accumulate, narrow, plus };
}

function checkPlus(plus: readonly Plus[], numbers: number): void {
  let row = numbers;
  for (const [k, { stencil, outer, rows, inner, start }] of plus.entries()) {
    if (
      [outer, rows, inner, start].every(isCount) &&
      outer * rows * inner === row &&
      start + rows <= stencil.length
    ) {
      row = inner;
      continue;
    }
    throw new RangeError(
      `applyStencil: plus[${k}] of [${outer}, ${rows}, ${inner}] from row ${start} of ${stencil.length} on, within a row of ` +
        `${row} numbers; make them equal, and stay inside the axis`,
    );
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function checkShape(name: string, array: Reals, outer: number, rows: number, inner: number): void {
  if (array.length === outer * rows * inner) return;
  throw new RangeError(
    `applyStencil: ${name} has ${array.length} numbers, its layout [${outer}, ${rows}, ${inner}] (outer, rows and halo, ` +
      `inner) has ${outer * rows * inner}; make them equal`,
  );
}
