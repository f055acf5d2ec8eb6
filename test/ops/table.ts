import type { BlockSpace, BlockVector } from "../../src/array/blocks.js";
import type { DType } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import type { AnyVector } from "../../src/array/vector.js";
import { Batched } from "../../src/ops/basic/batched.js";
import { CausalIntegration } from "../../src/ops/basic/causal-integration.js";
import { Diagonal } from "../../src/ops/basic/diagonal.js";
import {
  FirstDirectionalDerivative,
  SecondDirectionalDerivative,
} from "../../src/ops/basic/directional-derivative.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Flip } from "../../src/ops/basic/flip.js";
import { Gradient } from "../../src/ops/basic/gradient.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { Kronecker } from "../../src/ops/basic/kronecker.js";
import { Laplacian } from "../../src/ops/basic/laplacian.js";
import { MatrixMult } from "../../src/ops/basic/matrix-mult.js";
import { Pad } from "../../src/ops/basic/pad.js";
import { Conj, Imag, Real, toReal } from "../../src/ops/basic/real.js";
import { LinearRegression, Regression } from "../../src/ops/basic/regression.js";
import { Reshaped } from "../../src/ops/basic/reshaped.js";
import { Restriction } from "../../src/ops/basic/restriction.js";
import { Roll } from "../../src/ops/basic/roll.js";
import { SecondDerivative } from "../../src/ops/basic/second-derivative.js";
import { Spread } from "../../src/ops/basic/spread.js";
import { BlockDiag, HStack, VStack } from "../../src/ops/basic/stacks.js";
import { Sum } from "../../src/ops/basic/sum.js";
import { Symmetrize } from "../../src/ops/basic/symmetrize.js";
import { Transpose } from "../../src/ops/basic/transpose.js";
import { Zero } from "../../src/ops/basic/zero.js";
import { Block } from "../../src/ops/basic/block.js";
import { withSpan } from "../../src/ops/basic/block-space.js";
import { columnsOf } from "../../src/ops/columns-of.js";
import type { LinearOperatorContract } from "../../src/ops/linear-operator.js";
import { FFT } from "../../src/ops/signal/fft.js";
import { FFTND } from "../../src/ops/signal/fft-nd.js";
import { Bilinear } from "../../src/ops/signal/bilinear.js";
import { Convolve1D } from "../../src/ops/signal/convolve1d.js";
import { ConvolveND } from "../../src/ops/signal/convolve-nd.js";
import { DCT } from "../../src/ops/signal/dct.js";
import { DWT, DWT2D } from "../../src/ops/signal/dwt.js";
import { Interp } from "../../src/ops/signal/interp.js";
import { NonStationaryConvolve1D } from "../../src/ops/signal/non-stationary-convolve1d.js";
import { PoststackLinearModelling } from "../../src/ops/signal/poststack.js";
import { Radon2D } from "../../src/ops/signal/radon2d.js";
import { Shift } from "../../src/ops/signal/shift.js";
import { Sliding } from "../../src/ops/signal/sliding.js";
import { Smoothing1D } from "../../src/ops/signal/smoothing1d.js";
import { Smoothing2D } from "../../src/ops/signal/smoothing2d.js";

export type Op = LinearOperatorContract<AnyVector, AnyVector>;
export type Line = readonly number[];

/** What a case is made of: which array, along which axis, and random parameters. */
export interface Case {
  readonly dims: readonly number[];
  readonly axis: number;
  readonly dtype: DType;
  /** An integer from `low` to `high`. */
  readonly pick: (low: number, high: number) => number;
}

/** The operator of a case, for arrays of any space of its dims. */
export type Make = <V extends BlockVector<V> & AnyVector>(space: BlockSpace<V>) => Op;

/** Calls by name, or exchanges with both neighbours along the axis, or scans along it. */
export type Cost = Readonly<Partial<Record<"alltoall" | "allreduce" | "halo" | "scan", number>>>;

const twice = (cost: Cost) => [cost, cost] as const;
const nothing: Row["cost"] = () => [{}, {}];
const gathers: Row["cost"] = (split) => twice(split ? { alltoall: 1 } : {});
const halos = (count: number): Row["cost"] => (split) => twice(split ? { halo: count } : {}); // prettier-ignore
/** Whatever axis the operator acts along: it acts along all. */
const always = (cost: Cost): Row["cost"] => () => twice(cost); // prettier-ignore

