import { LocalArray } from "../../../src/array/local-array.js";
import { CausalIntegration } from "../../../src/ops/basic/causal-integration.js";
import { Diagonal } from "../../../src/ops/basic/diagonal.js";
import { FirstDirectionalDerivative, SecondDirectionalDerivative } from "../../../src/ops/basic/directional-derivative.js"; // prettier-ignore
import { FirstDerivative } from "../../../src/ops/basic/first-derivative.js";
import { Flip } from "../../../src/ops/basic/flip.js";
import { Gradient } from "../../../src/ops/basic/gradient.js";
import { Identity } from "../../../src/ops/basic/identity.js";
import { Laplacian } from "../../../src/ops/basic/laplacian.js";
import { Pad } from "../../../src/ops/basic/pad.js";
import { Conj, Imag, Real } from "../../../src/ops/basic/real.js";
import { LinearRegression, Regression } from "../../../src/ops/basic/regression.js";
import { Restriction } from "../../../src/ops/basic/restriction.js";
import { Roll } from "../../../src/ops/basic/roll.js";
import { SecondDerivative } from "../../../src/ops/basic/second-derivative.js";
import { Spread } from "../../../src/ops/basic/spread.js";
import { Sum } from "../../../src/ops/basic/sum.js";
import { Symmetrize } from "../../../src/ops/basic/symmetrize.js";
import { Transpose } from "../../../src/ops/basic/transpose.js";
import { Zero } from "../../../src/ops/basic/zero.js";
import { withSpan } from "../../../src/ops/basic/block-space.js";
import { along, type Field, fieldFrom, firstDerivative, indices, type Line, map, mod, secondDerivative, sum } from "./definitions.js"; // prettier-ignore
import { always, type Case, factor, gathers, halos, kinds, nothing, numbers, options, type Row, scans, twoAxes, vectorOf } from "./row.js"; // prettier-ignore

const fits = { allreduce: 1 };

const integration = (
  settings: ConstructorParameters<typeof CausalIntegration>[1],
  line: (x: Line) => Line,
): Row => ({
  cost: scans,
  draw: (given) => ({
    make: (space) => new CausalIntegration(space, { ...options(given), ...settings }),
    line,
  }),
  dims: (pick) => [pick(settings?.removeFirst ? 1 : 0, 6), pick(1, 4)],
  exact: false,
});

/** What components of a direction, the last one a factor of each element, make of derivatives. */
const directed = (direction: readonly number[], given: Case) => (x: Field) =>
  x.dims
    .map((_, axis) => {
      const D = along(x, axis, (line) => firstDerivative(line));
      const last = axis === x.dims.length - 1;
      const real = !given.dtype.startsWith("complex");
      return indices(x.dims).map((index, i) =>
        last
          ? { re: factor(index) * D.flat[i], im: real ? 0 : 2 * D.flat[i] }
          : { re: direction[axis + 1] * D.flat[i], im: 0 },
      );
    })
    .reduce((one, other) => one.map(({ re, im }, i) => ({ re: re + other[i].re, im: im + other[i].im })));

