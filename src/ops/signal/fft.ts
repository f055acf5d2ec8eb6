import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { checkOptions } from "../check-options.js";
import type { Where } from "../basic/block-space.js";
import { FFTND, type FftOptions } from "./fft-nd.js";

export interface Fft1DOptions<V> extends FftOptions<V> {
  /** Default −1, the last one. */
  axis?: number;
  /** Length of the transform: zeros follow a shorter axis, a longer one is cut. Default: that of the axis. */
  nfft?: number;
  /** Distance of the samples, for the frequencies. Default 1. */
  sampling?: number;
  /** Whether zero time is in the middle of the axis. Default false. */
  ifftshiftBefore?: boolean;
  /** Whether zero frequency comes to the middle of the axis. Default false. */
  fftshiftAfter?: boolean;
}

/** The discrete Fourier transform along one axis of local or distributed arrays; otherwise as {@link FFTND}. */
export class FFT<V extends BlockVector<V> = LocalArray> extends FFTND<V> {
  /** Frequency of each sample of the data along the axis. */
  readonly f: Float64Array;

  constructor(where: Where<V>, options: Fft1DOptions<V> = {}) {
    const { axis = -1, nfft, ...rest } = options;
    checkOptions("FFT", rest, [
      "sampling",
      "ifftshiftBefore",
      "fftshiftAfter",
      "norm",
      "real",
      "dtype",
      "to",
      "engine",
    ]);
    super(where, { ...rest, axes: [axis], nffts: [nfft] }, "FFT");
    [this.f] = this.frequencies;
  }
}
