import { test } from "tap";
import { fft, fftw, type Reals, useLibraries } from "../../src/kernels/index.js";
import { numbers, place, type Placement, type Real } from "./arrays.js";

interface Numbers {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The transform by its definition, in double precision. */
function dft({ re, im }: Numbers, inverse = false): Numbers {
  const n = re.length;
  const y = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = ((inverse ? 2 : -2) * Math.PI * ((j * k) % n)) / n;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      y.re[k] += re[j] * cos - im[j] * sin;
      y.im[k] += re[j] * sin + im[j] * cos;
    }
  }
  return y;
}

/** Line (o, i) of an array of [outer, rows, inner], with its rows shifted and filled up or cut to n. */
function lineOf(
  x: Reals,
  rows: number,
  inner: number,
  o: number,
  i: number,
  n: number,
  numbers: 1 | 2,
  shift = 0,
): Numbers {
  const line = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let row = 0; row < Math.min(rows, n); row++) {
    const at = ((o * rows + ((row + shift) % rows)) * inner + i) * numbers;
    line.re[row] = x[at];
    if (numbers === 2) line.im[row] = x[at + 1];
  }
  return line;
}

/** Largest difference of two lines, relative to the root of the sum of squares. */
function difference(actual: Numbers, expected: Numbers, count = expected.re.length): number {
  let [worst, sum] = [0, 0];
  for (let k = 0; k < count; k++) {
    worst = Math.max(worst, Math.abs(actual.re[k] - expected.re[k]), Math.abs(actual.im[k] - expected.im[k]));
    sum += expected.re[k] ** 2 + expected.im[k] ** 2;
  }
  return worst / Math.sqrt(sum || 1);
}

const tolerance = { float32: 1e-6, float64: 1e-15 } as const;
const LENGTHS = [
  ...Array.from({ length: 64 }, (_, i) => i + 1),
  67,
  97,
  101,
  121,
  127,
  128,
  169,
  210,
  243,
  289,
  529,
];
const types = ["float32", "float64"] as const;

/** With our kernels alone, and with the FFTW of this machine. */
const ways = types.flatMap((type) => [
  { type, name: "own kernels", byFftw: false, skip: false },
  { type, name: "FFTW", byFftw: true, skip: fftw(type) === undefined && "no FFTW on this machine" },
]);

for (const { type, name: way, byFftw, skip } of ways) {
  void test(
    `fft of ${type} equals the definition for every length to 64, primes and powers; ${way}`,
    { skip },
    async (t) => {
      useLibraries({ fftw: byFftw });
      for (const n of LENGTHS) {
        const x = place(numbers(2 * n, n), type, "heap");
        const y = place(numbers(2 * n, 7), type, "heap");
        for (const inverse of [false, true]) {
          fft({ data: x, rows: n }, { data: y, rows: n }, { n, inverse });
          const error = difference(lineOf(y, n, 1, 0, 0, n, 2), dft(lineOf(x, n, 1, 0, 0, n, 2), inverse));
          t.ok(error < 3 * tolerance[type], `length ${n}${inverse ? ", inverse" : ""}: ${error}`);
        }
      }
    },
  );

  void test(
    `fft of real ${type} is half of the transform, and back gives the numbers; ${way}`,
    { skip },
    async (t) => {
      useLibraries({ fftw: byFftw });
      for (const n of LENGTHS) {
        const half = Math.floor(n / 2) + 1;
        const x = place(numbers(n, n), type, "heap");
        const y = place(numbers(2 * half, 7), type, "heap");
        const z = place(numbers(n, 8), type, "heap");
        fft({ data: x, rows: n }, { data: y, rows: half }, { n, real: true });
        const whole = dft(lineOf(x, n, 1, 0, 0, n, 1));
        const error = difference(lineOf(y, half, 1, 0, 0, half, 2), whole, half);
        t.ok(error < 3 * tolerance[type], `length ${n}: ${error}`);
        fft({ data: y, rows: half }, { data: z, rows: n }, { n, real: true, inverse: true, scale: 1 / n });
        t.ok(
          difference(lineOf(z, n, 1, 0, 0, n, 1), lineOf(x, n, 1, 0, 0, n, 1)) < 3 * tolerance[type],
          `length ${n}, back`,
        );
      }
    },
  );
}

void test("fft of real numbers: rows between the ends times a factor, both ways; the ends' imaginary parts do not count", async (t) => {
  for (const n of [1, 2, 5, 6, 8, 9]) {
    const half = Math.floor(n / 2) + 1;
    const last = n % 2 === 0 ? half - 1 : half;
    const spectrum = place(numbers(2 * half, 5), "float64", "heap");
    const [x, z] = [new Float64Array(n), new Float64Array(n)];
    fft({ data: spectrum, rows: half }, { data: x, rows: n }, { n, real: true, inverse: true, middle: 3 });
    const changed = spectrum.slice();
    changed[1] = n % 2 === 0 ? (changed[2 * half - 1] = 17) : 17;
    for (let k = 1; k < last; k++)
      [changed[2 * k], changed[2 * k + 1]] = [3 * changed[2 * k], 3 * changed[2 * k + 1]];
    fft({ data: changed, rows: half }, { data: z, rows: n }, { n, real: true, inverse: true });
    t.same(z.map((value) => Math.round(value * 1e12)), x.map((value) => Math.round(value * 1e12))); // prettier-ignore
    const [plain, scaled] = [new Float64Array(2 * half), new Float64Array(2 * half)];
    fft({ data: x, rows: n }, { data: plain, rows: half }, { n, real: true });
    fft({ data: x, rows: n }, { data: scaled, rows: half }, { n, real: true, middle: 3, scale: 2 });
    for (let k = 0; k < 2 * half; k++) {
      const middle = k >= 2 && k < 2 * last;
      t.ok(Math.abs(scaled[k] - plain[k] * (middle ? 6 : 2)) < 1e-12, `length ${n}, number ${k}`);
    }
  }
});

