import { allocate } from "../../array/arithmetic.js";
import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { DistributedArray } from "../../array/distributed-array.js";
import { type DType, isComplex, promote, realOf } from "../../array/dtype.js";
import { HaloPlan } from "../../array/halo.js";
import { LocalArray } from "../../array/local-array.js";
import { alongAxis } from "../../array/shape.js";
import { filterLines, filterSpectrum, type FilterSpectrum, smoothLength } from "../../kernels/index.js";
import { realsOf } from "../basic/axis-stencil.js";
import { distributionOf } from "../basic/block-space.js";

/** One direction of a filter: how far it reaches, and the halo that this takes. */
interface Direction {
  readonly reach: readonly [before: number, after: number];
  readonly halo: HaloPlan | undefined;
}

/**
 * A filter along one axis of local or distributed arrays, by Fourier transforms: y[n] = Σⱼ h[j] x[n + offset − j], zero
 * outside, and its adjoint.
 *
 * Where the axis is split, the ranks exchange as many cells as the filter reaches, once a product. Results agree between
 * numbers of ranks to rounding, not in every bit.
 */
export class AxisFilter {
  readonly #filter: LocalArray;
  readonly #offset: number;
  readonly #outer: number;
  readonly #inner: number;
  readonly #rows: number;
  /** Length of the transforms, and rows that one of them gives. */
  readonly #n: number;
  readonly #piece: number;
  readonly #forward: Direction;
  readonly #adjoint: Direction;
  readonly #spectra = new Map<DType, FilterSpectrum>();
  readonly #padded = new Map<string, LocalArray>();

  /** @param pieces - Whether a line is filtered in pieces that overlap, of a few lengths of the filter. */
  constructor(space: BlockSpace<unknown>, axis: number, filter: LocalArray, offset: number, pieces: boolean) {
    const { outer, length, inner } = alongAxis(space.localShape, axis);
    [this.#filter, this.#offset] = [filter, offset];
    [this.#outer, this.#rows, this.#inner] = [outer, length, inner];
    if (!Number.isInteger(offset) || offset < 0 || offset >= filter.length) {
      throw new RangeError(
        `convolution: offset ${offset} in a filter of ${filter.length} samples; use 0 … ${filter.length - 1}`,
      );
    }
    const tail = filter.length - 1;
    const whole = smoothLength(length + tail);
    this.#n = pieces ? Math.min(whole, smoothLength(Math.max(8 * filter.length, SHORTEST))) : whole;
    this.#piece = Math.max(1, this.#n - tail);
    const distribution = distributionOf(space);
    const direction = (before: number, after: number): Direction => ({
      reach: [before, after],
      halo:
        distribution && distribution.grid[axis] > 1
          ? new HaloPlan(distribution, [before, after], { axis }, true)
          : undefined,
    });
    this.#forward = direction(tail - offset, offset);
    this.#adjoint = direction(offset, tail - offset);
  }

  /** Whether it is collective. */
  get sends(): boolean {
    return this.#forward.halo !== undefined;
  }

  /** y ← H x, or Hᴴ x. Collective if the axis is split, else local and done when it returns. */
  apply(x: BlockVector<unknown>, y: BlockVector<unknown>, adjoint: boolean): Promise<void> | void {
    const direction = adjoint ? this.#adjoint : this.#forward;
    if (!direction.halo || !(x instanceof DistributedArray))
      return this.#filterBlock(x.block, y, direction, adjoint);
    return this.#afterExchange(direction.halo, x, y, direction, adjoint);
  }

  async #afterExchange(
    halo: HaloPlan,
    x: DistributedArray,
    y: BlockVector<unknown>,
    direction: Direction,
    adjoint: boolean,
  ): Promise<void> {
    const key = `${x.dtype} ${adjoint}`;
    let padded = this.#padded.get(key);
    if (!padded) {
      padded = new LocalArray(halo.paddedShape, x.dtype);
      this.#padded.set(key, padded);
    }
    await halo.pad(x, padded);
    this.#filterBlock(padded, y, direction, adjoint);
  }

  #filterBlock(x: LocalArray, y: BlockVector<unknown>, { reach, halo }: Direction, conjugate: boolean): void {
    filterLines(this.#spectrumFor(y.dtype), realsOf(x.local), realsOf(y.local), {
      outer: this.#outer,
      inner: this.#inner,
      rows: this.#rows,
      halo: halo ? reach : [0, 0],
      reach,
      piece: this.#piece,
      complex: isComplex(y.dtype),
      conjugate,
    });
  }

  /** Made on first use of a dtype, and kept. */
  #spectrumFor(dtype: DType): FilterSpectrum {
    let spectrum = this.#spectra.get(dtype);
    if (!spectrum) {
      const complex = isComplex(this.#filter.dtype);
      const precision = realOf(dtype);
      const wanted = complex ? promote(precision, "complex64") : precision;
      const filter = this.#filter.like(wanted).copyFrom(this.#filter);
      const bins = allocate(
        promote(precision, "complex64"),
        isComplex(dtype) ? this.#n : Math.floor(this.#n / 2) + 1,
      );
      spectrum = filterSpectrum(realsOf(filter.local), this.#offset, {
        n: this.#n,
        bins: realsOf(bins),
        complex,
      });
      this.#spectra.set(dtype, spectrum);
    }
    return spectrum;
  }
}

const SHORTEST = 512; // of transforms of pieces
