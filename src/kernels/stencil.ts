/**
 * Stencils as data: a small table says which neighbours each row combines, with which weights. Derivatives and
 * convolutions are such tables, and so are their adjoints; {@link applyStencil} is the one kernel for all.
 */

/** The taps of one row: distance in rows → weight, in order of distance. */
export type Row = readonly (readonly [offset: number, weight: number])[];

/**
 * A banded `length` × `length` matrix: rows `head` first, rows `tail` last, `interior` in all between.
 * Taps that leave the axis are dropped, as if x were zero there.
 */
export interface Stencil {
  readonly length: number;
  readonly head: readonly Row[];
  readonly interior: Row;
  readonly tail: readonly Row[];
  /** How many rows before and after its own any row reaches: the halo that ranks exchange. */
  readonly before: number;
  readonly after: number;
}

export interface FirstDerivativeOptions {
  /** Which neighbours: default "centered". */
  readonly kind?: "forward" | "backward" | "centered";
  /** Points of the centered stencil, 3 (default) or 5. */
  readonly order?: 3 | 5;
  /** Whether a centered derivative has one-sided (and narrower) rows at the ends, instead of zero rows. */
  readonly edge?: boolean;
  /** Distance between rows, default 1. */
  readonly sampling?: number;
}
export type SecondDerivativeOptions = Omit<FirstDerivativeOptions, "order">;

type Rows = Pick<Stencil, "head" | "interior" | "tail">;

const FORWARD = tapsFrom(0, -1, 1);
const BACKWARD = tapsFrom(-1, -1, 1);
const CENTERED_3 = tapsFrom(-1, -1 / 2, 0, 1 / 2);
const CENTERED_5 = tapsFrom(-2, 1 / 12, -8 / 12, 0, 8 / 12, -1 / 12);
const SECOND_FORWARD = tapsFrom(0, 1, -2, 1);
const SECOND_BACKWARD = tapsFrom(-2, 1, -2, 1);
const SECOND_CENTERED = tapsFrom(-1, 1, -2, 1);
const ZERO: Row = [];

/**
 * First derivative. Rows that lack a neighbour are zero, except for centered ones with `edge`.
 * @throws {RangeError} For an unknown kind or order, or a sampling of zero.
 */
export function firstDerivative(length: number, options: FirstDerivativeOptions = {}): Stencil {
  const { kind = "centered", order = 3, edge = false, sampling = 1 } = options;
  const centered: Record<number, Rows | undefined> = {
    3: edge
      ? { head: [FORWARD], interior: CENTERED_3, tail: [BACKWARD] }
      : { head: [ZERO], interior: CENTERED_3, tail: [ZERO] },
    5: edge
      ? { head: [FORWARD, CENTERED_3], interior: CENTERED_5, tail: [CENTERED_3, BACKWARD] }
      : { head: [ZERO, ZERO], interior: CENTERED_5, tail: [ZERO, ZERO] },
  };
  const kinds: Record<string, Rows | undefined> = {
    forward: { head: [], interior: FORWARD, tail: [ZERO] },
    backward: { head: [ZERO], interior: BACKWARD, tail: [] },
    centered: centered[order],
  };
  const rows = kinds[kind] ?? unknown("firstDerivative", `${kind}, order ${order}`);
  return derivative("firstDerivative", length, rows, sampling);
}

/**
 * Second derivative. Rows that lack a neighbour are zero, except for centered ones with `edge`.
 * @throws {RangeError} For an unknown kind, or a sampling of zero.
 */
export function secondDerivative(length: number, options: SecondDerivativeOptions = {}): Stencil {
  const { kind = "centered", edge = false, sampling = 1 } = options;
  const kinds: Record<string, Rows | undefined> = {
    forward: { head: [], interior: SECOND_FORWARD, tail: [ZERO, ZERO] },
    backward: { head: [ZERO, ZERO], interior: SECOND_BACKWARD, tail: [] },
    centered: edge
      ? { head: [SECOND_FORWARD], interior: SECOND_CENTERED, tail: [SECOND_BACKWARD] }
      : { head: [ZERO], interior: SECOND_CENTERED, tail: [ZERO] },
  };
  const rows = kinds[kind] ?? unknown("secondDerivative", kind);
  return derivative("secondDerivative", length, rows, sampling ** 2);
}

