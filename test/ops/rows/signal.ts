import { LocalArray } from "../../../src/array/local-array.js";
import { Bilinear } from "../../../src/ops/signal/bilinear.js";
import { Convolve1D } from "../../../src/ops/signal/convolve1d.js";
import { ConvolveND } from "../../../src/ops/signal/convolve-nd.js";
import { DCT } from "../../../src/ops/signal/dct.js";
import { ChirpRadon2D, ChirpRadon3D } from "../../../src/ops/signal/chirp-radon.js";
import { DWT, DWT2D, DWTND } from "../../../src/ops/signal/dwt.js";
import { FFT } from "../../../src/ops/signal/fft.js";
import { FFT2D } from "../../../src/ops/signal/fft2d.js";
import { Fredholm1 } from "../../../src/ops/signal/fredholm1.js";
import { FFTND } from "../../../src/ops/signal/fft-nd.js";
import { FourierRadon } from "../../../src/ops/signal/fourier-radon.js";
import { Interp } from "../../../src/ops/signal/interp.js";
import { NonStationaryConvolve1D, NonStationaryConvolveND } from "../../../src/ops/signal/non-stationary-convolve-nd.js"; // prettier-ignore
import { NonStationaryFilters } from "../../../src/ops/signal/non-stationary-filters.js";
import { PoststackLinearModelling } from "../../../src/ops/signal/poststack.js";
import { Radon2D, Radon3D } from "../../../src/ops/signal/radon.js";
import { Seislet } from "../../../src/ops/signal/seislet.js";
import { Shift } from "../../../src/ops/signal/shift.js";
import { Smoothing1D } from "../../../src/ops/signal/smoothing1d.js";
import { Smoothing2D } from "../../../src/ops/signal/smoothing2d.js";
import { waveletFilters } from "../../../src/ops/signal/wavelet-filters.js";
import { toReal } from "../../../src/ops/basic/real.js";
import {
  along, at, complexOf, convolution, type Field, fieldFrom, fieldOf, firstDerivative, fourier, indices, type Line, map, mod, smoothing, sum, times, total, turn, waveletStep,
} from "./definitions.js"; // prettier-ignore
import { always, type Case, gathers, halos, kinds, nothing, numbers, options, positions, reals, type Row, twice, twoAxes } from "./row.js"; // prettier-ignore

const passes: Row["cost"] = (split) => twice(split ? { alltoall: 2 } : {});

/** Samples and the part that each has at a position between them. */
const linear = (position: number, n: number) => map(n, (i) => Math.max(0, 1 - Math.abs(position - i)));

const INTERPOLATIONS = {
  nearest: (position: number, n: number) => {
    const [below, rest] = [Math.floor(position), position % 1];
    const nearest = rest === 0.5 ? 2 * Math.round(position / 2) : Math.round(position);
    return map(n, (i) => Number(i === (rest === 0.5 && below % 2 === 0 ? below : nearest)));
  },
  linear,
  sinc: (position: number, n: number) =>
    map(n, (i) => (position === i ? 1 : Math.sin(Math.PI * (position - i)) / (Math.PI * (position - i)))),
};

/** y[n] = Σⱼ h[j] x[n + offset − j], along some axes. */
function convolutionND(x: Field, h: Field, offset: readonly number[], axes: readonly number[]): Line {
  return indices(x.dims).map((index) =>
    sum(
      indices(h.dims).map((tap, k) => {
        const from = index.map((i, axis) => {
          const along = axes.indexOf(axis);
          return along < 0 ? i : i + offset[along] - tap[along];
        });
        return h.flat[k] * x.at(...from);
      }),
    ),
  );
}

