import { areas, memory } from "./memory.js";
import type { Reals } from "./staging.js";
import { rowOf, type Row, type Stencil } from "./stencil.js";

/** What is computed: local rows `from` … `to` of y [outer, rows, inner], from x with `before` and `after` rows more. */
export interface View {
  readonly outer: number;
  readonly inner: number;
  /** Global index of the first row of y. */
  readonly start: number;
  readonly rows: number;
  readonly before: number;
  readonly after: number;
  readonly from: number;
  readonly to: number;
  readonly accumulate: boolean;
  /** Whether rows are too short to be loops of their own. */
  readonly narrow: boolean;
}

/** Successive rows, by global index, with the same taps. See assembly/stencil.ts. */
interface Run {
  readonly first: number;
  readonly rows: number;
  readonly row: Row;
  /** The range of taps of `row` that apply. */
  readonly taps: readonly [from: number, to: number];
  /** Whether taps leave the axis, so that they read a window: zeros, with the rows of x that exist in between. */
  readonly window: boolean;
}

/** True if rows at the ends of the axis, whose taps leave it, are better computed together, in front of zeros. */
export function isNarrow(stencil: Stencil, rowBytes: number): boolean {
  const widest = 2 * (stencil.before + stencil.after) * rowBytes;
  return rowBytes <= 512 && widest <= areas.windows.bytes / 2;
}

/**
 * Writes the table of runs that computes a view, where the kernel expects it, and returns the number of runs.
 * All rows between the ends of the axis are one run; see {@link isNarrow} for the others. The last table of each
 * stencil is kept: operators apply theirs to the same view again and again.
 * @throws {RangeError} If x lacks rows that the taps reach, or the table is full.
 */
export function planRuns(stencil: Stencil, view: View, like: Reals): number {
  const size = like.BYTES_PER_ELEMENT;
  const kept = plans.get(stencil);
  if (kept?.size === size && sameView(kept.view, view)) {
    if (kept !== inPlace) {
      tableBytes.set(kept.table);
      windows.fill(0, 0, kept.windowBytes);
    }
    inPlace = kept;
    return kept.runCount;
  }
  inPlace = undefined;
  const runs = listRuns(stencil, view);
  for (const run of runs) checkHalo(run, stencil, view);
  const { end, windowBytes } = writeRuns(runs, stencil.length, view, size);
  inPlace = { view, size, runCount: runs.length, table: tableBytes.slice(0, end), windowBytes };
  plans.set(stencil, inPlace);
  return runs.length;
}

/** A table as it was written, for a view and an element size. */
interface Plan {
  readonly view: View;
  readonly size: number;
  readonly runCount: number;
  readonly table: Uint8Array;
  readonly windowBytes: number;
}
const plans = new WeakMap<Stencil, Plan>();
let inPlace: Plan | undefined; // the plan that the kernel's table holds now

function sameView(a: View, b: View): boolean {
  return (
    a.inner === b.inner &&
    a.start === b.start &&
    a.rows === b.rows &&
    a.before === b.before &&
    a.after === b.after &&
    a.from === b.from &&
    a.to === b.to &&
    a.narrow === b.narrow
  );
}

function listRuns(stencil: Stencil, { start, from, to, narrow }: View): Run[] {
  const { length, head, interior, tail } = stencil;
  const runs: Run[] = [];
  const alone = (i: number) => {
    const row = rowOf(stencil, i);
    const low = row.filter(([offset]) => i + offset < 0).length;
    const high = row.filter(([offset]) => i + offset < length).length;
    runs.push({ first: i, rows: 1, row, taps: [low, Math.max(low, high)], window: false });
  };
  const together = (first: number, end: number, window: boolean) => {
    const run: Run = { first, rows: end - first, row: interior, taps: [0, interior.length], window };
    if (first < end) runs.push(run);
  };
  const leaving = (first: number, end: number) => {
    if (narrow) together(first, end, true);
    else for (let i = first; i < end; i++) alone(i);
  };

  const [first, end] = [start + from, start + to];
  const a = Math.min(Math.max(first, head.length), end); // the interior rows among ours: a … b
  const b = Math.max(Math.min(end, length - tail.length), a);
  const [lowest, highest] = reach(interior);
  let inside = Math.min(Math.max(a, -lowest), b); // those whose taps stay on the axis: inside … outside
  let outside = Math.max(Math.min(b, length - highest), a);
  if (inside > outside) inside = outside = b;
  for (let i = first; i < a; i++) alone(i);
  leaving(a, inside);
  together(inside, outside, false);
  leaving(outside, b);
  for (let i = b; i < end; i++) alone(i);
  return runs;
}

/** Smallest and largest offset. */
function reach(taps: Row): [lowest: number, highest: number] {
  return taps.length ? [taps[0][0], taps[taps.length - 1][0]] : [0, 0];
}

/** Global rows of x that a run reads. */
function rowsRead({ first, rows, row, taps: [low, high] }: Run, length: number): [from: number, to: number] {
  if (low === high) return [first, first];
  const from = Math.min(Math.max(first + row[low][0], 0), length);
  return [from, Math.max(from, Math.min(first + rows + row[high - 1][0], length))];
}