/**
 * Convolution with a real filter whose sample `offset` is time zero: y[n] = Σⱼ h[j] x[n + offset − j], x zero outside.
 * @throws {RangeError} If the filter is empty or has no sample `offset`.
 */
export function convolution(length: number, filter: ArrayLike<number>, offset = 0): Stencil {
  checkLength("convolution", length);
  if (!(Number.isInteger(offset) && offset >= 0 && offset < filter.length)) {
    throw new RangeError(
      `convolution: offset ${offset} is not a sample of the filter of ${filter.length}; give one of 0 to ${filter.length - 1}`,
    );
  }
  const interior = Array.from(filter, (weight, j) => [offset - j, weight] as const).reverse();
  return withReach({ length, head: [], interior, tail: [] });
}

/** The transposed matrix: the adjoint, since weights are real. */
export function transposeStencil(stencil: Stencil): Stencil {
  const { length, head, interior, tail, before, after } = stencil;
  // Row j of the result gathers rows j − after … j + before, and is interior if all of them are.
  let first = head.length && head.length + after;
  let last = tail.length && tail.length + before;
  if (first + last >= length) [first, last] = [length, 0];
  const gathered = (j: number): Row => {
    const taps: [number, number][] = [];
    for (let i = Math.max(0, j - after); i <= Math.min(length - 1, j + before); i++) {
      for (const [offset, weight] of rowOf(stencil, i)) if (i + offset === j) taps.push([i - j, weight]);
    }
    return taps;
  };
  return withReach({
    length,
    head: Array.from({ length: first }, (_, j) => gathered(j)),
    interior: interior.map(([offset, weight]) => [-offset, weight] as const).reverse(),
    tail: Array.from({ length: last }, (_, k) => gathered(length - last + k)),
  });
}

/** The taps of row i, those that leave the axis included. */
export function rowOf({ length, head, interior, tail }: Stencil, i: number): Row {
  if (i < head.length) return head[i];
  const fromEnd = i - (length - tail.length);
  return fromEnd >= 0 ? tail[fromEnd] : interior;
}

/** Taps at successive offsets, those of weight zero left out. */
function tapsFrom(offset: number, ...weights: readonly number[]): Row {
  return weights.map((weight, k) => [offset + k, weight] as const).filter(([, weight]) => weight !== 0);
}

/** Scales the rows by 1 / `divisor` and, on a short axis, replaces those that would leave it. */
function derivative(where: string, length: number, rows: Rows, divisor: number): Stencil {
  checkLength(where, length);
  if (!(Math.abs(divisor) > 0))
    throw new RangeError(`${where}: the sampling is zero or NaN; give the distance of rows`);
  const scaled = (row: Row): Row => row.map(([offset, weight]) => [offset, weight / divisor] as const);
  const [head, interior, tail] = [rows.head.map(scaled), scaled(rows.interior), rows.tail.map(scaled)];
  const shortest = head.length + tail.length + 2; // every row of an axis of this length fits
  if (length >= shortest) return withReach({ length, head, interior, tail });

  const fits = (row: Row, i: number) => row.every(([offset]) => i + offset >= 0 && i + offset < length);
  const explicit = Array.from({ length }, (_, i) => {
    const fromEnd = i - (length - tail.length);
    const candidates = [...head.slice(i, i + 1), ...(fromEnd >= 0 ? [tail[fromEnd]] : [])];
    if (candidates.length === 0) candidates.push(interior);
    return candidates.find((row) => fits(row, i)) ?? ZERO;
  });
  return withReach({ length, head: explicit, interior: ZERO, tail: [] });
}

function withReach(stencil: Omit<Stencil, "before" | "after">): Stencil {
  const offsets = [...stencil.head, stencil.interior, ...stencil.tail].flatMap((row) =>
    row.map(([offset]) => offset),
  );
  let [before, after] = [0, 0];
  for (const offset of offsets) [before, after] = [Math.max(before, -offset), Math.max(after, offset)];
  return { ...stencil, before, after };
}

function checkLength(where: string, length: number): void {
  if (!(Number.isSafeInteger(length) && length >= 0)) {
    throw new RangeError(`${where}: ${length} is not a number of rows; give an integer of 0 or more`);
  }
}

function unknown(where: string, kind: string): never {
  throw new RangeError(`${where}: no kind "${kind}"; use forward, backward or centered (order 3 or 5)`);
}