/** Trace by trace: what the neighbours along the slopes do not predict, and averages with that; averages again. */
function seislets(x: Field, slopes: Field, kind: string, level: number, taps: number, scale: number): Field {
  const [traces, times] = x.dims;
  const n = Math.ceil(traces / 2 ** level) * 2 ** level;
  const slope = (trace: number, t: number) => {
    const inside = Math.min(Math.max(t, 0), times - 1);
    return sum(linear(inside, times).map((weight, i) => weight * scale * slopes.at(trace, i)));
  };
  /** Trace `from` as it would be at trace `to`. */
  const carried = (values: Line, from: number, to: number) =>
    map(times, (t) => {
      let position = t;
      const step = Math.sign(from - to);
      for (let trace = to; trace !== from; trace += step) position += step * slope(trace, position);
      return sum(
        values.map((value, i) => {
          const d = position - i;
          if (d === 0) return value;
          if (Math.abs(d) > taps || Number.isInteger(d)) return 0;
          return (
            ((value * Math.sin(Math.PI * d)) / (Math.PI * d)) * Math.cos((Math.PI * d) / (2 * taps)) ** 2
          );
        }),
      );
    });
  let rows = map(n, (trace) => map(times, (t) => x.at(trace, t)));
  let details: Line[] = [];
  for (let l = 0; l < level; l++) {
    const half = rows.length / 2;
    const mean = (k: number, of: readonly number[], values: (k: number) => Line) =>
      map(times, (t) => sum(of.map((j) => carried(values(j), j * 2 ** l, k * 2 ** l)[t] / of.length)));
    const near = (k: number) =>
      kind === "haar" ? [k + 1 - 2 * (k % 2)] : [k - 1, k + 1].filter((j) => j >= 0 && j < 2 * half);
    const d = map(half, (k) => {
      const prediction = mean(2 * k + 1, near(2 * k + 1), (j) => rows[j]);
      return rows[2 * k + 1].map((value, t) => value - prediction[t]);
    });
    const c = map(half, (k) => {
      const update = mean(2 * k, near(2 * k), (j) => d[(j - 1) / 2]);
      return rows[2 * k].map((value, t) => value + update[t] / 2);
    });
    [rows, details] = [c, [...d, ...details]];
  }
  return fieldOf([n, times], [...rows, ...details].flat());
}

const realPart = ({ dtype, local, space }: LocalArray): Field =>
  fieldOf(space.dims, Array.from(dtype.startsWith("complex") ? local.filter((_, i) => i % 2 === 0) : local));
const imaginaryPart = ({ local, space }: LocalArray): Field =>
  fieldOf(space.dims, Array.from(local.filter((_, i) => i % 2 === 1)));

/** The same for a complex filter: its real, and i times its imaginary part. */
const complexConvolution = (x: Field, h: LocalArray, offset: readonly number[], axes: readonly number[]) => {
  const [re, im] = [realPart(h), imaginaryPart(h)].map((part) => convolutionND(x, part, offset, axes));
  return re.map((value, i) => ({ re: value, im: im[i] }));
};

/** All levels of a wavelet transform of a field, along some axes. */
function wavelets(x: Field, axes: readonly number[], wavelet: string, level: number): Field {
  const { analysis, synthesis } = waveletFilters(wavelet);
  const padded = x.dims.map((n, axis) => (axes.includes(axis) ? Math.ceil(n / 2 ** level) * 2 ** level : n));
  let result = fieldFrom(padded, (...index) => x.at(...index));
  for (let l = 0; l < level; l++) {
    const corner = padded.map((n, axis) => (axes.includes(axis) ? n / 2 ** l : n));
    const before = result;
    let part = fieldFrom(corner, (...index) => before.at(...index));
    for (const axis of axes) part = along(part, axis, (line) => waveletStep(line, analysis, synthesis));
    const inside = (index: readonly number[]) => index.every((i, axis) => i < corner[axis]);
    result = fieldFrom(padded, (...index) => (inside(index) ? part : before).at(...index));
  }
  return result;
}

/** Σ over the model of what goes to time i at offsets h, shared between the two samples around. */
function radon(
  x: Field,
  h: readonly Line[],
  time: (t0: number, traces: readonly number[], offsets: readonly number[]) => number,
): Line {
  const [nt, traces] = [x.dims[x.dims.length - 1], x.dims.slice(0, -1)];
  const offsets = indices(h.map(({ length }) => length)).map((at) => at.map((i, k) => h[k][i]));
  return offsets.flatMap((offset) =>
    map(nt, (i) =>
      sum(
        indices(traces).flatMap((trace) =>
          map(nt, (it) => Math.max(0, 1 - Math.abs(time(it, trace, offset) - i) || 0) * x.at(...trace, it)),
        ),
      ),
    ),
  );
}

const CURVES = {
  linear: (t: number, p: Line, h: Line) => t + sum(p.map((v, k) => v * h[k])),
  parabolic: (t: number, p: Line, h: Line) => t + sum(p.map((v, k) => v * h[k] ** 2)),
  hyperbolic: (t: number, p: Line, h: Line) => Math.sqrt(t ** 2 + sum(p.map((v, k) => (h[k] / v) ** 2))),
};

