import type { BlockSpace } from "./blocks.js";
import type { DType } from "./dtype.js";
import { LocalArray } from "./local-array.js";
import { checkDims, product, sameNumbers } from "./shape.js";

/** The arrays of one shape that live on one rank, and know no other. */
export class LocalSpace implements BlockSpace<LocalArray> {
  readonly dims: readonly number[];
  readonly size: number;
  readonly comm = undefined;
  readonly replicated = false;
  readonly primary = true;
  readonly grid: readonly number[];
  readonly localStart: readonly number[];

  /** @throws {RangeError} If a length is not a non-negative integer, or there are no axes. */
  constructor(dims: readonly number[]) {
    checkDims("LocalSpace", dims);
    this.dims = [...dims];
    this.size = product(dims);
    this.grid = dims.map(() => 1);
    this.localStart = dims.map(() => 0);
  }

  get localShape(): readonly number[] {
    return this.dims;
  }

  withDims(dims: readonly number[]): LocalSpace {
    return new LocalSpace(dims);
  }

  without(axes: readonly number[], keepdims = false): LocalSpace {
    if (keepdims) return new LocalSpace(this.dims.map((n, axis) => (axes.includes(axis) ? 1 : n)));
    const kept = this.dims.filter((_, axis) => !axes.includes(axis));
    return new LocalSpace(kept.length > 0 ? kept : [1]);
  }

  async behind(): Promise<undefined> {
    return undefined;
  }

  zeros(dtype: DType = "float64"): LocalArray {
    return new LocalArray(this, dtype);
  }

  equals(other: unknown): boolean {
    return this === other || (other instanceof LocalSpace && sameNumbers(this.dims, other.dims));
  }

  toString(): string {
    return `[${this.dims.join(", ")}]`;
  }
}
