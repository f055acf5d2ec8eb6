import { product, stridesOf } from "../../array/shape.js";

/** Which filter counts how much at a sample. */
type Share = readonly [filter: number, weight: number];

/**
 * Filters of equal, odd widths at the nodes of a regular grid of samples, interpolated linearly along each axis between the
 * nodes, and outside of them as the nearest one. Filters, taps and samples are counted in C order.
 */
export class FilterGrid {
  readonly counts: readonly number[];
  readonly count: number;
  readonly #dims: readonly number[];
  readonly #strides: readonly number[];
  readonly #widths: readonly number[];
  /** For each axis and each sample along it, the nodes around. */
  readonly #shares: readonly (readonly (readonly Share[])[])[];

  /** @throws {RangeError} If a width is even, centres are not evenly spaced on their axis, or numbers of axes differ. */
  constructor(
    name: string,
    dims: readonly number[],
    widths: readonly number[],
    centers: readonly ArrayLike<number>[],
  ) {
    if (widths.length !== dims.length || centers.length !== dims.length) {
      throw new RangeError(
        `${name}: filters of ${widths.length} axes, centres along ${centers.length}, for ${dims.length}; give one of each`,
      );
    }
    widths.forEach((width) => {
      if (Number.isSafeInteger(width) && width % 2 === 1) return;
      throw new RangeError(`${name}: filters of [${widths.join(", ")}] samples; give odd widths`);
    });
    this.counts = centers.map(({ length }) => length);
    this.count = product(this.counts);
    this.#dims = dims;
    this.#strides = stridesOf(dims);
    this.#widths = widths;
    this.#shares = dims.map((n, axis) => sharesAlong(name, n, centers[axis]));
  }

  /** The filters that make up the one of a sample, with their weights. */
  filtersAt(sample: number): readonly Share[] {
    let shares: Share[] = [[0, 1]];
    for (const [axis, i] of this.#indexOf(sample).entries()) {
      shares = shares.flatMap(([filter, weight]) =>
        this.#shares[axis][i].map(([k, w]): Share => [filter * this.counts[axis] + k, weight * w]),
      );
    }
    return shares;
  }

  /** What the taps of a filter around a sample fall on, in C order; those off the array are left out. */
  forEachTap(sample: number, visit: (place: number, tap: number) => void): void {
    const at = this.#indexOf(sample);
    const descend = (axis: number, place: number, tap: number): void => {
      if (axis === at.length) return visit(place, tap);
      const width = this.#widths[axis];
      for (let j = 0; j < width; j++) {
        const i = at[axis] - (width - 1) / 2 + j;
        if (i >= 0 && i < this.#dims[axis])
          descend(axis + 1, place + i * this.#strides[axis], tap * width + j);
      }
    };
    descend(0, 0, 0);
  }

  #indexOf(sample: number): number[] {
    return this.#strides.map((stride, axis) => Math.floor(sample / stride) % this.#dims[axis]);
  }
}

function sharesAlong(name: string, n: number, centers: ArrayLike<number>): Share[][] {
  const count = centers.length;
  const [origin, step] = [centers[0], count > 1 ? centers[1] - centers[0] : 1];
  if (count === 0) throw new RangeError(`${name}: no centres of filters; give one along each axis at least`);
  for (let k = 0; k < count; k++) {
    const even = Math.abs(centers[k] - (origin + k * step)) <= 1e-9 * step;
    if (even && centers[k] >= 0 && centers[k] <= Math.max(0, n - 1)) continue;
    throw new RangeError(
      `${name}: centre ${centers[k]}, at ${k}, on an axis of ${n}; use evenly spaced, ascending ones from 0 to ${n - 1}`,
    );
  }
  return Array.from({ length: n }, (_, i) => {
    const t = Math.max(0, Math.min(count - 1, (i - origin) / step));
    const below = Math.floor(t);
    return t === below ? [[below, 1]] : [[below, 1 - (t - below)], [below + 1, t - below]]; // prettier-ignore
  });
}
