import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import type { Where } from "../basic/block-space.js";
import { FFTND, type FftNDOptions } from "./fft-nd.js";

/**
 * The discrete Fourier transform along two axes, by default the last two, of local or distributed arrays; otherwise as
 * {@link FFTND}.
 */
export class FFT2D<V extends BlockVector<V> = LocalArray> extends FFTND<V> {
  /** Frequency of each sample of the data along the first and the second of the axes. */
  readonly f1: Float64Array;
  readonly f2: Float64Array;

  /** @throws {RangeError} If there are not two axes; otherwise as {@link FFTND}. */
  constructor(where: Where<V>, options: FftNDOptions<V> = {}) {
    const { axes = [-2, -1] } = options;
    if (axes.length !== 2) throw new RangeError(`FFT2D: axes [${axes.join(", ")}]; give two`);
    super(where, { ...options, axes }, "FFT2D");
    [this.f1, this.f2] = this.frequencies;
  }
}
