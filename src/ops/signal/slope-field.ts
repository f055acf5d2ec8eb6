import type { LocalArray } from "../../array/local-array.js";

/** Local slopes of arrays [traces, times], and where they lead. */
export class SlopeField {
  readonly #slopes: LocalArray;
  readonly #scale: number;
  readonly #taps: number;

  /**
   * @param slopes - Time over distance.
   * @param scale - Distance of traces over that of samples: from slopes to samples for each trace.
   * @param taps - Samples on either side that are interpolated from.
   * @throws {RangeError} If there are less than one, or the scale is not finite.
   */
  constructor(slopes: LocalArray, scale: number, taps: number) {
    if (!Number.isFinite(scale))
      throw new RangeError(`Seislet: distance over time is ${scale}; give positive numbers`);
    if (!(taps >= 1)) throw new RangeError(`Seislet: ${taps} taps; use 1 at least`); // prettier-ignore
    this.#slopes = slopes;
    this.#scale = scale;
    this.#taps = taps;
  }

  /** The samples, with their weights, that trace `from` has of what is at time `t` of trace `to`. */
  taps(to: number, from: number, t: number): [time: number, weight: number][] {
    const times = this.#slopes.space.dims[1];
    const position = this.#follow(to, from, t);
    if (Number.isInteger(position)) return position >= 0 && position < times ? [[position, 1]] : [];
    const taps: [number, number][] = [];
    const first = Math.max(0, Math.ceil(position - this.#taps));
    for (let i = first; i <= Math.min(times - 1, position + this.#taps); i++) {
      const angle = Math.PI * (position - i);
      taps.push([i, (Math.sin(angle) / angle) * Math.cos(angle / (2 * this.#taps)) ** 2]); // in a Hann window
    }
    return taps;
  }

  /** The time at which what passes trace `from` at time `t` passes trace `to`: trace by trace, in samples. */
  #follow(from: number, to: number, t: number): number {
    const step = Math.sign(to - from);
    for (let trace = from; trace !== to; trace += step) t += step * this.#at(trace, t);
    return t;
  }

  /** The slope at a time between samples; beyond the ends of a trace that at its end, beyond the last trace none. */
  #at(trace: number, t: number): number {
    const [traces, times] = this.#slopes.space.dims;
    if (trace >= traces) return 0;
    const within = Math.min(Math.max(t, 0), times - 1);
    const below = Math.floor(within);
    const slope = (time: number) => this.#slopes.local[trace * times + Math.min(time, times - 1)];
    const part = within - below;
    return this.#scale * ((1 - part) * slope(below) + part * slope(below + 1));
  }
}