/** Filters at nodes, interpolated at a sample: the weight of every node. */
const nodes = (i: number, centers: Line): Line => {
  const inside = Math.max(centers[0], Math.min(centers[centers.length - 1], i));
  const step = centers.length > 1 ? centers[1] - centers[0] : 1;
  return centers.map((center) => Math.max(0, 1 - Math.abs(inside - center) / step));
};

const spread = (n: number, count: number): Line => {
  const step = count > 1 ? Math.floor((n - 1) / (count - 1)) : 1;
  return map(count, (k) => k * step);
};

/** y[i − ⌊w/2⌋ + j] += hᵢ[j] x[i] */
function changing(x: Field, filters: Field, centers: readonly Line[]): Line {
  const axes = centers.length;
  const widths = filters.dims.slice(axes);
  return indices(x.dims).map((target) =>
    sum(
      indices(widths).map((tap) => {
        const from = target.map((i, k) => i + (widths[k] - 1) / 2 - tap[k]);
        const weights = from.map((i, k) => nodes(i, centers[k]));
        return (
          x.at(...from) *
          sum(
            indices(filters.dims.slice(0, axes)).map(
              (node) => filters.at(...node, ...tap) * node.reduce((w, n, k) => w * weights[k][n], 1),
            ),
          )
        );
      }),
    ),
  );
}