export interface Row {
  /** Draws the parameters, then makes the operator from them, as often as wanted. */
  readonly draw: (given: Case) => Make;
  /** What the operator does to a line along the axis, if that is all it does: the definition, written down plainly. */
  readonly line?: (given: Case) => (x: Line) => Line;
  /** Lengths of its arrays; default: one to three axes of 0 to 6. */
  readonly dims?: (pick: Case["pick"]) => number[];
  /** Axes that may be split, as many as the first; default: all. */
  readonly splits?: number;
  /** What forward and adjoint send, if the axis is split, or if another one is. */
  readonly cost: (split: boolean) => readonly [forward: Cost, adjoint: Cost];
  /** Forward and adjoint have the same bits on any number of ranks; default true. */
  readonly exact?: boolean;
}

const scans: Row["cost"] = (split) => twice(split ? { scan: 1 } : {});
const twoAxes = (pick: Case["pick"]) => [pick(1, 5), pick(1, 6)];
const options = ({ axis, dtype }: Case) => ({ axis, dtype });
const kinds = ["forward", "backward", "centered"] as const;
const numbers = ({ pick }: Case, count: number) => Array.from({ length: count }, () => pick(-4, 4) / 2);
const positions = (given: Case, count: number, n: number) =>
  Array.from({ length: n === 0 ? 0 : count }, () => (given.pick(0, 4) / 4) * (n - 1));
const at = (x: Line, i: number) => x[i] ?? 0;
const map = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));
const reals = (given: Case, dims: readonly number[]) =>
  LocalArray.fromFunction(dims, () => given.pick(-4, 4) / 2);
const vectorOf = <V extends BlockVector<V>>(space: BlockSpace<V>, dtype: DType): V => {
  const vector = space.zeros(dtype);
  vector.block.fillFrom((...index) => index.reduce((sum, i) => 3 * sum + i, 1), space.localStart);
  return vector;
};

