import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, isComplex, promote } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import { convolution, type Stencil, transposeStencil } from "../../kernels/index.js";
import { AxisStencil } from "../basic/axis-stencil.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { BlockOperator } from "../basic/block-operator.js";
import { AxisFilter } from "./axis-filter.js";
import { Workspace } from "../workspace.js";
import { checkOptions } from "../check-options.js";

export interface Convolve1DOptions {
  /** The filter's sample at time zero, default 0: the filter is causal. */
  offset?: number;
  /** Default −1, the last one. */
  axis?: number;
  /** Default: that of the filter; float64 for plain numbers. */
  dtype?: DType;
  /**
   * "direct": by summation. "fft": by Fourier transforms of whole lines, "overlapadd": of pieces of them that overlap.
   * Default "auto": direct for short filters, else the faster of the others.
   */
  method?: "auto" | "direct" | "fft" | "overlapadd";
}

/** y ← the convolution of x, or its adjoint. */
interface Convolution<V> {
  apply(x: V, y: V, adjoint: boolean): Promise<void> | void;
  /** Whether it is collective. */
  readonly sends: boolean;
}

/** Filters from this length on go through Fourier transforms; with fewer samples, the sums themselves are faster. */
const LONG_FILTER = 64;
/** An axis of so many lengths of the filter, or more, is transformed in pieces. */
const LONG_AXIS = 16;

/**
 * Convolution with a filter along one axis of local or distributed arrays, zero outside:
 * y[n] = Σⱼ h[j] x[n + offset − j]. Adjoint: correlation with conj(h).
 *
 * Directly, a product costs as many multiplications per sample as the filter has samples (four times that if both are
 * complex), and has the same bits on any number of ranks; by Fourier transforms it costs a few times the logarithm.
 * Collective if the axis is split: one halo exchange of `offset` cells after a block and the rest of the filter before
 * it, over as many ranks as they span; else local.
 */
export class Convolve1D<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #convolution: Convolution<V>;

  /**
   * @param filter - Its samples; a one-dimensional array where it is complex.
   * @throws {RangeError} If the filter is empty or has no sample `offset`, or there is no such axis or method.
   */
  constructor(where: Where<V>, filter: ArrayLike<number> | LocalArray, options: Convolve1DOptions = {}) {
    checkOptions("Convolve1D", options, ["offset", "axis", "dtype", "method"]);
    const space = spaceOf(where);
    const axis = normalizeAxis("Convolve1D", options.axis ?? -1, space.dims.length);
    const { offset = 0, method = "auto" } = options;
    const samples = filter instanceof LocalArray ? filter : LocalArray.from([filter.length], filter);
    const { dtype, length } = samples;
    super(
      {
        model: space,
        data: space,
        dtype: promote(options.dtype ?? dtype, isComplex(dtype) ? "complex64" : "float32"),
      },
      [samples.local, dtype, offset, axis, method],
    );
    const chosen = method === "auto" ? methodFor(length, space.dims[axis]) : method;
    if (chosen === "direct") this.#convolution = new DirectConvolution<V>(space, axis, samples, offset);
    else if (chosen === "fft" || chosen === "overlapadd")
      this.#convolution = new AxisFilter(space, axis, samples, offset, chosen === "overlapadd");
    else
      throw new RangeError(
        `Convolve1D: method "${String(chosen)}"; use "auto", "direct", "fft", "overlapadd"`,
      );
  }

  protected override sends(): boolean {
    return this.#convolution.sends;
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return this.#convolution.apply(x, y, false);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return this.#convolution.apply(y, x, true);
  }
}

function methodFor(length: number, axisLength: number): "direct" | "fft" | "overlapadd" {
  if (length < LONG_FILTER || axisLength < LONG_FILTER) return "direct";
  return axisLength >= LONG_AXIS * length ? "overlapadd" : "fft";
}

/** The two halves of a filter: the imaginary one only if there is any. */
interface Halves {
  readonly real: AxisStencil;
  readonly imaginary?: AxisStencil;
}

/** By summation. */
class DirectConvolution<V extends BlockVector<V>> implements Convolution<V> {
  readonly #forward: Halves;
  readonly #adjoint: Halves;
  readonly #imaginary: Workspace<V>;

  constructor(space: BlockSpace<V>, axis: number, filter: LocalArray, offset: number) {
    const { real, imaginary } = split(filter);
    const table = (samples: ArrayLike<number>) => convolution(space.dims[axis], samples, offset);
    const halves = (change: (stencil: Stencil) => Stencil): Halves => ({
      real: new AxisStencil(space, axis, change(table(real))),
      imaginary: imaginary && new AxisStencil(space, axis, change(table(imaginary))),
    });
    this.#forward = halves((stencil) => stencil);
    this.#adjoint = halves(transposeStencil);
    this.#imaginary = new Workspace(space);
  }

  get sends(): boolean {
    return this.#forward.real.sends;
  }

  apply(x: V, y: V, adjoint: boolean): Promise<void> | void {
    const { real, imaginary } = adjoint ? this.#adjoint : this.#forward;
    if (!imaginary) return real.apply(x, y);
    return this.#applyComplex(real, imaginary, adjoint ? -1 : 1, x, y);
  }

  async #applyComplex(real: AxisStencil, imaginary: AxisStencil, sign: 1 | -1, x: V, y: V): Promise<void> {
    const turned = this.#imaginary.get(y.dtype);
    await real.apply(x, y);
    await imaginary.apply(x, turned);
    y.axpy({ re: 0, im: sign }, turned);
  }
}

function split({ dtype, local }: LocalArray): {
  real: ArrayLike<number>;
  imaginary?: ArrayLike<number>;
} {
  if (!isComplex(dtype)) return { real: local };
  return { real: local.filter((_, i) => i % 2 === 0), imaginary: local.filter((_, i) => i % 2 === 1) };
}