export const basic: Readonly<Record<string, Row>> = {
  Identity: {
    cost: nothing,
    draw: ({ dtype }) => ({ make: (space) => new Identity(space, space, { dtype }), line: (x) => x }),
  },
  Zero: {
    cost: nothing,
    draw: ({ dtype }) => ({
      make: (space) => new Zero(space, space, { dtype }),
      line: (x) => x.map(() => 0),
    }),
  },
  Diagonal: {
    cost: nothing,
    draw: ({ dtype }) => ({
      make: (space) => new Diagonal(vectorOf(space, dtype)),
      whole: (x) => {
        const im = dtype.startsWith("complex") ? 2 : 0;
        return indices(x.dims).map((index, i) => ({ re: factor(index) * x.flat[i], im: im * x.flat[i] }));
      },
    }),
  },
  "Diagonal.along": {
    cost: nothing,
    draw: (given) => {
      const factors = numbers(given, given.dims[given.axis]);
      return {
        make: (space) => Diagonal.along(space, given.axis, factors, given.dtype),
        line: (x) => x.map((value, i) => factors[i] * value),
      };
    },
  },
  "Diagonal.along, complex": {
    cost: nothing,
    draw: (given) => {
      const factors = numbers(given, 2 * given.dims[given.axis]);
      const line = LocalArray.from([factors.length / 2], factors, "complex64");
      return {
        make: (space) => Diagonal.along(space, given.axis, line, "complex64"),
        line: (x) => x.map((value, i) => ({ re: factors[2 * i] * value, im: factors[2 * i + 1] * value })),
      };
    },
  },
  Flip: {
    cost: gathers,
    draw: (given) => ({
      make: (space) => new Flip(space, options(given)),
      line: (x) => [...x].reverse(),
    }),
  },
  Symmetrize: {
    cost: gathers,
    draw: (given) => ({
      make: (space) => new Symmetrize(space, options(given)),
      line: (x) => [...x.slice(1).reverse(), ...x],
    }),
  },
  Roll: {
    cost: gathers,
    draw: (given) => {
      const shift = given.pick(-15, 15);
      return {
        make: (space) => new Roll(space, shift, options(given)),
        line: (x) => x.map((_, i) => x[mod(i - shift, x.length)]),
      };
    },
  },
  Pad: {
    cost: gathers,
    draw: (given) => {
      const [before, after] = [given.pick(0, 3), given.pick(0, 3)];
      const zeros = (n: number) => map(n, () => 0);
      return {
        make: (space) => new Pad(space, [before, after], options(given)),
        line: (x) => [...zeros(before), ...x, ...zeros(after)],
      };
    },
  },
  Restriction: {
    cost: gathers,
    draw: (given) => {
      const n = given.dims[given.axis];
      const chosen = map(n === 0 ? 0 : given.pick(0, 7), () => given.pick(0, n - 1));
      return {
        make: (space) => new Restriction(space, chosen, options(given)),
        line: (x) => chosen.map((i) => x[i]),
      };
    },
  },
  Sum: {
    cost: (split) => [split ? fits : {}, {}],
    draw: (given) => ({ make: (space) => new Sum(space, options(given)), line: (x) => [sum(x)] }),
    exact: false,
  },
  Transpose: {
    cost: always({ alltoall: 1 }),
    draw: ({ dims, pick, dtype }) => {
      const axes = dims.map((_, axis) => axis);
      for (let k = axes.length - 1; k > 0; k--) {
        const other = k - pick(0, k);
        [axes[k], axes[other]] = [axes[other], axes[k]];
      }
      return {
        make: (space) => new Transpose(space, axes, { dtype }),
        whole: (x) =>
          indices(axes.map((axis) => x.dims[axis])).map((index) => {
            const from = axes.map((_, axis) => index[axes.indexOf(axis)]);
            return x.at(...from);
          }),
      };
    },
  },
  FirstDerivative: {
    cost: halos(1),
    draw: (given) => {
      const [kind, edge] = [kinds[given.pick(0, 2)], given.pick(0, 1) === 1];
      const order = given.pick(0, 1) === 1 ? 3 : 5;
      const how = { kind, edge, order, sampling: 0.5 } as const;
      return {
        make: (space) => new FirstDerivative(space, { ...options(given), ...how }),
        line: (x) => firstDerivative(x, how),
      };
    },
  },
  SecondDerivative: {
    cost: halos(1),
    draw: (given) => {
      const how = { kind: kinds[given.pick(0, 2)], edge: given.pick(0, 1) === 1, sampling: 2 };
      return {
        make: (space) => new SecondDerivative(space, { ...options(given), ...how }),
        line: (x) => secondDerivative(x, how),
      };
    },
  },
  Laplacian: {
    cost: always({ halo: 1 }),
    draw: ({ dims, dtype, pick }) => {
      const axes = dims.map((_, axis) => axis);
      const [weights, edge] = [axes.map(() => pick(1, 3)), pick(0, 1) === 1];
      return {
        make: (space) => new Laplacian(space, { axes, weights, edge, dtype }),
        whole: (x) => {
          const terms = axes.map((axis) => along(x, axis, (line) => secondDerivative(line, { edge })));
          return x.flat.map((_, i) => sum(terms.map((term, axis) => weights[axis] * term.flat[i])));
        },
      };
    },
  },
  Gradient: {
    cost: always({ halo: 1 }),
    draw: ({ dtype, pick }) => {
      const how = { kind: kinds[pick(0, 2)], edge: pick(0, 1) === 1, sampling: 0.5 };
      return {
        make: (space) => new Gradient(space, { ...how, dtype }),
        whole: (x) => x.dims.flatMap((_, axis) => along(x, axis, (line) => firstDerivative(line, how)).flat),
      };
    },
  },
  FirstDirectionalDerivative: {
    cost: always({ halo: 1 }),
    draw: (given) => {
      const direction = numbers(given, given.dims.length);
      return {
        make: (space) =>
          new FirstDirectionalDerivative(space, [...direction.slice(1), vectorOf(space, given.dtype)], {
            dtype: given.dtype,
          }),
        whole: directed(direction, given),
      };
    },
  },
  SecondDirectionalDerivative: {
    cost: always({ halo: 2 }),
    draw: (given) => {
      const direction = numbers(given, given.dims.length);
      /** −Dᵀ D, with the transpose by its entries. */
      const whole = (x: Field) => {
        const D = (field: Field) =>
          field.flat.map((_, i) =>
            sum(
              field.dims.map(
                (_, axis) => direction[axis] * along(field, axis, (line) => firstDerivative(line)).flat[i],
              ),
            ),
          );
        const image = D(x);
        return x.flat.map((_, j) => {
          const unit = { ...fieldFrom(x.dims, () => 0), flat: x.flat.map((_, i) => Number(i === j)) };
          const column = D(fieldFrom(x.dims, (...index) => unit.flat[indexOf(x.dims, index)]));
          return -sum(column.map((value, i) => value * image[i]));
        });
      };
      return {
        make: (space) => new SecondDirectionalDerivative(space, direction, { dtype: given.dtype }),
        whole,
      };
    },
  },
  "CausalIntegration, full": integration({ sampling: 0.5 }, (x) =>
    map(x.length, (i) => 0.5 * sum(x.slice(0, i + 1))),
  ),
  "CausalIntegration, half": integration({ kind: "half" }, (x) =>
    map(x.length, (i) => sum(x.slice(0, i)) + x[i] / 2),
  ),
  "CausalIntegration, trapezoidal": integration({ kind: "trapezoidal" }, (x) =>
    map(x.length, (i) => sum(map(i, (j) => (x[j] + x[j + 1]) / 2))),
  ),
  "CausalIntegration, removeFirst": integration({ kind: "trapezoidal", removeFirst: true }, (x) =>
    map(x.length - 1, (i) => sum(map(i + 1, (j) => (x[j] + x[j + 1]) / 2))),
  ),
  Regression: {
    cost: (split) => [{}, split ? fits : {}],
    draw: (given) => {
      const [t, order] = [numbers(given, given.dims[given.axis]), given.pick(0, 3)];
      return {
        make: (space) => new Regression(space, t, order, options(given)),
        line: (x) => t.map((abscissa) => sum(x.map((value, k) => value * abscissa ** k))),
      };
    },
    exact: false,
  },
  LinearRegression: {
    cost: (split) => [{}, split ? fits : {}],
    draw: (given) => {
      const t = numbers(given, given.dims[given.axis]);
      return {
        make: (space) => new LinearRegression(space, t, options(given)),
        line: ([constant, slope]) => t.map((abscissa) => constant + slope * abscissa),
      };
    },
    exact: false,
  },
  Spread: {
    cost: always({ alltoall: 1 }),
    draw: ({ dims, dtype, pick }) => {
      const [traces, samples, interpolate] = [pick(1, 5), pick(2, 7), pick(0, 1) === 1];
      const slope = pick(-3, 3) / 2;
      const curve = (ix0: number, it: number, ix: number) => (ix === 1 ? NaN : it + slope * (ix - ix0));
      return {
        make: (space) => {
          const data = withSpan(space, { first: 0, count: dims.length }, [traces, samples]);
          return new Spread(space, data, curve, { interpolate, dtype });
        },
        whole: (x) =>
          indices([traces, samples]).map(([ix, i]) =>
            sum(
              indices(x.dims).map(([ix0, it]) => {
                const position = curve(ix0, it, ix);
                if (Number.isNaN(position)) return 0;
                const share = interpolate
                  ? Math.max(0, 1 - Math.abs(position - i))
                  : Number(Math.floor(position) === i);
                return share * x.at(ix0, it);
              }),
            ),
          ),
      };
    },
    dims: twoAxes,
  },
  Real: {
    cost: nothing,
    draw: ({ dtype }) => ({ make: (space) => new Real(space, { dtype }), line: (re) => re }),
  },
  Imag: {
    cost: nothing,
    draw: () => ({ make: (space) => new Imag(space), line: (_, im) => im }),
  },
  Conj: {
    cost: nothing,
    draw: ({ dtype }) => ({
      make: (space) => new Conj(space, { dtype }),
      line: (x, imaginary) => x.map((re, i) => ({ re, im: -imaginary[i] })),
    }),
  },
};

const indexOf = (dims: readonly number[], index: readonly number[]) =>
  index.reduce((place, i, axis) => place * dims[axis] + i, 0);
