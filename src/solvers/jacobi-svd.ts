export interface SmallSvd {
  /** The largest first. */
  readonly values: readonly number[];
  /** Entry of the orthogonal matrix P of A = P diag(values) Qᵀ. */
  readonly p: (i: number, k: number) => number;
  /** Of Q. */
  readonly q: (i: number, k: number) => number;
}

/**
 * The singular value decomposition of a small real square matrix, by turns of two columns each until all are orthogonal:
 * small values come out as exactly as the matrix has them, more so than from its square. Local.
 *
 * @param A - Its columns; left unchanged.
 * @see Demmel & Veselić, SIAM J. Matrix Anal. Appl. 13(4), 1992, doi:10.1137/0613074
 */
export function jacobiSvd(A: readonly Float64Array[]): SmallSvd {
  const n = A.length;
  const columns = A.map((column) => column.slice());
  const turns = A.map((_, k) => unit(n, k));
  for (let sweeps = 0; sweeps < MOST_SWEEPS && sweep(columns, turns); sweeps++);
  const lengths = columns.map((column) => Math.hypot(...column));
  const order = lengths.map((_, k) => k).sort((a, b) => lengths[b] - lengths[a]);
  const values = order.map((k) => lengths[k]);
  const left: Float64Array[] = [];
  for (const [k, value] of values.entries()) {
    if (value > 1e-150 * values[0]) left.push(columns[order[k]].map((x) => x / value));
    else left.push(orthogonalTo(left, n));
  }
  return { values, p: (i, k) => left[k][i], q: (i, k) => turns[order[k]][i] };
}

/** Ten do, mostly; what more would change are rounding errors. */
const MOST_SWEEPS = 30;

/** Makes each two columns orthogonal once, and does the same to `turns`. Returns whether one was not, to rounding. */
function sweep(columns: readonly Float64Array[], turns: readonly Float64Array[]): boolean {
  let turned = false;
  for (let i = 0; i < columns.length; i++) {
    for (let j = i + 1; j < columns.length; j++) {
      const [a, b, c] = [dot(columns[i], columns[i]), dot(columns[j], columns[j]), dot(columns[i], columns[j])]; // prettier-ignore
      if (!(Math.abs(c) > columns.length * Number.EPSILON * Math.sqrt(a) * Math.sqrt(b))) continue;
      const zeta = (b - a) / (2 * c);
      const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
      const cosine = 1 / Math.hypot(1, t);
      turn(columns[i], columns[j], cosine, cosine * t);
      turn(turns[i], turns[j], cosine, cosine * t);
      turned = true;
    }
  }
  return turned;
}

function turn(x: Float64Array, y: Float64Array, cosine: number, sine: number): void {
  for (let k = 0; k < x.length; k++) {
    const [a, b] = [x[k], y[k]];
    x[k] = cosine * a - sine * b;
    y[k] = sine * a + cosine * b;
  }
}

/** A vector of length one that is orthogonal to others of length one: made of the unit vector that has least of them. */
function orthogonalTo(others: readonly Float64Array[], n: number): Float64Array {
  const shares = Array.from({ length: n }, (_, k) => others.reduce((sum, other) => sum + other[k] ** 2, 0));
  const vector = unit(n, shares.indexOf(Math.min(...shares)));
  for (let pass = 0; pass < 2; pass++) {
    for (const other of others) {
      const part = dot(vector, other);
      for (let k = 0; k < n; k++) vector[k] -= part * other[k];
    }
  }
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

function unit(n: number, k: number): Float64Array {
  return new Float64Array(n).fill(1, k, k + 1);
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += x[k] * y[k];
  return sum;
}
