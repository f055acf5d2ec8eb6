/**
 * Kernels against plain loops in V8 and, if python3 has them, NumPy and SciPy (as PyLops uses them), in the same run:
 *
 *     node dist/bench/kernels.js
 *
 * The best of many runs, in ns per element. `GB/s` counts each array that is read or written once.
 */
import { spawnSync } from "node:child_process";
import * as kernels from "../src/kernels/index.js";

const TRACE = 550; // samples along the contiguous axis of the stencils
const TAPS = 41;
const MIN_MS = 100;

interface Case {
  readonly name: string;
  /** Arrays read and written. */
  readonly passes: number;
  readonly kernel: (x: Float64Array, y: Float64Array) => unknown;
  readonly loop: (x: Float64Array, y: Float64Array) => unknown;
  /** Python, with x and y of shape (traces, 550), and w. */
  readonly numpy: string;
}

const wavelet = Float64Array.from({ length: TAPS }, (_, k) => ricker(k - (TAPS - 1) / 2));
const derivative = kernels.firstDerivative(TRACE);
const filter = kernels.convolution(TRACE, wavelet, (TAPS - 1) / 2);
const outer = (x: Float64Array) => x.length / TRACE;

const cases: readonly Case[] = [
  {
    name: "dot",
    passes: 2,
    kernel: (x, y) => kernels.dot(x, y),
    loop: (x, y) => {
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
      return sum;
    },
    numpy: "np.dot(x.ravel(), y.ravel())",
  },
  {
    name: "axpy",
    passes: 3,
    kernel: (x, y) => kernels.axpy(1e-9, x, y),
    loop: (x, y) => {
      for (let i = 0; i < x.length; i++) y[i] += 1e-9 * x[i];
    },
    numpy: "np.add(y, 1e-9 * x, out=y)",
  },
  {
    name: "scale",
    passes: 2,
    kernel: (x) => kernels.scale(-1, x),
    loop: (x) => {
      for (let i = 0; i < x.length; i++) x[i] *= -1;
    },
    numpy: "np.multiply(x, -1, out=x)",
  },
  {
    name: "soft threshold",
    passes: 2,
    kernel: (x, y) => kernels.softThreshold(0.1, x, y),
    loop: (x, y) => {
      for (let i = 0; i < x.length; i++) y[i] = Math.sign(x[i]) * Math.max(Math.abs(x[i]) - 0.1, 0);
    },
    numpy: "np.maximum(np.abs(x) - 0.1, 0.) * np.sign(x)",
  },
  {
    name: "first derivative",
    passes: 2,
    kernel: (x, y) => kernels.applyStencil(derivative, x, y, { outer: outer(x) }),
    loop: (x, y) => {
      for (let row = 0; row < x.length; row += TRACE) {
        y[row] = y[row + TRACE - 1] = 0;
        for (let i = row + 1; i < row + TRACE - 1; i++) y[i] = (x[i + 1] - x[i - 1]) / 2;
      }
    },
    numpy: "y[:, 1:-1] = 0.5 * (x[:, 2:] - x[:, :-2])",
  },
  {
    name: `convolution, ${TAPS} taps`,
    passes: 2,
    kernel: (x, y) => kernels.applyStencil(filter, x, y, { outer: outer(x) }),
    loop: (x, y) => {
      const half = (TAPS - 1) / 2;
      for (let row = 0; row < x.length; row += TRACE) {
        for (let i = 0; i < TRACE; i++) {
          let sum = 0;
          const end = Math.min(TRACE, i + half + 1);
          for (let j = Math.max(0, i - half); j < end; j++) sum += wavelet[i + half - j] * x[row + j];
          y[row + i] = sum;
        }
      }
    },
    numpy: "scipy.signal.fftconvolve(x, w[None, :], mode='same', axes=1)",
  },
];

for (const traces of [16, 5340]) {
  const n = traces * TRACE;
  console.log(`\n${n} float64 (${((n * 8) / 2 ** 20).toFixed(1)} MiB an array), ns per element`);
  console.log(row("", "kernel", "GB/s", "V8 loop", "× slower", "NumPy", "× slower"));
  const theirs = numpyTimes(traces);
  const [x, y] = [kernels.allocate("float64", n), kernels.allocate("float64", n)];
  for (let i = 0; i < n; i++) x[i] = y[i] = Math.sin(i);
  const [plainX, plainY] = [Float64Array.from(x), Float64Array.from(y)];
  for (const { name, passes, kernel, loop } of cases) {
    const ours = best(() => kernel(x, y)) / n;
    const plain = best(() => loop(plainX, plainY)) / n;
    const numpy = theirs?.get(name);
    const cells = [
      ours.toFixed(3),
      ((passes * 8) / ours).toFixed(1),
      plain.toFixed(3),
      (plain / ours).toFixed(1),
    ];
    console.log(row(name, ...cells, numpy?.toFixed(3) ?? "–", numpy ? (numpy / ours).toFixed(1) : "–"));
  }
  kernels.release(x);
  kernels.release(y);
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(22) + cells.map((cell) => cell.padStart(10)).join("");
}

function ricker(k: number): number {
  const a = (Math.PI * 15 * 0.004 * k) ** 2;
  return (1 - 2 * a) * Math.exp(-a);
}

/** The time of one call in ns: the best of as many as fit into `MIN_MS`, at least five. */
function best(call: () => unknown): number {
  let least = Infinity;
  const end = performance.now() + MIN_MS;
  for (let k = 0; k < 5 || performance.now() < end; k++) {
    const started = performance.now();
    call();
    least = Math.min(least, performance.now() - started);
  }
  return least * 1e6;
}

/** ns per element by name, or nothing if python3, NumPy or SciPy is missing. */
function numpyTimes(traces: number): ReadonlyMap<string, number> | undefined {
  const program = [
    "import os, time",
    "for name in ('OMP', 'OPENBLAS', 'MKL'): os.environ[name + '_NUM_THREADS'] = '1'",
    "import numpy as np, scipy.signal",
    `x = np.sin(np.arange(${traces * TRACE}, dtype=float)).reshape(${traces}, ${TRACE}); y = x.copy()`,
    `w = np.array(${JSON.stringify([...wavelet])})`,
    "def best(call):",
    `    least, end, k = 1e9, time.perf_counter() + ${MIN_MS / 1000}, 0`,
    "    while k < 5 or time.perf_counter() < end:",
    "        started = time.perf_counter(); call(); least = min(least, time.perf_counter() - started); k += 1",
    "    print(least * 1e9 / x.size)",
    ...cases.flatMap(({ numpy }, i) => [`def call${i}():`, `    ${numpy}`, `best(call${i})`]),
  ].join("\n");
  const { status, stdout } = spawnSync("python3", ["-c", program], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const times = stdout.trim().split("\n").map(Number);
  return new Map(cases.map(({ name }, i) => [name, times[i]]));
}