export const signal: Readonly<Record<string, Row>> = {
  FFT: {
    cost: passes,
    dims: twoAxes,
    draw: (given) => {
      const { axis, dims, dtype, pick } = given;
      const [real, nfft, fftshiftAfter] = [pick(0, 1) === 1, dims[axis] + pick(-1, 2) || 1, pick(0, 1) === 1];
      const norm = (["ortho", "none", "1/n"] as const)[pick(0, 2)];
      return {
        make: (space) => new FFT(space, { axis, dtype, real, nfft, fftshiftAfter, norm, engine: "own" }),
        line: (x) => {
          const scale = { ortho: 1 / Math.sqrt(nfft), none: 1, "1/n": 1 / nfft }[norm];
          const bins = fourier(complexOf(x), nfft).slice(0, real ? Math.floor(nfft / 2) + 1 : nfft);
          const pairs = (k: number) => (real && k > 0 && 2 * k !== nfft ? Math.SQRT2 : 1);
          const scaled = bins.map((bin, k) => times(bin, { re: scale * pairs(k), im: 0 }));
          const shift = fftshiftAfter ? Math.floor(bins.length / 2) : 0;
          return scaled.map((_, k) => scaled[mod(k - shift, bins.length)]);
        },
      };
    },
  },
  FFTND: {
    cost: always({ alltoall: 2 }),
    dims: twoAxes,
    draw: ({ dtype, pick }) => {
      const [real, norm] = [pick(0, 1) === 1, (["ortho", "none", "1/n"] as const)[pick(0, 2)]];
      return {
        make: (space) => new FFTND(space, { dtype, real, norm, engine: "own" }),
        whole: (x) => {
          const [rows, columns] = x.dims;
          const n = rows * columns;
          const scale = { ortho: 1 / Math.sqrt(n), none: 1, "1/n": 1 / n }[norm];
          return indices([rows, real ? Math.floor(columns / 2) + 1 : columns]).map(([k, l]) => {
            const phase = (i: number, j: number) => -2 * Math.PI * ((i * k) / rows + (j * l) / columns);
            const bin = total(
              indices(x.dims).map(([i, j]) => times({ re: x.at(i, j), im: 0 }, turn(phase(i, j)))),
            );
            return times(bin, { re: scale * (real && l > 0 && 2 * l !== columns ? Math.SQRT2 : 1), im: 0 });
          });
        },
      };
    },
  },
  DCT: {
    cost: passes,
    draw: (given) => {
      const n = given.dims[given.axis];
      const type = ([2, 3, 4, 1] as const)[given.pick(0, n < 2 ? 2 : 3)];
      const half = (j: number) => (j === 0 || (type === 1 && j === n - 1) ? Math.SQRT1_2 : 1);
      const entry = {
        1: (k: number, j: number) => half(k) * half(j) * Math.cos((Math.PI * j * k) / (n - 1)),
        2: (k: number, j: number) => half(k) * Math.cos((Math.PI * (j + 0.5) * k) / n),
        3: (k: number, j: number) => half(j) * Math.cos((Math.PI * j * (k + 0.5)) / n),
        4: (k: number, j: number) => Math.cos((Math.PI * (j + 0.5) * (k + 0.5)) / n),
      }[type];
      const scale = Math.sqrt(2 / (type === 1 ? n - 1 : n));
      return {
        make: (space) => new DCT(space, { type, axes: [given.axis], dtype: given.dtype }),
        line: (x) => map(n, (k) => scale * sum(x.map((value, j) => entry(k, j) * value))),
      };
    },
  },
  Radon2D: {
    cost: always({ alltoall: 1 }),
    draw: (given) => {
      const [p, h] = [numbers(given, given.dims[0]), numbers(given, given.pick(1, 6))];
      const kind = (["linear", "parabolic", "hyperbolic"] as const)[given.pick(0, 2)];
      const [first, step] = [1, 0.5];
      return {
        make: (space) => new Radon2D(space, p, h, { first, step }, { kind, dtype: given.dtype }),
        whole: (x) =>
          radon(x, [h], (it, [ip], at) => (CURVES[kind](first + it * step, [p[ip]], at) - first) / step),
      };
    },
    dims: twoAxes,
  },
  Radon3D: {
    cost: always({ alltoall: 1 }),
    draw: (given) => {
      const [p, q] = [numbers(given, given.dims[0]), numbers(given, given.dims[1])];
      const [h, g] = [numbers(given, given.pick(1, 3)), numbers(given, 2)];
      const kind = (["linear", "parabolic", "hyperbolic"] as const)[given.pick(0, 2)];
      return {
        make: (space) =>
          new Radon3D(space, [p, q], [h, g], { first: 0, step: 0.5 }, { kind, dtype: given.dtype }),
        whole: (x) => radon(x, [h, g], (it, [i, j], at) => CURVES[kind](0.5 * it, [p[i], q[j]], at) / 0.5),
      };
    },
    dims: (pick) => [pick(1, 3), pick(1, 3), pick(1, 5)],
  },
  FourierRadon: {
    cost: always({ alltoall: 2 }),
    draw: (given) => {
      const { dims, pick, dtype } = given;
      const [p, h] = [numbers(given, dims[0]), numbers(given, pick(1, 4))];
      const [kind, nfft] = [(["linear", "parabolic"] as const)[pick(0, 1)], dims[1] + pick(0, 3)];
      const delays = (j: number) => p.map((slope) => (slope * (kind === "linear" ? h[j] : h[j] ** 2)) / 0.5);
      return {
        make: (space) => new FourierRadon(space, [p], [h], 0.5, { kind, nfft, dtype }),
        whole: (x) =>
          h.flatMap((_, j) => {
            const rows = delays(j).map((delay, k) =>
              delayed(
                map(dims[1], (t) => x.at(k, t)),
                nfft,
                delay,
              ),
            );
            return map(dims[1], (t) => sum(rows.map((row) => row[t])));
          }),
      };
    },
    dims: twoAxes,
    exact: false,
  },
  ChirpRadon2D: {
    cost: always({ alltoall: 2 }),
    draw: ({ dims, dtype, pick }) => {
      const pmax = pick(1, 6) / 4;
      return {
        make: (space) => new ChirpRadon2D(space, pmax, { dtype }),
        whole: (x) => alongLines(x, (2 * pmax) / dims[0]),
      };
    },
    dims: twoAxes,
    exact: false,
  },
  "ChirpRadon2D, inverse": {
    cost: always({ alltoall: 2 }),
    draw: ({ dims, dtype, pick }) => {
      const pmax = pick(1, 6) / 4;
      const step = (2 * pmax) / dims[0];
      return {
        make: (space) => new ChirpRadon2D(space, pmax, { dtype }).inverse,
        whole: (x) => {
          const nt = dims[1];
          const weight = (f: number) => ({ re: (step * Math.abs(f)) / (2 * Math.PI), im: 0 });
          return alongLines(
            along(x, 1, (line) => turned(line, nt, weight)),
            -step,
          );
        },
      };
    },
    dims: twoAxes,
    exact: false,
  },
  ChirpRadon3D: {
    cost: always({ alltoall: 2 }),
    draw: ({ dims, dtype, pick }) => {
      const pmax = [pick(1, 6) / 4, pick(1, 6) / 4] as const;
      const [a, b] = pmax.map((slope, axis) => (2 * slope) / dims[axis]);
      const nt = dims[2];
      const middle = (k: number, n: number) => k - Math.floor(n / 2);
      return {
        make: (space) => new ChirpRadon3D(space, pmax, { dtype }),
        whole: (x) =>
          indices(dims.slice(0, 2)).flatMap((trace) => {
            const rows = indices(dims.slice(0, 2)).map((slope) => {
              const delay = (axis: number) =>
                middle(slope[axis], dims[axis]) * middle(trace[axis], dims[axis]);
              return delayedTwice(
                map(nt, (t) => x.at(...slope, t)),
                a * delay(0),
                b * delay(1),
              );
            });
            return map(nt, (t) => sum(rows.map((row) => row[t])));
          }),
      };
    },
    dims: (pick) => [pick(1, 4), pick(1, 3), pick(1, 5)],
    exact: false,
  },
  FFT2D: {
    cost: always({ alltoall: 2 }),
    draw: ({ dims, dtype, pick }) => {
      const nffts = dims.map((n) => n + pick(0, 2)) as [number, number];
      return {
        make: (space) => new FFT2D(space, { dtype, nffts, ifftshiftBefore: [true, false], engine: "own" }),
        whole: (x) => {
          const n = nffts[0] * nffts[1];
          const half = Math.floor(dims[0] / 2);
          const padded = fieldFrom(nffts, (i, j) => (i < dims[0] ? x.at(mod(i + half, dims[0]), j) : 0));
          return indices(nffts).map(([k, l]) => {
            const bin = total(
              indices(nffts).map(([i, j]) => {
                const phase = -2 * Math.PI * ((i * k) / nffts[0] + (j * l) / nffts[1]);
                return times({ re: padded.at(i, j), im: 0 }, turn(phase));
              }),
            );
            return times(bin, { re: 1 / Math.sqrt(n), im: 0 });
          });
        },
      };
    },
    dims: twoAxes,
    exact: false,
  },
  DWTND: {
    cost: always({ alltoall: 2 }),
    draw: (given) => {
      const [wavelet, level] = [`sym${given.pick(2, 4)}`, given.pick(0, 1)];
      return {
        make: (space) => new DWTND(space, { dtype: given.dtype, wavelet, level }),
        whole: (x) => wavelets(x, [0, 1, 2], wavelet, level).flat,
      };
    },
    dims: (pick) => [pick(1, 3), pick(1, 3), pick(1, 4)],
  },
  ...Object.fromEntries(
    [true, false].map((saveGt): [string, Row] => [
      `Fredholm1, saveGt ${saveGt}`,
      {
        cost: nothing,
        draw: ({ dims, dtype, pick }) => {
          const nx = pick(0, 3);
          const entry = (k: number, i: number, j: number) => Math.sin(5 * k + 3 * i + j);
          const complex = dtype.startsWith("complex");
          return {
            make: (space) => {
              const G = (k: number, i: number, j: number) => {
                const re = entry(space.localStart[0] + k, i, j);
                return complex ? { re, im: -2 * re } : re;
              };
              const kernel = LocalArray.fromFunction([space.localShape[0], nx, dims[1]], G, dtype);
              return new Fredholm1(kernel, { model: space, saveGt });
            },
            whole: (x) =>
              indices(dims.with(1, nx)).map(([k, i, z]) => {
                const re = sum(map(dims[1], (j) => entry(k, i, j) * x.at(k, j, z)));
                return { re, im: complex ? -2 * re : 0 };
              }),
          };
        },
        dims: (pick) => [pick(0, 5), pick(0, 3), pick(0, 3)],
        splits: 1,
        exact: false,
      },
    ]),
  ),
  "FourierRadon, 3-D": {
    cost: always({ alltoall: 2 }),
    draw: (given) => {
      const { dims, dtype } = given;
      const [p, q] = [numbers(given, dims[0]), numbers(given, dims[1])];
      const [h, g] = [numbers(given, given.pick(1, 3)), numbers(given, 2)];
      const nt = dims[2];
      return {
        make: (space) => new FourierRadon(space, [p, q], [h, g], 1, { dtype }),
        whole: (x) =>
          indices([h.length, g.length]).flatMap(([a, b]) => {
            const rows = indices([p.length, q.length]).map(([i, j]) =>
              delayedTwice(
                map(nt, (t) => x.at(i, j, t)),
                p[i] * h[a],
                q[j] * g[b],
              ),
            );
            return map(nt, (t) => sum(rows.map((row) => row[t])));
          }),
      };
    },
    dims: (pick) => [pick(1, 3), pick(1, 3), pick(1, 5)],
    exact: false,
  },
  Convolve1D: {
    cost: halos(1),
    draw: (given) => {
      const [filter, offset] = [numbers(given, 4), given.pick(0, 2)];
      return {
        make: (space) => new Convolve1D(space, filter, { ...options(given), offset }),
        line: (x) => convolution(x, filter, offset),
      };
    },
  },
  "Convolve1D, golden": {
    cost: halos(1),
    draw: (given) => ({
      make: (space) => new Convolve1D(space, [1, 2, 3, 4], { ...options(given), offset: 1 }),
      line: (x) => map(x.length, (n) => at(x, n + 1) + 2 * x[n] + 3 * at(x, n - 1) + 4 * at(x, n - 2)),
    }),
  },
  "Convolve1D by transforms": {
    cost: halos(1),
    draw: (given) => {
      const method = (["fft", "overlapadd"] as const)[given.pick(0, 1)];
      return {
        make: (space) => new Convolve1D(space, [1, 2, 3, 4], { ...options(given), offset: 1, method }),
        line: (x) => convolution(x, [1, 2, 3, 4], 1),
      };
    },
    exact: false,
  },
  "Convolve1D, complex": {
    cost: halos(2),
    draw: (given) => {
      const filter = LocalArray.from([3], numbers(given, 6), "complex64");
      return {
        make: (space) => new Convolve1D(space, filter, { ...options(given), offset: 1 }),
        line: (x) => complexConvolution(fieldOf([x.length], x), filter, [1], [0]),
      };
    },
  },
  Shift: {
    cost: passes,
    dims: twoAxes,
    draw: (given) => {
      const { dims, axis } = given;
      const shifts = given.pick(0, 1) === 0 ? given.pick(-9, 9) / 3 : reals(given, dims.with(axis, 1));
      const nfft = dims[axis] + given.pick(0, 3);
      return {
        make: (space) => new Shift(space, shifts, { ...options(given), nfft, sampling: 0.5 }),
        whole: (x) =>
          indices(x.dims).map((index) => {
            const line = map(dims[axis], (i) => x.at(...index.with(axis, i)));
            const shift = typeof shifts === "number" ? shifts : realPart(shifts).at(...index.with(axis, 0));
            return delayed(line, nfft, shift / 0.5)[index[axis]];
          }),
      };
    },
    exact: false,
  },
  NonStationaryConvolve1D: {
    cost: gathers,
    draw: (given) => {
      const n = given.dims[given.axis];
      const count = given.pick(1, Math.max(1, Math.min(3, n)));
      const filters = reals(given, [count, 3]);
      const centers = spread(n, count);
      return {
        make: (space) => new NonStationaryConvolve1D(space, filters, centers, options(given)),
        line: (x) => changing(fieldOf([n], x), realPart(filters), [centers]),
      };
    },
  },
  NonStationaryConvolveND: {
    cost: always({ alltoall: 1 }),
    draw: (given) => {
      const counts = given.dims.map((n) => given.pick(1, Math.max(1, Math.min(3, n))));
      const filters = reals(given, [...counts, 3, 1]);
      const centers = given.dims.map((n, k) => spread(n, counts[k]));
      return {
        make: (space) => new NonStationaryConvolveND(space, filters, centers, { dtype: given.dtype }),
        whole: (x) => changing(x, realPart(filters), centers),
      };
    },
    dims: (pick) => [pick(1, 6), pick(1, 4)],
    splits: 1,
  },
  NonStationaryFilters: {
    cost: () => [{}, { allreduce: 1 }],
    draw: (given) => {
      const signalValues = reals(given, given.dims);
      const counts = given.dims.map((n) => given.pick(1, Math.min(3, n)));
      const centers = given.dims.map((n, k) => spread(n, counts[k]));
      return {
        make: (space) =>
          new NonStationaryFilters(space, signalValues, [3, 1], centers, { dtype: given.dtype }),
        whole: (x) => changing(realPart(signalValues), x, centers),
      };
    },
    dims: (pick) => [pick(1, 5), pick(1, 4)],
    exact: false,
  },
  Smoothing1D: {
    cost: halos(1),
    draw: (given) => {
      const width = given.pick(1, 6);
      return {
        make: (space) => new Smoothing1D(space, width, options(given)),
        line: (x) => smoothing(x, width),
      };
    },
  },
  Interp: {
    cost: gathers,
    draw: (given) => {
      const kind = (["nearest", "linear", "sinc"] as const)[given.pick(0, 2)];
      const places = positions(given, 5, given.dims[given.axis]);
      return {
        make: (space) => new Interp(space, places, { ...options(given), kind }),
        line: (x) =>
          places.map((place) => {
            const weights = INTERPOLATIONS[kind](place, x.length);
            return sum(x.map((value, i) => weights[i] * value));
          }),
      };
    },
  },
  Bilinear: {
    cost: gathers,
    draw: (given) => {
      const { dims, dtype } = given;
      const axis = Math.min(given.axis, dims.length - 2);
      const [rows, columns] = [positions(given, 6, dims[axis]), positions(given, 6, dims[axis + 1])];
      return {
        make: (space) => new Bilinear(space, rows, columns, { axis, dtype }),
        whole: (x) => {
          const data = [...dims.slice(0, axis), rows.length, ...dims.slice(axis + 2)];
          return indices(data).map((index) => {
            const [before, k, after] = [index.slice(0, axis), index[axis], index.slice(axis + 1)];
            const [v, w] = [linear(rows[k], dims[axis]), linear(columns[k], dims[axis + 1])];
            const box = indices([dims[axis], dims[axis + 1]]);
            return sum(box.map(([i, j]) => v[i] * w[j] * x.at(...before, i, j, ...after)));
          });
        },
      };
    },
    dims: (pick) => map(pick(2, 3), () => pick(1, 5)),
  },
  ConvolveND: {
    cost: halos(1),
    draw: (given) => {
      const { dims, axis, dtype, pick } = given;
      const axes = dims.map((_, k) => k).filter((k) => k === axis || pick(0, 1) === 0);
      const shape = axes.map((k) => (k === axis ? 3 : pick(1, 3)));
      const offset = shape.map((length, k) => (axes[k] === axis ? 1 : pick(0, length - 1)));
      const filter = reals(given, shape);
      return {
        make: (space) => new ConvolveND(space, filter, { axes, offset, dtype }),
        whole: (x) => convolutionND(x, realPart(filter), offset, axes),
      };
    },
  },
  "ConvolveND, complex": {
    cost: always({ halo: 2 }),
    draw: (given) => {
      const filter = LocalArray.from([3, 2], numbers(given, 12), "complex64");
      return {
        make: (space) => new ConvolveND(space, filter, { offset: [1, 1] }),
        whole: (x) => complexConvolution(x, filter, [1, 1], [0, 1]),
      };
    },
    dims: (pick) => [pick(0, 9), pick(0, 5)],
  },
  "ConvolveND by transforms": {
    cost: always({ alltoall: 2 }),
    draw: (given) => {
      const shape = given.dims.map(() => given.pick(1, 3));
      const offset = shape.map((length) => given.pick(0, length - 1));
      const complex = given.dtype.startsWith("complex");
      const values = () => given.pick(-4, 4) / 2;
      const filter = LocalArray.fromFunction(shape, values, complex ? given.dtype : "float64");
      return {
        make: (space) => new ConvolveND(space, filter, { offset, dtype: given.dtype, method: "fft" }),
        whole: (x) => convolutionND(x, realPart(filter), offset, [0, 1]),
      };
    },
    dims: twoAxes,
    exact: false,
  },
  "ConvolveND, a cross": {
    cost: always({ halo: 1 }),
    draw: (given) => {
      const cross = LocalArray.from([3, 3], [0, 1, 0, 1, -4, 1, 0, 1, 0]);
      return {
        make: (space) => new ConvolveND(space, cross, { offset: [1, 1], dtype: given.dtype }),
        whole: (x) =>
          indices(x.dims).map(
            ([i, j]) => x.at(i - 1, j) + x.at(i + 1, j) + x.at(i, j - 1) + x.at(i, j + 1) - 4 * x.at(i, j),
          ),
      };
    },
    dims: (pick) => [pick(0, 9), pick(0, 4)],
  },
  Smoothing2D: {
    cost: always({ halo: 1 }),
    draw: ({ pick, dtype }) => {
      const widths = [pick(1, 4), pick(1, 4)] as const;
      return {
        make: (space) => new Smoothing2D(space, widths, { dtype }),
        whole: (x) =>
          [0, 1].reduce((field, axis) => along(field, axis, (line) => smoothing(line, widths[axis])), x).flat,
      };
    },
    dims: (pick) => [pick(0, 9), pick(0, 5)],
  },
  DWT: {
    cost: (split) => twice(split ? { alltoall: 4 } : {}), // one for the padding
    draw: (given) => {
      const wavelet = ["db1", "sym4", "bior2.2", "rbio3.1", "bior4.4", "db3"][given.pick(0, 5)];
      const level = given.pick(0, 3);
      return {
        make: (space) => new DWT(space, { ...options(given), wavelet, level }),
        whole: (x) => wavelets(x, [given.axis], wavelet, level).flat,
      };
    },
  },
  DWT2D: {
    cost: always({ alltoall: 3 }),
    draw: (given) => {
      const [wavelet, level] = [`db${given.pick(1, 3)}`, given.pick(0, 2)];
      return {
        make: (space) => new DWT2D(space, { dtype: given.dtype, wavelet, level }),
        whole: (x) => wavelets(x, [0, 1], wavelet, level).flat,
      };
    },
    dims: (pick) => [pick(0, 5), pick(0, 6)],
  },
  Seislet: {
    cost: always({ alltoall: 5 }), // two for each level, and the padding
    draw: (given) => {
      const [kind, level, taps] = [(["haar", "linear"] as const)[given.pick(0, 1)], given.pick(0, 2), [1, 3, Infinity][given.pick(0, 2)]]; // prettier-ignore
      const slopes = reals(given, given.dims);
      const sampling = [2, given.pick(1, 4)] as const;
      return {
        make: (space) => new Seislet(space, slopes, { dtype: given.dtype, kind, level, taps, sampling }),
        whole: (x) => seislets(x, realPart(slopes), kind, level, taps, sampling[0] / sampling[1]).flat,
      };
    },
    dims: (pick) => [pick(1, 5), pick(1, 6)],
  },
  PoststackLinearModelling: {
    cost: halos(2),
    draw: (given) => {
      const [wavelet, kind] = [numbers(given, 5), kinds[given.pick(0, 2)]];
      return {
        make: (space) => new PoststackLinearModelling(wavelet, space, { ...options(given), kind }),
        line: (x) => convolution(firstDerivative(x, { kind }), wavelet, 2),
      };
    },
  },
  toReal: {
    cost: halos(2),
    draw: (given: Case) => {
      const filter = LocalArray.from([3], numbers(given, 6), "complex64");
      return {
        make: (space) => toReal(new Convolve1D(space, filter, { axis: given.axis, offset: 1 })),
        line: (re, im) => {
          const [h, g] = [realPart(filter).flat, imaginaryPart(filter).flat];
          const [a, b] = [convolution(re, h, 1), convolution(im, g, 1)];
          return a.map((value, i) => value - b[i]);
        },
      };
    },
  },
};

