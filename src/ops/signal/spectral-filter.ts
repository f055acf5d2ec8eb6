import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, isComplex, promote } from "../../array/dtype.js";
import { AxisPasses } from "../basic/axis-passes.js";
import { Workspace } from "../workspace.js";
import { fftPasses } from "./fft-nd.js";

/** Which axes are transformed, and over which lengths: those of the axes, or longer ones. */
export interface SpectralAxes {
  readonly axes: readonly number[];
  readonly nffts: readonly number[];
}

/** Passes, and a spectrum to work with, for real or for complex arrays. */
interface Half<V extends BlockVector<V>> {
  readonly passes: AxisPasses<V>;
  readonly spectrum: Workspace<V>;
}

/**
 * Multiplies the spectrum of local or distributed arrays: transforms them along some axes, multiplies by a factor for
 * each frequency, and transforms back. Real arrays by half of their spectrum. Collective if an axis is split: one
 * all-to-all to make its lines whole, one back. Workspace: the spectrum.
 */
export class SpectralFilter<V extends BlockVector<V>> {
  readonly #space: BlockSpace<V>;
  readonly #where: SpectralAxes;
  readonly #halves = new Map<boolean, Half<V>>();

  constructor(space: BlockSpace<V>, where: SpectralAxes) {
    [this.#space, this.#where] = [space, where];
  }

  /** Whether its products are collective. */
  get sends(): boolean {
    return this.#where.axes.some((axis) => this.#space.grid[axis] > 1);
  }

  /** Where the spectra of arrays of this dtype live. */
  spaceFor(dtype: DType): BlockSpace<V> {
    return this.#half(dtype).passes.data;
  }

  /** y ← F⁻¹ (H ∘ F x), or the adjoint of that, for a spectrum H of the space for the dtype of x. */
  async apply(x: V, y: V, H: V, adjoint: boolean): Promise<void> {
    const { passes, spectrum } = this.#half(x.dtype);
    const work = spectrum.get(promote(x.dtype, "complex64"));
    await passes.forward(x, work);
    work.multiply(H, adjoint);
    await passes.adjoint(work, y);
  }

  /**
   * The spectrum of an array of the transformed lengths, to multiply others of its dtype by. Collective if an axis is
   * split: one all-to-all.
   */
  async spectrumOf(x: V): Promise<V> {
    const { data } = this.#half(x.dtype).passes;
    const real = !isComplex(x.dtype);
    const options = { ...this.#where, real, norm: "none" } as const;
    const passes = fftPasses("SpectralFilter", x.space.dims, options, 1).reverse();
    const spectrum = data.zeros(promote(x.dtype, "complex64"));
    await new AxisPasses<V>(x.space, passes, data).forward(x, spectrum);
    return spectrum;
  }

  #half(dtype: DType): Half<V> {
    const real = !isComplex(dtype);
    let half = this.#halves.get(real);
    if (!half) {
      const passes = fftPasses("SpectralFilter", this.#space.dims, { ...this.#where, real }).reverse();
      const plan = new AxisPasses<V>(this.#space, passes);
      half = { passes: plan, spectrum: new Workspace<V>(plan.data) };
      this.#halves.set(real, half);
    }
    return half;
  }
}
