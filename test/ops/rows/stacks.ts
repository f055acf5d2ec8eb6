import { Batched } from "../../../src/ops/basic/batched.js";
import { Block } from "../../../src/ops/basic/block.js";
import { FirstDerivative } from "../../../src/ops/basic/first-derivative.js";
import { Flip } from "../../../src/ops/basic/flip.js";
import { Kronecker } from "../../../src/ops/basic/kronecker.js";
import { MatrixMult } from "../../../src/ops/basic/matrix-mult.js";
import { Reshaped } from "../../../src/ops/basic/reshaped.js";
import { BlockDiag, HStack, VStack } from "../../../src/ops/basic/stacks.js";
import { columnsOf } from "../../../src/ops/columns-of.js";
import { Sliding } from "../../../src/ops/signal/sliding.js";
import { along, type Field, fieldOf, firstDerivative, indices, type Line, map, matrixTimes, sum } from "./definitions.js"; // prettier-ignore
import { always, type Case, nothing, options, reals, type Row, twice, twoAxes } from "./row.js";

const derivative = (x: Field, axis: number) => along(x, axis, (line) => firstDerivative(line)).flat;
const flipped = (x: Field, axis: number) => along(x, axis, (line) => [...line].reverse()).flat;
const plus = (a: Line, b: Line): Line => a.map((value, i) => value + b[i]);

/** A model that is a stack of two arrays. */
const halves = ({ flat }: Field, { dims }: Case): [Field, Field] => {
  const size = flat.length / 2;
  return [fieldOf(dims, flat.slice(0, size)), fieldOf(dims, flat.slice(size))];
};

const ramp = (i: number, overlap: number, taper: string): number => {
  if (taper === "none" || i >= overlap) return 1;
  const rise = overlap === 1 ? 0.5 : Math.sin((Math.PI / 2) * (i / (overlap - 1))) ** 2;
  return taper === "cosine" ? Math.sqrt(rise) : rise;
};

/** The weight of sample i of window w of `count`. */
const weight = (
  i: number,
  window: number,
  w: number,
  count: number,
  overlap: number,
  taper: string,
): number =>
  (w > 0 ? ramp(i, overlap, taper) : 1) * (w < count - 1 ? ramp(window - 1 - i, overlap, taper) : 1);

const some = (split: boolean) => twice(split ? { halo: 1, alltoall: 1 } : {});