/** Delayed by any number of samples, periodic over n of them: the highest frequency of an even n keeps a real phase. */
/** Sums along lines through the middle of the first axis; slopes differ by `step`. */
function alongLines(x: Field, step: number): Line {
  const [n, nt] = x.dims;
  const middle = Math.floor(n / 2);
  return map(n, (j) => j).flatMap((j) => {
    const rows = map(n, (k) =>
      delayed(
        map(nt, (t) => x.at(k, t)),
        nt,
        (k - middle) * (j - middle) * step,
      ),
    );
    return map(nt, (t) => sum(rows.map((row) => row[t])));
  });
}

function delayed(x: Line, n: number, delay: number): Line {
  return turned(x, n, (f) => ({ re: Math.cos(f * delay), im: -Math.sin(f * delay) }));
}

/** Twice, one delay after the other. */
function delayedTwice(x: Line, first: number, second: number): Line {
  return turned(x, x.length, (f, highest) => {
    const [a, b] = [first, second].map((delay) => ({
      re: Math.cos(f * delay),
      im: highest ? 0 : -Math.sin(f * delay),
    }));
    return times(a, b);
  });
}

function turned(
  x: Line,
  n: number,
  phase: (f: number, highest: boolean) => { re: number; im: number },
): Line {
  const bins = fourier(complexOf([...x, ...map(n - x.length, () => 0)]), n);
  const changed = bins.map((bin, k) => {
    const highest = 2 * k === n;
    const { re, im } = phase((2 * Math.PI * (2 * k > n ? k - n : k)) / n, highest);
    return times(bin, { re, im: highest ? 0 : im });
  });
  return fourier(changed, n, 1)
    .slice(0, x.length)
    .map(({ re }) => re / n);
}
