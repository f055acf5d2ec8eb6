import type { BlockVector } from "../../array/blocks.js";
import { type DType, isComplex, promote } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { convolution, type Stencil, transposeStencil } from "../../kernels/index.js";
import { AxisStencil } from "../basic/axis-stencil.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { BlockOperator } from "../basic/block-operator.js";
import { Workspace } from "../workspace.js";
import { checkOptions } from "../../options.js";

export interface Convolve1DOptions {
  /** The filter's sample at time zero, default 0: the filter is causal. */
  offset?: number;
  /** Default −1, the last one. */
  axis?: number;
  /** Default: that of the filter; float64 for plain numbers. */
  dtype?: DType;
}

/** The two halves of a filter: the imaginary one only if there is any. */
interface Halves {
  readonly real: AxisStencil;
  readonly imaginary?: AxisStencil;
}

/**
 * Convolution with a filter along one axis of local or distributed arrays, zero outside:
 * y[n] = Σⱼ h[j] x[n + offset − j]. Adjoint: correlation with conj(h).
 *
 * Direct summation, so one product costs as many multiplications per sample as the filter has samples, and twice that
 * if it is complex. Collective if the axis is split: one halo exchange of `offset` cells after a block and the rest
 * of the filter before it, over as many ranks as they span; else local.
 */
export class Convolve1D<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #forward: Halves;
  readonly #adjoint: Halves;
  readonly #imaginary: Workspace<V>;

  /**
   * @param filter - Its samples; a one-dimensional array where it is complex.
   * @throws {RangeError} If the filter is empty or has no sample `offset`, or there is no such axis.
   */
  constructor(where: Where<V>, filter: ArrayLike<number> | LocalArray, options: Convolve1DOptions = {}) {
    checkOptions("Convolve1D", options, ["offset", "axis", "dtype"]);
    const space = spaceOf(where);
    const axis = normalizeAxis("Convolve1D", options.axis ?? -1, space.dims.length);
    const { real, imaginary, dtype } = split(filter);
    super({
      model: space,
      data: space,
      dtype: promote(options.dtype ?? dtype, isComplex(dtype) ? "complex64" : "float32"),
    });
    const table = (samples: ArrayLike<number>) => convolution(space.dims[axis], samples, options.offset);
    const halves = (change: (stencil: Stencil) => Stencil): Halves => ({
      real: new AxisStencil(space, axis, change(table(real))),
      imaginary: imaginary && new AxisStencil(space, axis, change(table(imaginary))),
    });
    this.#forward = halves((stencil) => stencil);
    this.#adjoint = halves(transposeStencil);
    this.#imaginary = new Workspace(space);
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return this.#apply(this.#forward, 1, x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return this.#apply(this.#adjoint, -1, y, x);
  }

  #apply({ real, imaginary }: Halves, sign: 1 | -1, x: V, y: V): Promise<void> | void {
    if (!imaginary) return real.apply(x, y);
    return this.#applyComplex(real, imaginary, sign, x, y);
  }

  async #applyComplex(real: AxisStencil, imaginary: AxisStencil, sign: 1 | -1, x: V, y: V): Promise<void> {
    const turned = this.#imaginary.get(y.dtype);
    await real.apply(x, y);
    await imaginary.apply(x, turned);
    y.axpy({ re: 0, im: sign }, turned);
  }
}

function split(filter: ArrayLike<number> | LocalArray): {
  real: ArrayLike<number>;
  imaginary?: ArrayLike<number>;
  dtype: DType;
} {
  if (!(filter instanceof LocalArray)) return { real: filter, dtype: "float64" };
  const { dtype, local } = filter;
  if (!isComplex(dtype)) return { real: local, dtype };
  return { real: local.filter((_, i) => i % 2 === 0), imaginary: local.filter((_, i) => i % 2 === 1), dtype };
}