export const stacks: Readonly<Record<string, Row>> = {
  columnsOf: {
    cost: (split) => twice(split ? { halo: 1, alltoall: 1 } : { alltoall: 1 }),
    draw: (given) => {
      const size = given.dims.reduce((n, length) => n * length, 1);
      const columns = map(size === 0 ? 0 : 5, () => given.pick(0, size - 1));
      return {
        make: (space) => columnsOf(new FirstDerivative(space, options(given)), columns),
        whole: (x) => {
          const flat = map(size, (i) => sum(columns.map((column, k) => (column === i ? x.flat[k] : 0))));
          return derivative(fieldOf(given.dims, flat), given.axis);
        },
      };
    },
  },
  Batched: {
    cost: nothing,
    draw: (given) => {
      const matrix = reals(given, [2, given.dims[1]]);
      return {
        make: (space) => new Batched(new MatrixMult(matrix), space),
        whole: (x) => along(x, 1, (line) => matrixTimes(matrix.local, 2, line)).flat,
      };
    },
    dims: twoAxes,
    splits: 1,
  },
  Kronecker: {
    cost: always({ alltoall: 2 }),
    draw: (given) => {
      const [a, b] = [reals(given, [3, given.dims[0]]), reals(given, [2, given.dims[1]])];
      return {
        make: (space) => new Kronecker(new MatrixMult(a), new MatrixMult(b), space),
        whole: (x) => {
          const inner = along(x, 1, (line) => matrixTimes(b.local, 2, line));
          return along(inner, 0, (line) => matrixTimes(a.local, 3, line)).flat;
        },
      };
    },
    dims: twoAxes,
    splits: 1,
  },
  Sliding: {
    cost: always({ alltoall: 1 }),
    draw: (given) => {
      const taper = (["hanning", "cosine", "none"] as const)[given.pick(0, 2)];
      const matrix = reals(given, [4, 3]);
      const [n, traces] = given.dims;
      const overlap = n === 8 ? 0 : 1;
      const count = (n - 4) / (4 - overlap) + 1;
      return {
        make: (space) =>
          new Sliding(new MatrixMult(matrix, [traces]), space, { window: [4], overlap: [overlap], taper }),
        whole: (x) => {
          const windows = along(x, 1, (line) => matrixTimes(matrix.local, 4, line)); // [windows, 4, traces]
          return indices(given.dims).map(([i, trace]) =>
            sum(
              map(count, (w) => {
                const at = i - w * (4 - overlap);
                return weight(at, 4, w, count, overlap, taper) * windows.at(w, at, trace);
              }),
            ),
          );
        },
      };
    },
    dims: (pick) => [[4, 7, 8, 13][pick(0, 3)], pick(1, 3)],
    splits: 1,
  },
  "Sliding, patches": {
    cost: always({ alltoall: 1 }),
    draw: (given) => {
      const matrix = reals(given, [12, 5]);
      const counts = [(given.dims[0] - 3) / 2 + 1, (given.dims[1] - 4) / 2 + 1];
      return {
        make: (space) => {
          const patch = new Reshaped(new MatrixMult(matrix), { dimsd: [3, 4] });
          return new Sliding(patch, space, { window: [3, 4], overlap: [1, 2] });
        },
        whole: (x) => {
          const patches = along(x, 2, (line) => matrixTimes(matrix.local, 12, line)); // [windows, windows, 12]
          return indices(given.dims).map(([i, j]) =>
            sum(
              indices(counts).map(([v, w]) => {
                const [a, b] = [i - 2 * v, j - 2 * w];
                if (a < 0 || a >= 3 || b < 0 || b >= 4) return 0;
                const taper =
                  weight(a, 3, v, counts[0], 1, "hanning") * weight(b, 4, w, counts[1], 2, "hanning");
                return taper * patches.at(v, w, 4 * a + b);
              }),
            ),
          );
        },
      };
    },
    dims: (pick) => [3 + 2 * pick(0, 2), 4 + 2 * pick(0, 2)],
  },
  VStack: {
    cost: some,
    draw: (given) => ({
      make: (space) =>
        new VStack([new FirstDerivative(space, options(given)), new Flip(space, options(given))]),
      whole: (x) => [...derivative(x, given.axis), ...flipped(x, given.axis)],
    }),
  },
  HStack: {
    cost: some,
    draw: (given) => ({
      make: (space) =>
        new HStack([new FirstDerivative(space, options(given)), new Flip(space, options(given))]),
      whole: (x) => {
        const [first, second] = halves(x, given);
        return plus(derivative(first, given.axis), flipped(second, given.axis));
      },
    }),
  },
  BlockDiag: {
    cost: some,
    draw: (given) => ({
      make: (space) =>
        new BlockDiag([new FirstDerivative(space, options(given)), new Flip(space, options(given))]),
      whole: (x) => {
        const [first, second] = halves(x, given);
        return [...derivative(first, given.axis), ...flipped(second, given.axis)];
      },
    }),
  },
  Block: {
    cost: (split) => twice(split ? { halo: 1, alltoall: 3 } : {}),
    draw: (given) => ({
      make: (space) => {
        const [D, F] = [new FirstDerivative(space, options(given)), new Flip(space, options(given))];
        return new Block([
          [D, F],
          [F, F],
        ]);
      },
      whole: (x) => {
        const [first, second] = halves(x, given);
        const turned = flipped(second, given.axis);
        return [...plus(derivative(first, given.axis), turned), ...plus(flipped(first, given.axis), turned)];
      },
    }),
  },
};
