import type { BlockVector } from "../../array/blocks.js";
import { type DType, isComplex, promote } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import type { Reals } from "../../kernels/index.js";
import { checkOptions } from "../check-options.js";
import { type AxisPass, AxisPasses, type Lines } from "../basic/axis-passes.js";
import { realsOf } from "../basic/axis-stencil.js";
import { BlockOperator } from "../basic/block-operator.js";
import { spaceOf, type Where, withSpan } from "../basic/block-space.js";
import { Workspace } from "../workspace.js";
import { fftPasses } from "./fft-nd.js";

export interface FourierRadonOptions {
  /** The curves: t = t₀ + Σ p h (`"linear"`, default), or t₀ + Σ p h² (`"parabolic"`). */
  kind?: "linear" | "parabolic";
  /** Length of the Fourier transforms in time, that of the axis (default) or more: curves then leave it and do not return. */
  nfft?: number;
  dtype?: DType;
}

/**
 * Sums along straight or parabolic curves, as its adjoint, without interpolation: a model [p…, t₀] of slopes becomes data
 * [h…, t] of traces at offsets h. Each frequency f of the model is turned by its phase e^(−2πi f p h) and added, so that
 * times between samples are exact for band-limited signals; time is periodic over `nfft` samples. With slopes from −p to p
 * and as many offsets it is what PyLops calls ChirpRadon, and its adjoint.
 *
 * The phases of several axes are a product: axes are done one after the other, each at the cost of slopes × offsets for
 * every frequency and line. Real arrays by half of their spectrum. Collective if the model is split: one all-to-all for each
 * time that lines must be made whole, at most axes + 2; else local. Workspace: the spectra.
 */
export class FourierRadon<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #halves: ReadonlyMap<boolean, Half<V>>;

  /**
   * @param model - Where the model [slopes…, times] lives.
   * @param p - Slopes of the model along each axis but the last.
   * @param h - Offsets of the data along each of them.
   * @param sampling - Of time, in the unit of p h.
   * @throws {RangeError} If there are not as many lists as axes, or slopes as rows, or `nfft` is shorter than the axis.
   */
  constructor(
    model: Where<V>,
    p: readonly ArrayLike<number>[],
    h: readonly ArrayLike<number>[],
    sampling: number,
    options: FourierRadonOptions = {},
  ) {
    checkOptions("FourierRadon", options, ["kind", "nfft", "dtype"]);
    const from = spaceOf(model);
    const axes = from.dims.length - 1;
    const { kind = "linear", nfft = Math.max(1, from.dims[axes]), dtype } = options;
    if (
      p.length !== axes ||
      h.length !== axes ||
      axes === 0 ||
      p.some(({ length }, k) => length !== from.dims[k])
    ) {
      throw new RangeError(
        `FourierRadon: [${p.map(({ length }) => length).join(", ")}] slopes, offsets along ${h.length} axes, for a model of ` +
          `${from.toString()}; give a list of each for all axes but the last, and a slope for each row`,
      );
    }
    if (kind !== "linear" && kind !== "parabolic")
      throw new RangeError(`FourierRadon: kind "${String(kind)}"; use "linear" or "parabolic"`);
    if (!Number.isSafeInteger(nfft) || nfft < from.dims[axes])
      throw new RangeError(
        `FourierRadon: transforms of ${nfft} for ${from.dims[axes]} times; give as many or more`,
      );
    if (!(sampling > 0)) throw new RangeError(`FourierRadon: sampling ${sampling}; give a positive number`);
    const to = withSpan(from, { first: 0, count: axes }, h.map(({ length }) => length)); // prettier-ignore
    super({ model: from, data: to, dtype }, [p, h, sampling, kind, nfft]);
    const power = kind === "linear" ? 1 : 2;
    const slants = p.map((slopes, axis) =>
      slantPass(
        axis,
        Float64Array.from(slopes),
        Float64Array.from(h[axis], (x) => x ** power),
        nfft * sampling,
        nfft,
      ),
    );
    const halves = [true, false].map((real): [boolean, Half<V>] => {
      const spectrum = { axes: [axes], nffts: [nfft], real };
      const back = new AxisPasses<V>(to, fftPasses("FourierRadon", to.dims, spectrum));
      const there = new AxisPasses<V>(from, [...fftPasses("FourierRadon", from.dims, spectrum), ...slants], back.data); // prettier-ignore
      return [real, { there, back, spectrum: new Workspace<V>(back.data) }];
    });
    this.#halves = new Map(halves);
  }

  protected override sends(): boolean {
    return this.#half("float64").there.moves > 0;
  }

  protected override async forward(x: V, y: V): Promise<void> {
    const { there, back, spectrum } = this.#half(x.dtype);
    const work = spectrum.get(promote(x.dtype, "complex64"));
    await there.forward(x, work);
    await back.adjoint(work, y);
  }

  protected override async adjoint(y: V, x: V): Promise<void> {
    const { there, back, spectrum } = this.#half(y.dtype);
    const work = spectrum.get(promote(y.dtype, "complex64"));
    await back.forward(y, work);
    await there.adjoint(work, x);
  }

  #half(dtype: DType): Half<V> {
    const half = this.#halves.get(!isComplex(dtype));
    if (!half) throw new TypeError(`FourierRadon: no transform of ${dtype}`); // both are there
    return half;
  }
}

