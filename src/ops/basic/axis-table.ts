/**
 * A sparse matrix that acts along one axis, row by row: row k sums `weights[e]` times place `places[e]` over the entries
 * e from `starts[k]` up to `starts[k + 1]`, in this order.
 */
export interface AxisTable {
  readonly rows: number;
  readonly columns: number;
  readonly starts: Int32Array;
  readonly places: Int32Array;
  readonly weights: Float64Array;
}

/** An entry of a row: a place, or a place and its weight. */
export type Entry = number | readonly [place: number, weight: number];

/** The table of `rows` rows whose entries are `row(k)`. */
export function axisTable(rows: number, columns: number, row: (k: number) => readonly Entry[]): AxisTable {
  const starts = new Int32Array(rows + 1);
  const places: number[] = [];
  const weights: number[] = [];
  for (let k = 0; k < rows; k++) {
    for (const entry of row(k)) {
      const [place, weight] = typeof entry === "number" ? [entry, 1] : entry;
      places.push(place);
      weights.push(weight);
    }
    starts[k + 1] = places.length;
  }
  return { rows, columns, starts, places: Int32Array.from(places), weights: Float64Array.from(weights) };
}

/** The table known by its columns: what place k of the source adds to which rows. */
export function columnTable(
  rows: number,
  columns: number,
  column: (k: number) => readonly Entry[],
): AxisTable {
  return transposeTable(axisTable(columns, rows, column));
}

/** Rows become columns: each row's entries in the order of the rows that they come from. */
export function transposeTable({ rows, columns, starts, places, weights }: AxisTable): AxisTable {
  const into = new Int32Array(columns + 1);
  for (const place of places) into[place + 1]++;
  for (let k = 0; k < columns; k++) into[k + 1] += into[k];
  const next = into.slice(0, columns);
  const turned = { places: new Int32Array(places.length), weights: new Float64Array(places.length) };
  for (let k = 0; k < rows; k++) {
    for (let e = starts[k]; e < starts[k + 1]; e++) {
      const at = next[places[e]]++;
      turned.places[at] = k;
      turned.weights[at] = weights[e];
    }
  }
  return { rows: columns, columns: rows, starts: into, ...turned };
}

/** The rows of a table with the given numbers, in their order. */
export function rowsOf(table: AxisTable, numbers: Int32Array): AxisTable {
  const starts = new Int32Array(numbers.length + 1);
  numbers.forEach((k, i) => {
    starts[i + 1] = starts[i] + table.starts[k + 1] - table.starts[k];
  });
  const entries = starts[numbers.length];
  const part = { places: new Int32Array(entries), weights: new Float64Array(entries) };
  numbers.forEach((k, i) => {
    const [first, end] = [table.starts[k], table.starts[k + 1]];
    part.places.set(table.places.subarray(first, end), starts[i]);
    part.weights.set(table.weights.subarray(first, end), starts[i]);
  });
  return { rows: numbers.length, columns: table.columns, starts, ...part };
}

/** The columns of a table with the given numbers, ascending, as places 0, 1, …: what these places add to each row. */
export function columnsOf(table: AxisTable, numbers: Int32Array): AxisTable {
  return transposeTable(rowsOf(transposeTable(table), numbers));
}

/** The places that a table needs, each once, ascending. */
export function placesNeeded({ places }: AxisTable): number[] {
  return [...new Set(places)].sort((a, b) => a - b);
}

/** How the lines that a table sums lie in storage. */
export interface LineLayout {
  readonly outer: number;
  /** Numbers of a line, one after the other. */
  readonly inner: number;
  /** Where the next of the outer lines begins in the source, and where the next place. */
  readonly outerStride: number;
  readonly placeStride: number;
}

type Numbers = Float32Array | Float64Array | Int32Array;

/**
 * y[o, k, i] ← Σ weight · x[o, place, i], for all rows k of a table. Each sum is rounded to the precision of y after
 * every entry, whatever the layout: the bits do not depend on it.
 */
export function sumRows(table: AxisTable, x: Numbers, y: Numbers, layout: LineLayout): void {
  const { rows, starts, places, weights } = table;
  const { outer, inner, outerStride, placeStride } = layout;
  const single = y instanceof Float32Array;
  for (let o = 0, at = 0; o < outer; o++) {
    const line = o * outerStride;
    for (let k = 0; k < rows; k++, at += inner) {
      const [first, end] = [starts[k], starts[k + 1]];
      if (first === end) {
        y.fill(0, at, at + inner);
        continue;
      }
      if (inner === 1) {
        let sum = weights[first] * x[line + places[first] * placeStride];
        for (let e = first + 1; e < end; e++) {
          if (single) sum = Math.fround(sum);
          sum += weights[e] * x[line + places[e] * placeStride];
        }
        y[at] = sum;
        continue;
      }
      for (let e = first; e < end; e++) {
        const weight = weights[e];
        const from = line + places[e] * placeStride;
        if (e === first) for (let i = 0; i < inner; i++) y[at + i] = weight * x[from + i];
        else for (let i = 0; i < inner; i++) y[at + i] += weight * x[from + i];
      }
    }
  }
}
