import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, promote } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";
import { normalizeAxis, stridesOf } from "../../array/shape.js";
import { checkOptions } from "../check-options.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { BlockOperator } from "../basic/block-operator.js";
import { SpectralFilter } from "./spectral-filter.js";

export interface ShiftOptions {
  /** Default −1, the last one. */
  axis?: number;
  /** Distance of the samples, in the unit of the shift. Default 1. */
  sampling?: number;
  /** Length of the transforms, the length of the axis or more: then what is shifted out does not come in again. */
  nfft?: number;
  dtype?: DType;
}

/**
 * Shifts along one axis of local or distributed arrays by a fraction of a sample, by phases in the Fourier domain:
 * y(t) = x(t − shift), periodic over `nfft` samples. The shift may be another one on every line. Of a real array the
 * result is real; the highest frequency of an even number of samples then keeps the real part of its phase.
 *
 * Collective if the axis is split: one all-to-all to make its lines whole, one back; else local. Memory: half of a
 * complex array, the phases.
 */
export class Shift<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #filter: SpectralFilter<V>;
  readonly #phase: (index: readonly number[]) => { re: number; im: number };
  readonly #phases = new Map<DType, V>();

  /**
   * @param shift - Of all lines, or of each: the dims of the array with 1 for the axis, whole on every rank.
   * @throws {RangeError} If there is no such axis, the shifts have other dims, or `nfft` is shorter than the axis.
   */
  constructor(where: Where<V>, shift: number | LocalArray, options: ShiftOptions = {}) {
    checkOptions("Shift", options, ["axis", "sampling", "nfft", "dtype"]);
    const space = spaceOf(where);
    const axis = normalizeAxis("Shift", options.axis ?? -1, space.dims.length);
    const { sampling = 1, nfft = Math.max(1, space.dims[axis]), dtype = "float64" } = options;
    if (!Number.isSafeInteger(nfft) || nfft < space.dims[axis])
      throw new RangeError(
        `Shift: transforms of ${nfft} on an axis of ${space.dims[axis]}; give as many or more`,
      );
    if (!(sampling > 0)) throw new RangeError(`Shift: sampling ${sampling}; give a positive number`);
    const shifts = typeof shift === "number" ? shift : shift.local;
    super({ model: space, data: space, dtype }, [shifts, axis, sampling, nfft]);
    this.#filter = new SpectralFilter(space, { axes: [axis], nffts: [nfft] });
    const shiftOf = shiftsOf(shift, space, axis);
    this.#phase = (index) => phaseOf(index[axis], nfft, shiftOf(index) / sampling);
  }

  protected override sends(): boolean {
    return this.#filter.sends;
  }

  protected override forward(x: V, y: V): Promise<void> {
    return this.#filter.apply(x, y, this.#phasesFor(x.dtype), false);
  }

  protected override adjoint(y: V, x: V): Promise<void> {
    return this.#filter.apply(y, x, this.#phasesFor(y.dtype), true);
  }

  /** Made on first use of a dtype, and kept. */
  #phasesFor(dtype: DType): V {
    let phases = this.#phases.get(dtype);
    if (!phases) {
      const space = this.#filter.spaceFor(dtype);
      phases = space.zeros(promote(dtype, "complex64"));
      phases.block.fillFrom((...index) => this.#phase(index), space.localStart);
      this.#phases.set(dtype, phases);
    }
    return phases;
  }
}

/** e^(−2πi f s) for bin k of n, f = k/n or (k − n)/n, whichever is smaller. */
function phaseOf(k: number, n: number, samples: number): { re: number; im: number } {
  const angle = (-2 * Math.PI * (2 * k < n ? k : k - n) * samples) / n;
  return { re: Math.cos(angle), im: 2 * k === n ? 0 : Math.sin(angle) };
}

function shiftsOf(
  shift: number | LocalArray,
  { dims }: BlockSpace<unknown>,
  axis: number,
): (index: readonly number[]) => number {
  if (typeof shift === "number") {
    if (Number.isFinite(shift)) return () => shift;
    throw new RangeError(`Shift: a shift of ${shift}; give a finite number`);
  }
  const wanted = dims.with(axis, 1);
  if (shift.space.dims.length !== dims.length || shift.space.dims.some((length, k) => length !== wanted[k])) {
    throw new RangeError(`Shift: shifts of dims ${shift.space.toString()}; give [${wanted.join(", ")}]`);
  }
  const strides = stridesOf(wanted);
  const { local } = shift;
  return (index) => local[index.reduce((at, i, k) => (k === axis ? at : at + i * strides[k]), 0)];
}
