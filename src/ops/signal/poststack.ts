import type { BlockVector } from "../../array/blocks.js";
import type { DType } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { FirstDerivative } from "../basic/first-derivative.js";
import type { Where } from "../basic/block-space.js";
import { LinearOperator } from "../linear-operator.js";
import { Convolve1D } from "./convolve1d.js";
import { checkOptions } from "../../options.js";

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
export class PoststackLinearModelling<V extends BlockVector<V> = LocalArray> extends LinearOperator<V, V> {
  readonly #product: LinearOperator<V, V>;

  /** @throws {RangeError} If the wavelet is empty, or there is no such axis. */
  constructor(wavelet: ArrayLike<number>, where: Where<V>, options: PoststackOptions = {}) {
    checkOptions("PoststackLinearModelling", options, ["axis", "kind", "dtype"]);
    const { axis, kind, dtype } = options;
    const offset = Math.floor(wavelet.length / 2);
    const product = new Convolve1D(where, wavelet, { offset, axis, dtype }).compose(
      new FirstDerivative(where, { kind, axis, dtype }),
    );
    super(product);
    this.#product = product;
  }

  protected override forward(x: V, y: V): Promise<V> {
    return this.#product.matvec(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<V> {
    return this.#product.rmatvec(y, x);
  }
}
