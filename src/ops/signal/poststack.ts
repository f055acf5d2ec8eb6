import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { checkOptions } from "../check-options.js";
import type { Where } from "../basic/block-space.js";
import { FirstDerivative } from "../basic/first-derivative.js";
import { Composite } from "../composite.js";
import { Convolve1D } from "./convolve1d.js";

export interface PoststackOptions {
  /** The time axis, default −1, the last one. */
  axis?: number;
  /** Of the derivative, default "centered". */
  kind?: "forward" | "backward" | "centered";
  dtype?: DType;
}

/**
 * Post-stack seismic modelling: d = W D m, with m the logarithm of acoustic impedance, D its derivative along time and
 * W the convolution with a wavelet whose time zero is its middle sample, ⌊length / 2⌋. The reflectivity's factor ½ is
 * not applied; put it into the wavelet. On local or distributed arrays, collective only if the time axis is split.
 */
export class PoststackLinearModelling<V extends BlockVector<V> = LocalArray> extends Composite<V, V> {
  /** @throws {RangeError} If the wavelet is empty, or there is no such axis. */
  constructor(wavelet: ArrayLike<number>, where: Where<V>, options: PoststackOptions = {}) {
    checkOptions("PoststackLinearModelling", options, ["axis", "kind", "dtype"]);
    const { axis, kind, dtype } = options;
    const W = new Convolve1D(where, wavelet, { offset: Math.floor(wavelet.length / 2), axis, dtype });
    super(W.compose(new FirstDerivative(where, { kind, axis, dtype })));
  }
}