/** Every operator, by name: one row each. */
export const table: Readonly<Record<string, Row>> = {
  Identity: {
    cost: nothing,
    draw:
      ({ dtype }) =>
      (space) =>
        new Identity(space, space, { dtype }),
    line: () => (x) => x,
  },
  Zero: {
    cost: nothing,
    draw:
      ({ dtype }) =>
      (space) =>
        new Zero(space, space, { dtype }),
    line: () => (x) => x.map(() => 0),
  },
  Diagonal: {
    cost: nothing,
    draw:
      ({ dtype }) =>
      (space) =>
        new Diagonal(vectorOf(space, dtype)),
  },
  "Diagonal.along": {
    cost: nothing,
    draw: (given) => {
      const factors = numbers(given, given.dims[given.axis]);
      return (space) => Diagonal.along(space, given.axis, factors, given.dtype);
    },
  },
  Flip: {
    cost: gathers,
    draw: (given) => (space) => new Flip(space, options(given)),
    line: () => (x) => [...x].reverse(),
  },
  Symmetrize: {
    cost: gathers,
    draw: (given) => (space) => new Symmetrize(space, options(given)),
    line: () => (x) => [...x.slice(1).reverse(), ...x],
  },
  Roll: {
    cost: gathers,
    draw: (given) => {
      const shift = given.pick(-15, 15);
      return (space) => new Roll(space, shift, options(given));
    },
  },
  Pad: {
    cost: gathers,
    draw: (given) => {
      const [before, after] = [given.pick(0, 3), given.pick(0, 3)];
      return (space) => new Pad(space, [before, after], options(given));
    },
  },
  Restriction: {
    cost: gathers,
    draw: (given) => {
      const n = given.dims[given.axis];
      const indices = map(n === 0 ? 0 : given.pick(0, 7), () => given.pick(0, n - 1));
      return (space) => new Restriction(space, indices, options(given));
    },
  },
  Sum: {
    cost: (split) => [split ? { allreduce: 1 } : {}, {}],
    draw: (given) => (space) => new Sum(space, options(given)),
    exact: false,
  },
  FFT: {
    cost: (split) => twice(split ? { alltoall: 2 } : {}),
    dims: twoAxes,
    draw: (given) => {
      const { axis, dims, dtype, pick } = given;
      const [real, nfft, fftshiftAfter] = [pick(0, 1) === 1, dims[axis] + pick(-1, 2) || 1, pick(0, 1) === 1];
      return (space) => new FFT(space, { axis, dtype, real, nfft, fftshiftAfter, engine: "own" });
    },
  },
  FFTND: {
    cost: always({ alltoall: 2 }),
    dims: twoAxes,
    draw: ({ dtype, pick }) => {
      const [real, norm] = [pick(0, 1) === 1, (["ortho", "none", "1/n"] as const)[pick(0, 2)]];
      return (space) => new FFTND(space, { dtype, real, norm, engine: "own" });
    },
  },
  Transpose: {
    cost: always({ alltoall: 1 }),
    draw: ({ dims, pick, dtype }) => {
      const axes = dims.map((_, axis) => axis);
      for (let k = axes.length - 1; k > 0; k--) {
        const other = k - pick(0, k);
        [axes[k], axes[other]] = [axes[other], axes[k]];
      }
      return (space) => new Transpose(space, axes, { dtype });
    },
  },
  FirstDerivative: {
    cost: halos(1),
    draw: (given) => {
      const [kind, edge, order] = [kinds[given.pick(0, 2)], given.pick(0, 1) === 1, given.pick(0, 1) === 1];
      return (space) =>
        new FirstDerivative(space, { ...options(given), kind, edge, order: order ? 3 : 5, sampling: 0.5 });
    },
  },
  SecondDerivative: {
    cost: halos(1),
    draw: (given) => {
      const [kind, edge] = [kinds[given.pick(0, 2)], given.pick(0, 1) === 1];
      return (space) => new SecondDerivative(space, { ...options(given), kind, edge, sampling: 2 });
    },
  },
  Laplacian: {
    cost: always({ halo: 1 }),
    draw: ({ dims, dtype, pick }) => {
      const axes = dims.map((_, axis) => axis);
      const [weights, edge] = [axes.map(() => pick(1, 3)), pick(0, 1) === 1];
      return (space) => new Laplacian(space, { axes, weights, edge, dtype });
    },
  },
  Gradient: {
    cost: always({ halo: 1 }),
    draw: ({ dtype, pick }) => {
      const [kind, edge] = [kinds[pick(0, 2)], pick(0, 1) === 1];
      return (space) => new Gradient(space, { kind, edge, dtype, sampling: 0.5 });
    },
  },
  FirstDirectionalDerivative: {
    cost: always({ halo: 1 }),
    draw: (given) => {
      const direction = numbers(given, given.dims.length);
      return (space) =>
        new FirstDirectionalDerivative(space, [...direction.slice(1), vectorOf(space, given.dtype)], {
          dtype: given.dtype,
        });
    },
  },
  SecondDirectionalDerivative: {
    cost: always({ halo: 2 }),
    draw: (given) => {
      const direction = numbers(given, given.dims.length);
      return (space) => new SecondDirectionalDerivative(space, direction, { dtype: given.dtype });
    },
  },
  "CausalIntegration, full": {
    cost: scans,
    draw: (given) => (space) => new CausalIntegration(space, { ...options(given), sampling: 0.5 }),
    line: () => (x) => map(x.length, (i) => 0.5 * sum(x.slice(0, i + 1))),
    exact: false,
  },
  "CausalIntegration, half": {
    cost: scans,
    draw: (given) => (space) => new CausalIntegration(space, { ...options(given), kind: "half" }),
    line: () => (x) => map(x.length, (i) => sum(x.slice(0, i)) + x[i] / 2),
    exact: false,
  },
  "CausalIntegration, trapezoidal": {
    cost: scans,
    draw: (given) => (space) => new CausalIntegration(space, { ...options(given), kind: "trapezoidal" }),
    line: () => (x) => map(x.length, (i) => sum(map(i, (j) => (x[j] + x[j + 1]) / 2))),
    exact: false,
  },
  "CausalIntegration, removeFirst": {
    cost: scans,
    draw: (given) => (space) =>
      new CausalIntegration(space, { ...options(given), kind: "trapezoidal", removeFirst: true }),
    line: () => (x) => map(x.length - 1, (i) => sum(map(i + 1, (j) => (x[j] + x[j + 1]) / 2))),
    dims: (pick) => [pick(1, 6), pick(1, 4)],
    exact: false,
  },
  Regression: {
    cost: (split) => [{}, split ? { allreduce: 1 } : {}],
    draw: (given) => {
      const [t, order] = [numbers(given, given.dims[given.axis]), given.pick(0, 3)];
      return (space) => new Regression(space, t, order, options(given));
    },
    exact: false,
  },
  LinearRegression: {
    cost: (split) => [{}, split ? { allreduce: 1 } : {}],
    draw: (given) => {
      const t = numbers(given, given.dims[given.axis]);
      return (space) => new LinearRegression(space, t, options(given));
    },
    exact: false,
  },
  Spread: {
    cost: always({ alltoall: 1 }),
    draw: ({ dims, dtype, pick }) => {
      const [traces, samples, interpolate, slope] = [
        pick(1, 5),
        pick(2, 7),
        pick(0, 1) === 1,
        pick(-3, 3) / 2,
      ];
      const curve = (ix0: number, it: number, ix: number) => (ix === 1 ? NaN : it + slope * (ix - ix0));
      return (space) => {
        const data = withSpan(space, { first: 0, count: dims.length }, [traces, samples]);
        return new Spread(space, data, curve, { interpolate, dtype });
      };
    },
    dims: twoAxes,
  },
  Radon2D: {
    cost: always({ alltoall: 1 }),
    draw: (given) => {
      const [p, h] = [numbers(given, given.dims[0]), numbers(given, given.pick(1, 6))];
      const kind = (["linear", "parabolic", "hyperbolic"] as const)[given.pick(0, 2)];
      return (space) => new Radon2D(space, p, h, { first: 1, step: 0.5 }, { kind, dtype: given.dtype });
    },
    dims: twoAxes,
  },
  Convolve1D: {
    cost: halos(1),
    draw: (given) => {
      const [filter, offset] = [numbers(given, 4), given.pick(0, 2)];
      return (space) => new Convolve1D(space, filter, { ...options(given), offset });
    },
  },
  "Convolve1D, golden": {
    cost: halos(1),
    draw: (given) => (space) => new Convolve1D(space, [1, 2, 3, 4], { ...options(given), offset: 1 }),
    line: () => (x) => map(x.length, (n) => at(x, n + 1) + 2 * x[n] + 3 * at(x, n - 1) + 4 * at(x, n - 2)),
  },
  "Convolve1D by transforms": {
    cost: halos(1),
    draw: (given) => {
      const method = (["fft", "overlapadd"] as const)[given.pick(0, 1)];
      return (space) => new Convolve1D(space, [1, 2, 3, 4], { ...options(given), offset: 1, method });
    },
    line: () => (x) => map(x.length, (n) => at(x, n + 1) + 2 * x[n] + 3 * at(x, n - 1) + 4 * at(x, n - 2)),
    exact: false,
  },
  Shift: {
    cost: (split) => twice(split ? { alltoall: 2 } : {}),
    dims: twoAxes,
    draw: (given) => {
      const { dims, axis } = given;
      const shifts = given.pick(0, 1) === 0 ? given.pick(-9, 9) / 3 : reals(given, dims.with(axis, 1));
      const nfft = dims[axis] + given.pick(0, 3);
      return (space) => new Shift(space, shifts, { ...options(given), nfft, sampling: 0.5 });
    },
    exact: false,
  },
  "Convolve1D, complex": {
    cost: halos(2),
    draw: (given) => {
      const filter = LocalArray.from([3], numbers(given, 6), "complex64");
      return (space) => new Convolve1D(space, filter, { ...options(given), offset: 1 });
    },
  },
  NonStationaryConvolve1D: {
    cost: gathers,
    draw: (given) => {
      const n = given.dims[given.axis];
      const count = given.pick(1, Math.max(1, Math.min(3, n)));
      const filters = reals(given, [count, 3]);
      const step = count > 1 ? Math.floor((n - 1) / (count - 1)) : 1;
      const centers = map(count, (k) => k * step);
      return (space) => new NonStationaryConvolve1D(space, filters, centers, options(given));
    },
  },
  Smoothing1D: {
    cost: halos(1),
    draw: (given) => {
      const width = given.pick(1, 6);
      return (space) => new Smoothing1D(space, width, options(given));
    },
  },
  Interp: {
    cost: gathers,
    draw: (given) => {
      const kind = (["nearest", "linear", "sinc"] as const)[given.pick(0, 2)];
      const places = positions(given, 5, given.dims[given.axis]);
      return (space) => new Interp(space, places, { ...options(given), kind });
    },
  },
  Bilinear: {
    cost: gathers,
    draw: (given) => {
      const { dims, dtype } = given;
      const axis = Math.min(given.axis, dims.length - 2);
      const [rows, columns] = [positions(given, 6, dims[axis]), positions(given, 6, dims[axis + 1])];
      return (space) => new Bilinear(space, rows, columns, { axis, dtype });
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
      return (space) => new ConvolveND(space, filter, { axes, offset, dtype });
    },
  },
  "ConvolveND, complex": {
    cost: always({ halo: 2 }),
    draw: (given) => {
      const filter = LocalArray.from([3, 2], numbers(given, 12), "complex64");
      return (space) => new ConvolveND(space, filter, { offset: [1, 1] });
    },
    dims: (pick) => [pick(0, 9), pick(0, 5)],
  },
  "ConvolveND by transforms": {
    cost: () => [{ alltoall: 3 }, { alltoall: 2 }], // the first product transforms the filter too
    draw: (given) => {
      const shape = given.dims.map(() => given.pick(1, 3));
      const offset = shape.map((length) => given.pick(0, length - 1));
      const complex = given.dtype.startsWith("complex");
      const filter = LocalArray.fromFunction(
        shape,
        () => given.pick(-4, 4) / 2,
        complex ? given.dtype : "float64",
      );
      return (space) => new ConvolveND(space, filter, { offset, dtype: given.dtype, method: "fft" });
    },
    dims: twoAxes,
    exact: false,
  },
  "ConvolveND, a cross, by transforms": {
    cost: () => [{ alltoall: 3 }, { alltoall: 2 }],
    draw: (given) => {
      const cross = LocalArray.from([3, 3], [0, 1, 0, 1, -4, 1, 0, 1, 0]);
      return (space) => new ConvolveND(space, cross, { offset: [1, 1], dtype: given.dtype, method: "fft" });
    },
    line: () => (x) => map(x.length, (i) => at(x, i - 1) - 4 * x[i] + at(x, i + 1)),
    dims: (pick) => [pick(0, 9), 1],
    splits: 1,
    exact: false,
  },
  "ConvolveND, a cross": {
    cost: always({ halo: 1 }),
    draw: (given) => {
      const cross = LocalArray.from([3, 3], [0, 1, 0, 1, -4, 1, 0, 1, 0]);
      return (space) => new ConvolveND(space, cross, { offset: [1, 1], dtype: given.dtype });
    },
    line: () => (x) => map(x.length, (i) => at(x, i - 1) - 4 * x[i] + at(x, i + 1)),
    dims: (pick) => [pick(0, 9), 1],
    splits: 1,
  },
  Smoothing2D: {
    cost: always({ halo: 1 }),
    draw: ({ pick, dtype }) => {
      const [first, second] = [pick(1, 4), pick(1, 4)];
      return (space) => new Smoothing2D(space, [first, second], { dtype });
    },
    dims: (pick) => [pick(0, 9), pick(0, 5)],
  },
  DWT: {
    cost: (split) => twice(split ? { alltoall: 4 } : {}), // one for the padding
    draw: (given) => {
      const [moments, level] = [given.pick(1, 4), given.pick(0, 3)];
      return (space) => new DWT(space, { ...options(given), wavelet: `db${moments}`, level });
    },
  },
  "DWT, biorthogonal": {
    cost: (split) => twice(split ? { alltoall: 4 } : {}),
    draw: (given) => {
      const [number, level] = [["2.2", "3.1", "4.4"][given.pick(0, 2)], given.pick(0, 3)];
      return (space) => new DWT(space, { ...options(given), wavelet: `bior${number}`, level });
    },
  },
  DCT: {
    cost: (split) => twice(split ? { alltoall: 2 } : {}),
    draw: (given) => {
      const type = ([2, 3, 4, 1] as const)[given.pick(0, given.dims[given.axis] < 2 ? 2 : 3)];
      return (space) => new DCT(space, { type, axes: [given.axis], dtype: given.dtype });
    },
  },
  DWT2D: {
    cost: always({ alltoall: 3 }),
    draw: (given) => {
      const [moments, level] = [given.pick(1, 3), given.pick(0, 2)];
      return (space) => new DWT2D(space, { dtype: given.dtype, wavelet: `db${moments}`, level });
    },
    dims: (pick) => [pick(0, 5), pick(0, 6)],
  },
  columnsOf: {
    cost: (split) => twice(split ? { halo: 1, alltoall: 1 } : { alltoall: 1 }),
    draw: (given) => {
      const size = given.dims.reduce((n, length) => n * length, 1);
      const indices = map(size === 0 ? 0 : 5, () => given.pick(0, size - 1));
      return (space) => columnsOf(new FirstDerivative(space, options(given)), indices);
    },
  },
  PoststackLinearModelling: {
    cost: halos(2),
    draw: (given) => {
      const [wavelet, kind] = [numbers(given, 5), kinds[given.pick(0, 2)]];
      return (space) => new PoststackLinearModelling(wavelet, space, { ...options(given), kind });
    },
  },
  Batched: {
    cost: nothing,
    draw: (given) => {
      const matrix = reals(given, [2, given.dims[1]]);
      return (space) => new Batched(new MatrixMult(matrix), space);
    },
    dims: twoAxes,
    splits: 1,
  },
  Kronecker: {
    cost: always({ alltoall: 2 }),
    draw: (given) => {
      const [a, b] = [reals(given, [3, given.dims[0]]), reals(given, [2, given.dims[1]])];
      return (space) => new Kronecker(new MatrixMult(a), new MatrixMult(b), space);
    },
    dims: twoAxes,
    splits: 1,
  },
  Sliding: {
    cost: always({ alltoall: 1 }),
    draw: (given) => {
      const taper = (["hanning", "cosine", "none"] as const)[given.pick(0, 2)];
      const matrix = reals(given, [4, 3]);
      return (space) =>
        new Sliding(new MatrixMult(matrix, [given.dims[1]]), space, {
          window: [4],
          overlap: [given.dims[0] === 8 ? 0 : 1],
          taper,
        });
    },
    dims: (pick) => [[4, 7, 8, 13][pick(0, 3)], pick(1, 3)],
    splits: 1,
  },
  "Sliding, patches": {
    cost: always({ alltoall: 1 }),
    draw: (given) => {
      const matrix = reals(given, [12, 5]);
      return (space) => {
        const patch = new Reshaped(new MatrixMult(matrix), { dimsd: [3, 4] });
        return new Sliding(patch, space, { window: [3, 4], overlap: [1, 2] });
      };
    },
    dims: (pick) => [3 + 2 * pick(0, 2), 4 + 2 * pick(0, 2)],
  },
  Real: {
    cost: nothing,
    draw:
      ({ dtype }) =>
      (space) =>
        new Real(space, { dtype }),
  },
  Imag: { cost: nothing, draw: () => (space) => new Imag(space) },
  Conj: {
    cost: nothing,
    draw:
      ({ dtype }) =>
      (space) =>
        new Conj(space, { dtype }),
  },
  toReal: {
    cost: halos(2),
    draw: (given) => {
      const filter = LocalArray.from([3], numbers(given, 6), "complex64");
      return (space) => toReal(new Convolve1D(space, filter, { axis: given.axis, offset: 1 }));
    },
  },
  VStack: {
    cost: (split) => twice(split ? { halo: 1, alltoall: 1 } : {}),
    draw: (given) => (space) =>
      new VStack([new FirstDerivative(space, options(given)), new Flip(space, options(given))]),
  },
  HStack: {
    cost: (split) => twice(split ? { halo: 1, alltoall: 1 } : {}),
    draw: (given) => (space) =>
      new HStack([new FirstDerivative(space, options(given)), new Flip(space, options(given))]),
  },
  BlockDiag: {
    cost: (split) => twice(split ? { halo: 1, alltoall: 1 } : {}),
    draw: (given) => (space) =>
      new BlockDiag([new FirstDerivative(space, options(given)), new Flip(space, options(given))]),
  },
  Block: {
    cost: (split) => twice(split ? { halo: 1, alltoall: 3 } : {}),
    draw: (given) => (space) => {
      const [D, F] = [new FirstDerivative(space, options(given)), new Flip(space, options(given))];
      return new Block([
        [D, F],
        [F, F],
      ]);
    },
  },
};

const sum = (x: Line): number => x.reduce((total, value) => total + value, 0);