function checkHalo(run: Run, stencil: Stencil, { start, rows, before, after }: View): void {
  const [from, to] = rowsRead(run, stencil.length);
  if (from === to || (from >= start - before && to <= start + rows + after)) return;
  throw new RangeError(
    `applyStencil: rows ${run.first} to ${run.first + run.rows - 1} need rows ${from} to ${to - 1} of x, which has ` +
      `${start - before} to ${start + rows + after - 1}; give a halo of [${stencil.before}, ${stencil.after}]`,
  );
}

const RUN_BYTES = 40;
const TAP_BYTES = 16;
const table = new DataView(memory.buffer, areas.stencils.start, areas.stencils.bytes);
const tableBytes = new Uint8Array(memory.buffer, areas.stencils.start, areas.stencils.bytes);
const windows = new Uint8Array(memory.buffer, areas.windows.start, areas.windows.bytes);

/** Returns where the table ends, and how many bytes of windows it uses. */
function writeRuns(runs: readonly Run[], length: number, { start, inner }: View, size: number) {
  const rowBytes = inner * size;
  const taps = new TapWriter(runs.length * RUN_BYTES, rowBytes, size);
  let windowAt = 0;
  for (const [r, run] of runs.entries()) {
    const { first, rows, row, window } = run;
    const [from, to] = rowsRead(run, length);
    const fields = new Uint32Array(10);
    fields.set([(first - start) * rowBytes, (first - start) * rowBytes, rows]);
    if (from < to) fields.set(taps.write(row, run.taps), 3);
    if (window && from < to) {
      const [lowest, highest] = reach(row);
      const origin = first + lowest; // the row that the window begins with, on the axis or not
      const windowBytes = (rows + highest - lowest) * rowBytes;
      windows.fill(0, windowAt, windowAt + windowBytes);
      const addressOf = (i: number) => areas.windows.start + windowAt + (i - origin) * rowBytes;
      fields[1] = addressOf(first);
      fields.set([(from - start) * rowBytes, addressOf(from), (to - from) * rowBytes], 7); // modulo 2³², as addresses
      windowAt += windowBytes;
    }
    fields.forEach((value, k) => table.setUint32(r * RUN_BYTES + 4 * k, value, true));
  }
  return { end: taps.end, windowBytes: windowAt };
}

type Tap = readonly [first: number, second: number, weight: number];

/** Writes each row's taps once: folded, and plain if a run needs a part of them. */
class TapWriter {
  #end: number;
  readonly #rowBytes: number;
  readonly #size: number;
  readonly #folded = new Map<Row, readonly number[]>();
  readonly #plain = new Map<Row, number>();

  constructor(start: number, rowBytes: number, size: number) {
    this.#end = start;
    this.#rowBytes = rowBytes;
    this.#size = size;
  }

  get end(): number {
    return this.#end;
  }

  /** The addresses where the taps begin, and where sums, differences and single taps end. */
  write(row: Row, [low, high]: readonly [number, number]): readonly number[] {
    if (high - low === row.length) {
      const folded = this.#folded.get(row) ?? [this.#end, ...fold(row).map((taps) => this.#put(taps))];
      this.#folded.set(row, folded);
      return folded.map((at) => areas.stencils.start + at);
    }
    let start = this.#plain.get(row);
    if (start === undefined) {
      start = this.#end;
      this.#plain.set(row, start);
      this.#put(row.map(([offset, weight]) => [0, offset, weight]));
    }
    const [from, to] = [low, high].map((tap) => areas.stencils.start + start + tap * TAP_BYTES);
    return [from, from, from, to];
  }

  #put(taps: readonly Tap[]): number {
    if (this.#end + taps.length * TAP_BYTES > areas.stencils.bytes) {
      throw new RangeError(
        `applyStencil: ${taps.length} taps do not fit into the table of ${areas.stencils.bytes} bytes; ` +
          `convolve with so long a filter by Fourier transforms`,
      );
    }
    for (const [first, second, weight] of taps) {
      table.setInt32(this.#end, first * this.#rowBytes, true);
      table.setInt32(this.#end + 4, second * this.#rowBytes, true);
      if (this.#size === 8) table.setFloat64(this.#end + 8, weight, true);
      else table.setFloat32(this.#end + 8, weight, true);
      this.#end += TAP_BYTES;
    }
    return this.#end;
  }
}

/** Pairs taps of equal and of opposite weight, from both ends inwards. */
function fold(row: Row): [sums: Tap[], differences: Tap[], singles: Tap[]] {
  const [sums, differences, singles]: Tap[][] = [[], [], []];
  for (let a = 0, b = row.length - 1; a <= b; a++, b--) {
    const [[first, left], [second, right]] = [row[a], row[b]];
    if (a === b) singles.push([0, second, right]);
    else if (left === right) sums.push([first, second, right]);
    else if (left === -right) differences.push([first, second, right]);
    else singles.push([0, first, left], [0, second, right]);
  }
  return [sums, differences, singles];
}
