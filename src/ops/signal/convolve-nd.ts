import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, isComplex, promote } from "../../array/dtype.js";
import { arrayOf } from "../../array/array-of.js";
import type { LocalArray } from "../../array/local-array.js";
import type { Nested } from "../../array/nested.js";
import { normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { BlockOperator } from "../basic/block-operator.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { Composite } from "../composite.js";
import type { LinearOperator } from "../linear-operator.js";
import { FftConvolution, transformsPay } from "./fft-convolution.js";
import { type Filter, FilterSum } from "./filter-sum.js";

export interface ConvolveNDOptions {
  /** The filter's sample at the origin, along each of its axes; default all 0. */
  offset?: readonly number[];
  /** Axes of the array that those of the filter stand for, ascending; default the last ones. */
  axes?: readonly number[];
  /** Default: that of the filter. */
  dtype?: DType;
  /** "direct": by summation. "fft": by Fourier transforms. Default "auto": the faster one, by the sizes. */
  method?: "auto" | "direct" | "fft";
}

/**
 * Convolution with a filter along several axes of local or distributed arrays, zero outside:
 * y[n] = Σⱼ h[j] x[n + offset − j]. Adjoint: correlation with conj(h).
 *
 * Directly, as many products per sample as the filter has samples, twice as many if it is complex. Collective then if one
 * of the axes is split: one halo exchange, corners included, in one message to each neighbour (two exchanges for a
 * complex filter); else local. By Fourier transforms, a few times the logarithm; if an axis is split, one all-to-all to
 * make its lines whole, and one back. The first product also transforms the filter.
 */
export class ConvolveND<V extends BlockVector<V> = LocalArray> extends Composite<V, V> {
  /**
   * @param samples - The filter: an array, or a list of its rows.
   * @throws {RangeError} If the filter is empty or has no sample `offset`, or axes are not as many as those of the filter.
   */
  constructor(where: Where<V>, samples: LocalArray | Nested, options: ConvolveNDOptions = {}) {
    checkOptions("ConvolveND", options, ["offset", "axes", "dtype", "method"]);
    const space = spaceOf(where);
    const filter = arrayOf("ConvolveND", samples);
    const { dims } = filter.space;
    const offset = options.offset ?? dims.map(() => 0);
    const axes = (options.axes ?? dims.map((_, k) => k - dims.length)).map((axis) =>
      normalizeAxis("ConvolveND", axis, space.dims.length),
    );
    const ascending = axes.every((axis, k) => k === 0 || axis > axes[k - 1]);
    if (axes.length !== dims.length || offset.length !== dims.length || !ascending) {
      throw new RangeError(
        `ConvolveND: a filter of ${dims.length} axes, axes [${axes.join(", ")}], offset [${offset.join(", ")}]; ` +
          `give one of each, axes ascending`,
      );
    }
    dims.forEach((length, k) => {
      if (Number.isInteger(offset[k]) && offset[k] >= 0 && offset[k] < length) return;
      throw new RangeError(
        `ConvolveND: offset ${offset[k]} along axis ${k} of a filter of ${filter.space.toString()}; use 0 … ${length - 1}`,
      );
    });
    const dtype = promote(options.dtype ?? filter.dtype, isComplex(filter.dtype) ? "complex64" : "float32");
    const { method = "auto" } = options;
    if (!["auto", "direct", "fft"].includes(method))
      throw new RangeError(`ConvolveND: method "${method}"; use "auto", "direct", "fft"`);
    const byTransforms = method === "fft" || (method === "auto" && transformsPay(space.dims, filter, axes));
    const part = (of: ArrayLike<number>) =>
      new RealConvolution(space, { samples: of, dims, axes, offset }, dtype);
    const direct = () => (isComplex(filter.dtype) ? ofParts(filter, part) : part(filter.local));
    super(byTransforms ? new FftConvolution(space, filter, { axes, offset }, dtype) : direct());
  }
}

/** Re + i Im */
function ofParts<V extends BlockVector<V>>(
  { local }: LocalArray,
  part: (samples: ArrayLike<number>) => LinearOperator<V, V>,
): LinearOperator<V, V> {
  const [real, imaginary] = [0, 1].map((k) => part(local.filter((_, i) => i % 2 === k)));
  return real.add(imaginary.scale({ re: 0, im: 1 }));
}

class RealConvolution<V extends BlockVector<V>> extends BlockOperator<V> {
  readonly #forward: FilterSum;
  readonly #adjoint: FilterSum;

  constructor(space: BlockSpace<V>, filter: Filter, dtype: DType) {
    super({ model: space, data: space, dtype }, [filter]);
    this.#forward = new FilterSum(space, filter);
    this.#adjoint = new FilterSum(space, mirrored(filter));
  }

  protected override sends(): boolean {
    return this.#forward.sends;
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    return this.#forward.apply(x, y);
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    return this.#adjoint.apply(y, x);
  }
}

function mirrored({ samples, dims, axes, offset }: Filter): Filter {
  return {
    samples: Array.from(samples).reverse(),
    dims,
    axes,
    offset: offset.map((at, k) => dims[k] - 1 - at),
  };
}
