import { areas, memory } from "./memory.js";
import type { Reals } from "./staging.js";
import { rowOf, type Row, type Stencil } from "./stencil.js";

/** An axis on which a stencil acts: [outer, rows, inner], of global rows from `start` on. */
export interface Axis {
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
  readonly start: number;
}

/** What is computed: local rows `from` … `to` of y [outer, rows, inner], from x with `before` and `after` rows more. */
export interface View extends Axis {
  readonly before: number;
  readonly after: number;
  readonly from: number;
  readonly to: number;
  readonly accumulate: boolean;
  /** Whether rows are too short to be loops of their own. */
  readonly narrow: boolean;
  /** Stencils along axes within `inner`, each within the one before it, whose results are added. */
  readonly plus: readonly Plus[];
}

export interface Plus extends Axis {
  readonly stencil: Stencil;
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

/** True if stencils along several axes fit into one pass: no taps leave an axis, and few rows are different from others. */
export function isOnePass(stencils: readonly Stencil[]): boolean {
  const kinds = stencils.reduce((product, { head, tail }) => product * (head.length + 1 + tail.length), 1);
  return (
    kinds <= 512 &&
    stencils.every(({ head, interior, tail }) => {
      const [lowest, highest] = reach(interior);
      return head.length >= -lowest && tail.length >= highest;
    })
  );
}

/** Runs along the last axis, where the kernel finds them. */
export interface Table {
  readonly runsAt: number;
  readonly runCount: number;
}
/** Successive local rows of an axis with the same taps, and what is done within each. */
export interface Level {
  readonly first: number;
  readonly rows: number;
  readonly within: Program;
}
export type Program = Table | readonly Level[];

/**
 * Writes the tables of runs that compute a view, where the kernel expects them, and returns what to do with them: one table,
 * or for stencils along several axes one for each combination of different rows.
 * All rows between the ends of the axis are one run; see {@link isNarrow} for the others. The last tables of each
 * stencil are kept: operators apply theirs to the same views again and again.
 * @throws {RangeError} If x lacks rows that the taps reach, or the table is full.
 */
export function planRuns(stencil: Stencil, view: View, like: Reals): Program {
  const size = like.BYTES_PER_ELEMENT;
  const known = plans.get(stencil) ?? [];
  const kept = known.find((plan) => plan.size === size && sameView(plan.view, view));
  if (kept) {
    if (kept !== inPlace) {
      tableBytes.set(kept.table);
      windows.fill(0, 0, kept.windowBytes);
    }
    inPlace = kept;
    return kept.program;
  }
  inPlace = undefined;
  const runs = listRuns(stencil, view);
  for (const run of runs) checkHalo(run, stencil, view);
  const tables = new TableWriter(size);
  const axes = [view, ...view.plus].map((axis, k): WrittenAxis => {
    const rowBytes = axis.inner * size;
    const { length } = k === 0 ? stencil : view.plus[k - 1].stencil;
    return {
      length,
      rowBytes,
      start: axis.start,
      runs:
        k === 0
          ? runs
          : listRuns(view.plus[k - 1].stencil, { ...axis, from: 0, to: axis.rows, narrow: false }),
      taps: new TapWriter(tables, rowBytes),
    };
  });
  const program = writeProgram(tables, axes, []);
  inPlace = { view, size, program, table: tableBytes.slice(0, tables.end), windowBytes: tables.windowBytes };
  plans.set(stencil, [inPlace, ...known.slice(0, KEPT - 1)]);
  return program;
}

/** Tables as they were written, for a view and an element size. */
interface Plan {
  readonly view: View;
  readonly size: number;
  readonly program: Program;
  readonly table: Uint8Array;
  readonly windowBytes: number;
}
/** As many as an operator on a block takes turns with: the interior and both ends, of two dtypes. */
const KEPT = 6;
const plans = new WeakMap<Stencil, readonly Plan[]>();
let inPlace: Plan | undefined; // the plan that the kernel's table holds now

function sameView(a: View, b: View): boolean {
  return (
    sameAxis(a, b) &&
    a.before === b.before &&
    a.after === b.after &&
    a.from === b.from &&
    a.to === b.to &&
    a.narrow === b.narrow &&
    a.plus.length === b.plus.length &&
    a.plus.every((plus, k) => plus.stencil === b.plus[k].stencil && sameAxis(plus, b.plus[k]))
  );
}

function sameAxis(a: Axis, b: Axis): boolean {
  return a.outer === b.outer && a.rows === b.rows && a.inner === b.inner && a.start === b.start;
}

type Part = Pick<View, "start" | "from" | "to" | "narrow">;

function listRuns(stencil: Stencil, { start, from, to, narrow }: Part): Run[] {
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

const RUN_BYTES = 36;
const TERM_BYTES = 16;
const TAP_BYTES = 16;
const table = new DataView(memory.buffer, areas.stencils.start, areas.stencils.bytes);
const tableBytes = new Uint8Array(memory.buffer, areas.stencils.start, areas.stencils.bytes);
const windows = new Uint8Array(memory.buffer, areas.windows.start, areas.windows.bytes);

interface WrittenAxis {
  readonly length: number;
  readonly rowBytes: number;
  readonly start: number;
  readonly runs: readonly Run[];
  readonly taps: TapWriter;
}

/** Hands out the area of the tables and that of the windows, from their beginnings. */
class TableWriter {
  readonly size: number;
  end = 0;
  windowBytes = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** @throws {RangeError} If there is no room. */
  reserve(bytes: number): number {
    const at = this.end;
    this.end += bytes;
    if (this.end <= areas.stencils.bytes) return at;
    throw new RangeError(
      `applyStencil: taps do not fit into the table of ${areas.stencils.bytes} bytes; ` +
        `convolve with so long a filter by Fourier transforms`,
    );
  }

  words(at: number, values: readonly number[]): void {
    values.forEach((value, k) => table.setUint32(at + 4 * k, value, true)); // modulo 2³², as addresses
  }
}

/** For each run of the first axis what is done within, with the terms of its taps behind `terms`; of the last one the table. */
function writeProgram(tables: TableWriter, axes: readonly WrittenAxis[], terms: readonly Term[]): Program {
  const [axis, ...inner] = axes;
  const { runs, start, taps } = axis;
  if (inner.length > 0) {
    return runs.map((run) => ({
      first: run.first - start,
      rows: run.rows,
      within: writeProgram(tables, inner, [...terms, taps.write(run)]),
    }));
  }
  const at = tables.reserve(runs.length * RUN_BYTES);
  for (const [r, run] of runs.entries())
    writeRun(tables, at + r * RUN_BYTES, run, axis, [...terms, taps.write(run)]);
  return { runsAt: areas.stencils.start + at, runCount: runs.length };
}

function writeRun(
  tables: TableWriter,
  at: number,
  run: Run,
  { start, rowBytes, length }: WrittenAxis,
  terms: readonly Term[],
): void {
  const { first, rows, row } = run;
  const termsAt = tables.reserve(terms.length * TERM_BYTES);
  for (const [k, term] of terms.entries()) tables.words(termsAt + k * TERM_BYTES, term);
  const offset = (first - start) * rowBytes;
  const termsFrom = areas.stencils.start + termsAt;
  const fields = [
    offset,
    offset,
    rows,
    shapeOf(terms),
    termsFrom,
    termsFrom + terms.length * TERM_BYTES,
    0,
    0,
    0,
  ];
  const [from, to] = rowsRead(run, length);
  if (run.window && from < to) {
    const [lowest, highest] = reach(row);
    const origin = first + lowest; // the row that the window begins with, on the axis or not
    const windowBytes = (rows + highest - lowest) * rowBytes;
    windows.fill(0, tables.windowBytes, tables.windowBytes + windowBytes);
    const base = areas.windows.start + tables.windowBytes;
    const addressOf = (i: number) => base + (i - origin) * rowBytes;
    fields[1] = addressOf(first);
    fields.splice(6, 3, (from - start) * rowBytes, addressOf(from), (to - from) * rowBytes);
    tables.windowBytes += windowBytes;
  }
  tables.words(at, fields);
}

/** The address of taps: sums, differences and single ones, and where each of the three ends. */
type Term = readonly [taps: number, sums: number, differences: number, singles: number];

/** The number of a shape with a loop of its own, as in assembly/stencil.ts; 0 if there is none. */
function shapeOf(terms: readonly Term[]): number {
  const counts = terms.map(([taps, ...ends]) =>
    ends.map((end, k) => (end - (k ? ends[k - 1] : taps)) / TAP_BYTES),
  );
  const are = (expected: readonly number[]) => counts.every((count) => sameNumbers(count, expected));
  if (terms.length === 1) for (const n of [1, 2]) if (are([0, n, 0])) return n;
  const centers = terms.map(([, , at]) => table.getInt32(at - areas.stencils.start + 4, true));
  return are([1, 0, 1]) && centers.every((center) => center === centers[0]) && terms.length <= 3
    ? 2 + terms.length
    : 0;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, k) => value === b[k]);
}

