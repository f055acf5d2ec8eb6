/**
 * Operators against what NumPy and SciPy need for the same products, taking turns with them in one run; and on n ranks
 * against one:
 *
 *     npx tsmpirun -n 1 bench/programs/operators.ts     # python3 with NumPy and SciPy beside it, if it is there
 *     npx tsmpirun -n 2 bench/programs/operators.ts     # each operator on both ranks, and on one alone
 *
 * Arrays of 4 Mi float64 unknowns. Medians of rounds, in ns per element; `--quick` takes fewer. A regular expression as an
 * argument chooses among the operators.
 */
import {
  Batched,
  CausalIntegration,
  Convolve1D,
  ConvolveND,
  DistributedArray,
  Distribution,
  FirstDerivative,
  init,
  Laplacian,
  LocalArray,
  MatrixMult,
  ricker,
  SecondDerivative,
  Smoothing1D,
  type Communicator,
  type LinearOperator,
} from "tsmpi";
import { startPython } from "./python.js";

const ROUNDS = process.argv.includes("--quick") ? 3 : 9;
const WARM_UP = 3;
const wanted = new RegExp(process.argv.slice(2).find((word) => !word.startsWith("--")) ?? "");
const FLAT = [2048, 2048];
const CUBE = [160, 160, 160];
const WAVELET = ricker(21, 0.004, 15);

interface Case {
  readonly name: string;
  readonly dims: readonly number[];
  readonly make: (space: Distribution) => LinearOperator<DistributedArray, DistributedArray>;
  /** Statements from x to y, of the shape of `dims`, forward and adjoint; of several ways the fastest counts. */
  readonly python: readonly (readonly [forward: string, adjoint: string])[];
  /** The steps of PyLops's operator: an array of zeros, the formula, and a division by the sampling. */
  readonly pylops?: readonly [forward: string, adjoint: string];
}

const BLOCK = LocalArray.fromFunction([64, 64], (i, j) => Math.sin(i + 2 * j));
const disc = LocalArray.fromFunction([7, 7], (i, j) => Math.exp(-((i - 3) ** 2) - (j - 3) ** 2));
const both = (statement: string) => [[statement, statement]] as const;
/** Second derivatives of PyLops's kind: temporaries, and rows at the ends that are zero. */
const second = (terms: readonly number[]) => {
  const along = (axis: number, slice: string) => `x[${":,".repeat(axis)}${slice}]`;
  const into = (axis: number, slice: string) => `y[${":,".repeat(axis)}${slice}]`;
  const forward = terms.map(
    (k) => `${into(k, "1:-1")} += ${along(k, "2:")} - 2 * ${along(k, "1:-1")} + ${along(k, ":-2")}`,
  );
  const adjoint = terms.flatMap((k) => [
    `${into(k, ":-2")} += ${along(k, "1:-1")}`,
    `${into(k, "1:-1")} -= 2 * ${along(k, "1:-1")}`,
    `${into(k, "2:")} += ${along(k, "1:-1")}`,
  ]);
  return [["y[:] = 0", ...forward].join("; "), ["y[:] = 0", ...adjoint].join("; ")] as const;
};

const steps = ([forward, adjoint]: readonly [string, string]) => {
  const whole = (statements: string) =>
    `z = np.zeros(x.shape); ${statements.replaceAll("y[", "z[")}; z /= 1.0`;
  return [whole(forward), whole(adjoint)] as const;
};
const first = (slices: readonly [after: string, before: string, inside: string]) => {
  const [after, before, inside] = slices;
  const forward = `y[${inside}] = 0.5 * (x[${after}] - x[${before}])`;
  const adjoint = `y[${before}] -= 0.5 * x[${inside}]; y[${after}] += 0.5 * x[${inside}]`;
  return { python: [[forward, `y[:] = 0; ${adjoint}`]], pylops: steps([forward, adjoint]) } as const;
};
/** A Laplacian of PyLops adds operators, each with its own zeros and its own division. */
const summed = (terms: readonly (readonly [string, string])[]) => {
  const sum = (direction: 0 | 1) =>
    terms.map((term, k) => `${term[direction]}; ${k ? "t = t + z" : "t = z"}`).join("; ");
  return [sum(0), sum(1)] as const;
};