/** From the model to the spectra of the data, and from the data to the same; for real or for complex arrays. */
interface Half<V extends BlockVector<V>> {
  readonly there: AxisPasses<V>;
  readonly back: AxisPasses<V>;
  readonly spectrum: Workspace<V>;
}

/**
 * y[j, …, f] = Σₖ e^(−2πi f p[k] h[j]) x[k, …, f] along one axis of spectra [axes…, frequencies] of `nfft` samples in a
 * `period`. The highest frequency of an even number keeps the real part of its phase, so that real arrays stay real.
 */
function slantPass(axis: number, p: Float64Array, h: Float64Array, period: number, nfft: number): AxisPass {
  const run = (
    { storage, outer, inner, shape, start }: Lines,
    y: Lines,
    from: Float64Array,
    to: Float64Array,
    sign: 1 | -1,
  ): void => {
    const [input, output] = [realsOf(storage), realsOf(y.storage)];
    const [frequencies, first] = [shape, start].map((values) => values[values.length - 1]);
    const phases = new Float64Array(2 * frequencies);
    const line = 2 * inner;
    output.fill(0);
    for (let j = 0; j < to.length; j++) {
      for (let k = 0; k < from.length; k++) {
        fillPhases(phases, first, nfft, (sign * from[k] * to[j]) / period);
        for (let o = 0; o < outer; o++)
          addTurned(input, (o * from.length + k) * line, output, (o * to.length + j) * line, phases, line);
      }
    }
  };
  return {
    axis,
    length: h.length,
    apart: true,
    forward: (x, y) => run(x, y, p, h, -1),
    adjoint: (y, x) => run(y, x, h, p, 1),
  };
}

/** e^(2πi b turns) for frequency b of those from `first` on, counted from −n/2 up to n/2. */
function fillPhases(phases: Float64Array, first: number, n: number, turns: number): void {
  for (let i = 0, b = first; i < phases.length; i += 2, b++) {
    const angle = 2 * Math.PI * (2 * b > n ? b - n : b) * turns;
    phases[i] = Math.cos(angle);
    phases[i + 1] = 2 * b === n ? 0 : Math.sin(angle);
  }
}

/** Adds numbers times their phases, which repeat, to others. */
function addTurned(x: Reals, from: number, y: Reals, to: number, phases: Float64Array, count: number): void {
  for (let done = 0; done < count; done += phases.length) {
    for (let i = 0; i < phases.length; i += 2) {
      const [re, im] = [phases[i], phases[i + 1]];
      const at = from + done + i;
      const out = to + done + i;
      y[out] += re * x[at] - im * x[at + 1];
      y[out + 1] += re * x[at + 1] + im * x[at];
    }
  }
}