type Tap = readonly [first: number, second: number, weight: number];

/** Writes each row's taps once: folded, and plain if a run needs a part of them. */
class TapWriter {
  readonly #tables: TableWriter;
  readonly #rowBytes: number;
  readonly #folded = new Map<Row, Term>();
  readonly #plain = new Map<Row, number>();

  constructor(tables: TableWriter, rowBytes: number) {
    this.#tables = tables;
    this.#rowBytes = rowBytes;
  }

  write({ row, taps: [low, high] }: Run): Term {
    if (high - low === row.length) {
      let folded = this.#folded.get(row);
      if (!folded) {
        const [sums, differences, singles] = fold(row);
        const [start, a] = this.#put(sums);
        const [, b] = this.#put(differences);
        const [, c] = this.#put(singles);
        folded = [start, a, b, c];
        this.#folded.set(row, folded);
      }
      return folded;
    }
    let start = this.#plain.get(row);
    if (start === undefined) {
      [start] = this.#put(row.map(([offset, weight]) => [0, offset, weight]));
      this.#plain.set(row, start);
    }
    const from = start + low * TAP_BYTES;
    return [from, from, from, start + high * TAP_BYTES];
  }

  /** Returns the address where the taps begin, and where they end. */
  #put(taps: readonly Tap[]): [start: number, end: number] {
    const start = this.#tables.reserve(taps.length * TAP_BYTES);
    for (const [k, [first, second, weight]] of taps.entries()) {
      const at = start + k * TAP_BYTES;
      this.#tables.words(at, [first * this.#rowBytes, second * this.#rowBytes]);
      if (this.#tables.size === 8) table.setFloat64(at + 8, weight, true);
      else table.setFloat32(at + 8, weight, true);
    }
    return [areas.stencils.start + start, areas.stencils.start + this.#tables.end];
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