/** Every axis, zeros around, parts left out, and shifts: each line as by itself, whatever surrounds it. */
function checkAxes(type: Real, placement: Placement): void {
  void test(`fft along any axis, padded, cut and shifted: every line has its own bits (${type}, ${placement})`, async (t) => {
    useLibraries({ fftw: false });
    for (const n of [6, 8, 29]) {
      for (const [outer, inner] of [
        [1, 1],
        [3, 1],
        [1, 5],
        [2, 7],
        [2, 70],
      ]) {
        // prettier-ignore
        for (const [rowsIn, rowsOut, shiftIn, shiftOut] of [[n, n, 0, 0], [n - 2, n, 2, 3], [n + 3, n - 1, 1, 0], [n, n + 2, 0, 4], [0, n, 0, 0]]) { // prettier-ignore
          const x = place(numbers(2 * outer * rowsIn * inner, n), type, placement);
          const y = place(numbers(2 * outer * n * inner, 3).slice(0, 2 * outer * rowsOut * inner).concat(numbers(Math.max(0, 2 * outer * (rowsOut - n) * inner), 4)), type, placement); // prettier-ignore
          fft({ data: x, rows: rowsIn, shift: shiftIn }, { data: y, rows: rowsOut, shift: shiftOut }, { n, outer, inner });
          for (let o = 0; o < outer; o++) {
            for (let i = 0; i < inner; i += 3) {
              const line = lineOf(x, rowsIn, inner, o, i, n, 2, shiftIn);
              const alone = place(interleaved(line), type, "heap");
              fft({ data: alone, rows: n }, { data: alone, rows: n }, { n });
              const expected = lineOf(alone, n, 1, 0, 0, rowsOut, 2);
              const actual = lineOf(y, rowsOut, inner, o, i, rowsOut, 2, shiftOut);
              t.same(interleaved(actual), interleaved(expected), `n ${n}, [${outer}, ${rowsIn} → ${rowsOut}, ${inner}]`);
            }
          }
        }
      }
    }
  });
}

checkAxes("float64", "heap");
checkAxes("float32", "heap");
checkAxes("float64", "ordinary");

function interleaved({ re, im }: Numbers): number[] {
  return Array.from(re, (value, k) => [value, im[k]]).flat();
}

for (const { type, name: way, byFftw, skip } of ways) {
  void test(
    `fft of long lines: impulses become waves, and waves impulses; ${type}, ${way}`,
    { skip },
    async (t) => {
      useLibraries({ fftw: byFftw });
      for (const n of [2 ** 17, 3 * 2 ** 15, 70001]) {
        const x = place(new Float64Array(2 * n), type, "heap");
        const y = place(new Float64Array(2 * n), type, "heap");
        x[2 * 5] = 1;
        fft({ data: x, rows: n }, { data: y, rows: n }, { n });
        let worst = 0;
        for (let k = 0; k < n; k++) {
          const angle = (2 * Math.PI * ((5 * k) % n)) / n;
          worst = Math.max(
            worst,
            Math.abs(y[2 * k] - Math.cos(angle)),
            Math.abs(y[2 * k + 1] + Math.sin(angle)),
          );
        }
        t.ok(worst < (type === "float32" ? 2e-6 : 2e-15), `${type} ${n}: ${worst}`);
        fft({ data: y, rows: n }, { data: y, rows: n }, { n, inverse: true, scale: 1 / n });
        t.ok(
          Math.abs(y[10] - 1) < 1e-6 && Math.abs(y[11]) < 1e-6 && Math.abs(y[12]) < 1e-6,
          "and back, in place",
        );
        const real = place(numbers(n), type, "heap");
        const spectrum = place(new Float64Array(2 * (Math.floor(n / 2) + 1)), type, "heap");
        const back = place(new Float64Array(n), type, "heap");
        fft({ data: real, rows: n }, { data: spectrum, rows: spectrum.length / 2 }, { n, real: true });
        fft(
          { data: spectrum, rows: spectrum.length / 2 },
          { data: back, rows: n },
          { n, real: true, inverse: true, scale: 1 / n },
        );
        const error = Array.from(back, (value, i) => Math.abs(value - real[i])).reduce(
          (a, b) => Math.max(a, b),
          0,
        );
        t.ok(error < (type === "float32" ? 1e-5 : 1e-14), `real numbers there and back: ${error}`);
      }
    },
  );
}

void test("fft refuses lengths that do not fit", async (t) => {
  const [x, y] = [new Float64Array(12), new Float32Array(12)];
  t.throws(
    () => fft({ data: x, rows: 6 }, { data: x, rows: 6 }, { n: 0 }),
    /length 0; give a positive integer/,
  );
  t.throws(
    () => fft({ data: x, rows: 5 }, { data: x, rows: 6 }, { n: 6 }),
    /x has 12 numbers, its layout \[1, 5, 1\]/,
  );
  t.throws(
    () => fft({ data: x, rows: 6 }, { data: x, rows: 6 }, { n: 6, real: true }),
    /has 6; make them equal/,
  );
  t.throws(() => fft({ data: x, rows: 6 }, { data: y, rows: 6 }, { n: 6 }), TypeError);
  t.throws(() => fft({ data: x, rows: 6, shift: -1 }, { data: x, rows: 6 }, { n: 6 }), /shift -1/);
});
