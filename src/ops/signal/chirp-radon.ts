import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, realOf } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { checkOptions } from "../../options.js";
import { BlockOperator } from "../basic/block-operator.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { Composite } from "../composite.js";
import type { LinearOperator } from "../linear-operator.js";
import { FourierRadon } from "./fourier-radon.js";
import { SpectralFilter } from "./spectral-filter.js";

export interface ChirpRadonOptions {
  dtype?: DType;
}

/**
 * Sums along straight lines through as many traces as there are slopes: a model [slopes…, times] to data [traces…, times] of
 * the same dims, by phases (see {@link FourierRadon}, which this is for regular slopes and offsets). Along an axis of n,
 * slope k is (k − ⌊n/2⌋) 2 `pmax` / n, in samples of time for each trace, and trace j is j − ⌊n/2⌋ away from the one where
 * times are counted. Time is periodic.
 *
 * The phases of slope and trace are multiplied as they are, at n² products a line and frequency; PyLops does the same sums
 * by chirps. Where axes are split, see {@link FourierRadon}.
 */
class ChirpRadon<V extends BlockVector<V>> extends Composite<V, V> {
  readonly #space: BlockSpace<V>;
  readonly #pmax: readonly number[];
  #inverse?: LinearOperator<V, V>;

  constructor(name: string, where: Where<V>, pmax: readonly number[], options: ChirpRadonOptions) {
    checkOptions(name, options, ["dtype"]);
    const space = spaceOf(where);
    const { dims } = space;
    if (dims.length !== pmax.length + 1)
      throw new RangeError(`${name}: a model of ${space.toString()}; it must have ${pmax.length + 1} axes`);
    if (!pmax.every((slope) => slope > 0 && slope < Infinity))
      throw new RangeError(`${name}: pmax [${pmax.join(", ")}]; give positive numbers`);
    const centred = (n: number, step: number) =>
      Float64Array.from({ length: n }, (_, k) => (k - Math.floor(n / 2)) * step);
    const slopes = pmax.map((slope, axis) => centred(dims[axis], (2 * slope) / dims[axis]));
    const offsets = pmax.map((_, axis) => centred(dims[axis], 1));
    super(new FourierRadon<V>(space, slopes, offsets, 1, { dtype: options.dtype }));
    this.#space = space;
    this.#pmax = pmax;
  }

  /**
   * From data to a model: the adjoint of the data with each frequency f weighted by |f| times the steps of slopes and traces,
   * for each axis. It undoes this operator as far as the events of the model are band-limited and their lines within the data;
   * exactly it does not, as in PyLops. As a start of an inversion, or in place of it.
   */
  get inverse(): LinearOperator<V, V> {
    const steps = this.#pmax.reduce((product, slope, axis) => product * ((2 * slope) / this.dims[axis]), 1);
    this.#inverse ??= this.H.compose(new RhoFilter<V>(this.#space, steps, this.#pmax.length, this.dtype));
    return this.#inverse;
  }
}

/** {@link ChirpRadon Sums along lines}, of one axis of traces: [slopes, times] to [traces, times]. */
export class ChirpRadon2D<V extends BlockVector<V> = LocalArray> extends ChirpRadon<V> {
  /**
   * @param pmax - Largest slope, in samples per trace: that of the least velocity c₀ is trace distance / (c₀ · time step).
   * @throws {RangeError} If the model has not two axes, or `pmax` is not positive.
   */
  constructor(model: Where<V>, pmax: number, options: ChirpRadonOptions = {}) {
    super("ChirpRadon2D", model, [pmax], options);
  }
}

/** {@link ChirpRadon Sums along planes}, of two axes of traces: [slopes, slopes, times] to [traces, traces, times]. */
export class ChirpRadon3D<V extends BlockVector<V> = LocalArray> extends ChirpRadon<V> {
  /**
   * @param pmax - Largest slope along each axis, as in {@link ChirpRadon2D}.
   * @throws {RangeError} If the model has not three axes, or there are not two slopes, or one is not positive.
   */
  constructor(model: Where<V>, pmax: readonly [number, number], options: ChirpRadonOptions = {}) {
    super("ChirpRadon3D", model, pmax, options);
  }
}

/** Multiplies frequency f of the last axis, in cycles per sample, by `factor` |f|^power: its own adjoint. */
class RhoFilter<V extends BlockVector<V>> extends BlockOperator<V> {
  readonly #filter: SpectralFilter<V>;
  readonly #weight: (...index: number[]) => number;
  readonly #weights = new Map<DType, V>();

  constructor(space: BlockSpace<V>, factor: number, power: number, dtype: DType) {
    super({ model: space, data: space, dtype }, [factor, power]);
    const last = space.dims.length - 1;
    const n = space.dims[last];
    this.#filter = new SpectralFilter(space, { axes: [last], nffts: [Math.max(1, n)] });
    this.#weight = (...index) => factor * (Math.min(index[last], n - index[last]) / n) ** power;
  }

  protected override sends(): boolean {
    return this.#filter.sends;
  }

  protected override forward(x: V, y: V): Promise<void> {
    return this.#filter.apply(x, y, this.#weightsFor(x.dtype), false);
  }

  protected override adjoint(y: V, x: V): Promise<void> {
    return this.forward(y, x);
  }

  #weightsFor(dtype: DType): V {
    let weights = this.#weights.get(dtype);
    if (!weights) {
      const space = this.#filter.spaceFor(dtype);
      weights = space.zeros(realOf(dtype));
      weights.block.fillFrom(this.#weight, space.localStart);
      this.#weights.set(dtype, weights);
    }
    return weights;
  }
}