const cases: readonly Case[] = [
  {
    name: "FirstDerivative, last axis",
    dims: FLAT,
    make: (space) => new FirstDerivative(space),
    ...first([":, 2:", ":, :-2", ":, 1:-1"]),
  },
  {
    name: "FirstDerivative, first axis",
    dims: FLAT,
    make: (space) => new FirstDerivative(space, { axis: 0 }),
    ...first(["2:", ":-2", "1:-1"]),
  },
  {
    name: "SecondDerivative, first axis",
    dims: FLAT,
    make: (space) => new SecondDerivative(space, { axis: 0 }),
    python: [second([0])],
    pylops: steps(second([0])),
  },
  {
    name: "Laplacian, two axes",
    dims: FLAT,
    make: (space) => new Laplacian(space),
    python: [second([0, 1])],
    pylops: summed([steps(second([0])), steps(second([1]))]),
  },
  {
    name: "Laplacian, three axes",
    dims: CUBE,
    make: (space) => new Laplacian(space, { axes: [0, 1, 2] }),
    python: [second([0, 1, 2])],
    pylops: summed([0, 1, 2].map((axis) => steps(second([axis])))),
  },
  {
    name: "Convolve1D, 41 taps, last axis",
    dims: FLAT,
    make: (space) => new Convolve1D(space, WAVELET, { offset: 20 }),
    python: [
      ...both("scipy.signal.fftconvolve(x, w[None, :], mode='same', axes=1)"),
      ...both("scipy.signal.oaconvolve(x, w[None, :], mode='same', axes=1)"),
      ...both("scipy.ndimage.convolve1d(x, w, axis=1, mode='constant', output=y)"),
    ],
  },
  {
    name: "Convolve1D, 41 taps, first axis",
    dims: FLAT,
    make: (space) => new Convolve1D(space, WAVELET, { offset: 20, axis: 0 }),
    python: [
      ...both("scipy.signal.fftconvolve(x, w[:, None], mode='same', axes=0)"),
      ...both("scipy.signal.oaconvolve(x, w[:, None], mode='same', axes=0)"),
      ...both("scipy.ndimage.convolve1d(x, w, axis=0, mode='constant', output=y)"),
    ],
  },
  {
    name: "ConvolveND, 7 × 7",
    dims: FLAT,
    make: (space) => new ConvolveND(space, disc, { offset: [3, 3] }),
    python: [
      ...both("scipy.signal.fftconvolve(x, f, mode='same')"),
      ...both("scipy.signal.oaconvolve(x, f, mode='same')"),
      ...both("scipy.ndimage.convolve(x, f, mode='constant', output=y)"),
    ],
  },
  {
    name: "Smoothing1D, 7, first axis",
    dims: FLAT,
    make: (space) => new Smoothing1D(space, 7, { axis: 0 }),
    python: both("scipy.ndimage.uniform_filter1d(x, 7, axis=0, mode='constant', output=y)"),
  },
  {
    name: "Block diagonal of matrices, 64 × 64",
    dims: [1024, 64, 64],
    make: (space) => new Batched(new MatrixMult(BLOCK, [64]), space),
    python: [["np.matmul(m, x, out=y)", "np.matmul(m.T, x, out=y)"]],
  },
  {
    name: "CausalIntegration, first axis",
    dims: FLAT,
    make: (space) => new CausalIntegration(space, { axis: 0 }),
    python: [["np.cumsum(x, axis=0, out=y)", "np.cumsum(x[::-1], axis=0, out=y)"]],
  },
  {
    name: "CausalIntegration, last axis",
    dims: FLAT,
    make: (space) => new CausalIntegration(space),
    python: [["np.cumsum(x, axis=1, out=y)", "np.cumsum(x[:, ::-1], axis=1, out=y)"]],
  },
];

const known = {
  w: { dims: [WAVELET.length], values: WAVELET },
  f: { dims: [7, 7], values: disc.local },
  m: { dims: [64, 64], values: BLOCK.local },
};

const world = await init();
const { rank, size } = world;
const python = size === 1 ? startPython(known) : undefined;
const them = size === 1 ? "NumPy / SciPy" : "one rank";
if (rank === 0)
  console.log(
    `${"ns per element".padEnd(34)}${`${size} rank${size > 1 ? "s" : ""}`.padStart(9)}${them.padStart(15)}   ratio${python ? "            PyLops's steps" : ""}`,
  );
for (const { name, dims, make, python: ways, pylops } of cases.filter(({ name }) => wanted.test(name))) {
  const ours = sideOf(world, dims, make);
  const alone = size > 1 && rank === 0 ? sideOf(world.self, dims, make) : undefined;
  for (const direction of ["forward", "adjoint"] as const) {
    const [mine, theirs, stepwise]: number[][] = [[], [], []];
    const of = ([forward, adjoint]: readonly [string, string]) =>
      direction === "forward" ? forward : adjoint;
    const way = await python?.fastest(dims, ways.map(of));
    const steps = pylops && (await python?.fastest(dims, [of(pylops)]));
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const seconds = await world.allreduce(await timed(world, () => ours(direction)), { op: "max" });
      const other = alone ? await timed(world.self, () => alone(direction)) : await way?.();
      const third = await steps?.();
      await world.barrier();
      if (round < 0) continue; // what is allocated and compiled on first use
      mine.push(seconds);
      theirs.push(other ?? NaN);
      stepwise.push(third ?? NaN);
    }
    if (rank === 0) console.log(row(`${name}, ${direction}`, dims, median(mine), median(theirs), median(stepwise))); // prettier-ignore
  }
}
python?.end();

function sideOf(comm: Communicator, dims: readonly number[], make: Case["make"]) {
  const op = make(new Distribution(comm, dims));
  const [x, y] = [op.model.zeros(), op.data.zeros()];
  for (let i = 0; i < x.local.length; i++) x.local[i] = Math.sin(i);
  return (direction: "forward" | "adjoint") => (direction === "forward" ? op.matvec(x, y) : op.rmatvec(y, x));
}

async function timed(comm: Communicator, product: () => Promise<unknown>): Promise<number> {
  for (let k = 0; k < 3; k++) await comm.barrier(); // the first wakes ranks that sleep, the others find all awake
  const start = performance.now();
  await product();
  return (performance.now() - start) / 1000;
}

function row(name: string, dims: readonly number[], ours: number, theirs: number, third: number): string {
  const perElement = (seconds: number) =>
    ((seconds * 1e9) / dims.reduce((n, length) => n * length, 1)).toFixed(2);
  const cells = (seconds: number): [string, string] => {
    if (Number.isNaN(seconds)) return ["", ""];
    const times = `${(seconds / ours).toFixed(1)} × as fast`;
    return [perElement(seconds), size === 1 ? times : `${(ours / seconds).toFixed(2)} of its time`];
  };
  const others = [theirs, third]
    .map(cells)
    .map(([time, ratio]) => `${time.padStart(12)}   ${ratio.padEnd(16)}`);
  return `${name.padEnd(42)}${perElement(ours).padStart(8)}${others.join("")}`.trimEnd();
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}
