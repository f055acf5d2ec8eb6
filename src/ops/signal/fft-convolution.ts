import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, isComplex } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { product, stridesOf } from "../../array/shape.js";
import { smoothLength } from "../../kernels/index.js";
import { BlockOperator } from "../basic/block-operator.js";
import { SpectralFilter } from "./spectral-filter.js";

/** A filter along some axes of an array, one for each of its own. */
export interface FilterAxes {
  readonly axes: readonly number[];
  /** Its sample at the origin. */
  readonly offset: readonly number[];
}

/** Lengths of the transforms along these axes: nothing that leaves at one end comes in at the other. */
export function transformLengths(
  dims: readonly number[],
  filter: LocalArray,
  axes: readonly number[],
): number[] {
  return axes.map((axis, k) => smoothLength(dims[axis] + filter.space.dims[k] - 1));
}

/**
 * Convolution along several axes by Fourier transforms: the spectrum of the array times that of the filter. Collective if
 * one of the axes is split, see {@link SpectralFilter}. Memory: two spectra of the array and its margins.
 */
export class FftConvolution<V extends BlockVector<V>> extends BlockOperator<V> {
  readonly #spectral: SpectralFilter<V>;
  readonly #filter: LocalArray;
  readonly #axes: FilterAxes;
  readonly #nffts: readonly number[];
  readonly #spectra = new Map<DType, V>();

  constructor(space: BlockSpace<V>, filter: LocalArray, axes: FilterAxes, dtype: DType) {
    super({ model: space, data: space, dtype }, [filter.local, filter.space.dims, axes]);
    [this.#filter, this.#axes] = [filter, axes];
    this.#nffts = transformLengths(space.dims, filter, axes.axes);
    this.#spectral = new SpectralFilter(space, { axes: axes.axes, nffts: this.#nffts });
  }

  protected override sends(): boolean {
    return this.#spectral.sends;
  }

  protected override async forward(x: V, y: V): Promise<void> {
    await this.#spectral.apply(x, y, await this.#spectrumFor(x.dtype), false);
  }

  protected override async adjoint(y: V, x: V): Promise<void> {
    await this.#spectral.apply(y, x, await this.#spectrumFor(y.dtype), true);
  }

  /** Made on first use of a dtype, and kept. */
  async #spectrumFor(dtype: DType): Promise<V> {
    const kept = this.#spectra.get(dtype);
    if (kept) return kept;
    const { axes } = this.#axes;
    const dims = this.#nffts.reduce((now, n, k) => now.with(axes[k], n), [...this.model.dims]);
    const padded = this.model.withDims(dims);
    const around = padded.zeros(dtype);
    const sample = this.#samples(isComplex(dtype));
    around.block.fillFrom((...index) => sample(index), padded.localStart);
    const spectrum = await this.#spectral.spectrumOf(around);
    this.#spectra.set(dtype, spectrum);
    return spectrum;
  }

  /** The filter around the origin of the array with its margins, which is periodic, at every place of the other axes. */
  #samples(complex: boolean): (index: readonly number[]) => number | { re: number; im: number } {
    const { dtype, local, space } = this.#filter;
    const { axes, offset } = this.#axes;
    const strides = stridesOf(space.dims);
    const step = isComplex(dtype) ? 2 : 1;
    return (index) => {
      let at = 0;
      for (let k = 0; k < axes.length; k++) {
        const j = (index[axes[k]] + offset[k]) % this.#nffts[k];
        if (j >= space.dims[k]) return 0;
        at += j * strides[k];
      }
      return complex ? { re: local[step * at], im: step === 2 ? local[2 * at + 1] : 0 } : local[at];
    };
  }
}

/** Whether transforms cost less than as many products per sample as the filter has samples. */
export function transformsPay(dims: readonly number[], filter: LocalArray, axes: readonly number[]): boolean {
  const margins =
    product(transformLengths(dims, filter, axes)) / Math.max(1, product(axes.map((axis) => dims[axis])));
  return filter.length > PRODUCTS_PER_TRANSFORM * margins;
}

/** So many products of a direct sum take the time of two transforms, per sample. */
const PRODUCTS_PER_TRANSFORM = 100;
