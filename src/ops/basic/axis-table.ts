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
