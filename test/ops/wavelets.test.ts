import { test } from "tap";
import { LocalArray } from "../../src/array/local-array.js";
import { coiflet } from "../../src/ops/signal/coiflet.js";
import { daubechies, symlet } from "../../src/ops/signal/daubechies.js";
import { DWT, DWT2D, DWTND } from "../../src/ops/signal/dwt.js";
import { waveletFilters } from "../../src/ops/signal/wavelet-filters.js";

const near = (actual: ArrayLike<number>, expected: readonly number[], tolerance: number) =>
  actual.length === expected.length && expected.every((value, i) => Math.abs(actual[i] - value) <= tolerance);

const count = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, k) => from + k);
const SPLINES = ["1.1", "1.3", "1.5", "2.2", "2.4", "2.6", "2.8", "3.1", "3.3", "3.5", "3.7", "3.9"];
const BIORTHOGONAL = [...SPLINES, "4.4", "5.5", "6.8"];
const ORTHOGONAL = [
  ...count(1, 38).map((k) => `db${k}`),
  ...count(2, 20).map((k) => `sym${k}`),
  ...count(1, 13).map((k) => `coif${k}`),
];

/** Moments of the wavelet that goes with a scaling filter: Σ (−1)ᵏ kᵖ h[k]. */
const moment = (h: Float64Array, power: number, middle = 0) =>
  h.reduce((sum, weight, k) => sum + (k % 2 === 0 ? 1 : -1) * weight * (k - middle) ** power, 0);

void test("every wavelet: both filters sum to √2, and are orthogonal to each other shifted by two", async (t) => {
  for (const name of [...ORTHOGONAL, ...BIORTHOGONAL.flatMap((n) => [`bior${n}`, `rbio${n}`])]) {
    const { analysis, synthesis } = waveletFilters(name);
    const taps = analysis.length;
    t.equal(synthesis.length, taps);
    for (const filter of [analysis, synthesis])
      t.ok(Math.abs(filter.reduce((sum, x) => sum + x, 0) - Math.SQRT2) < 1e-12, name);
    for (let m = -taps / 2 + 1; m < taps / 2; m++) {
      const product = analysis.reduce((sum, x, k) => sum + x * (synthesis[k + 2 * m] ?? 0), 0);
      t.ok(Math.abs(product - Number(m === 0)) < 1e-13, `${name}, shifted by ${2 * m}: ${product}`);
    }
  }
});

void test("filters of the tables: Haar, Daubechies 2, symlet 4, coiflet 1, 9/7 and 5/3", async (t) => {
  const [r2, r3, r7] = [2, 3, 7].map(Math.sqrt);
  t.ok(near(daubechies(1), [1 / r2, 1 / r2], 1e-15));
  const two = [1 + r3, 3 + r3, 3 - r3, 1 - r3].map((x) => x / (4 * r2));
  t.ok(near(daubechies(2), two, 1e-14));
  t.ok(near(symlet(2), two, 1e-14));
  const last = daubechies(38); // of the tables in general use
  t.ok(Math.abs(last[0] / 1.425776641674131672e-6 - 1) < 1e-13, `${last[0]}`);
  t.ok(near(symlet(4).map(Math.abs), [0.0322, 0.0126, 0.0992, 0.2979, 0.8037, 0.4976, 0.0296, 0.0758], 5e-5));
  const one = [1 - r7, 5 + r7, 14 + 2 * r7, 14 - 2 * r7, 1 - r7, -3 + r7].map((x) => x / (16 * r2));
  t.ok(near(coiflet(1), one, 1e-12), String(coiflet(1)));
  // The largest samples in PyWavelets' tables.
  t.ok(Math.abs(Math.max(...coiflet(6)) - 0.7684032575798925) < 1e-15);
  t.ok(Math.abs(Math.max(...coiflet(13)) - 0.7485538324581938) < 1e-15);
  const { analysis, synthesis } = waveletFilters("bior4.4"); // ISO 15444-1, table F.4, times √2
  t.ok(near(analysis, [0.026749, -0.016864, -0.078223, 0.266864, 0.602949, 0.266864, -0.078223, -0.016864, 0.026749, 0].map((x) => x * r2), 1e-6)); // prettier-ignore
  t.ok(near(synthesis, [0, -0.045636, -0.028772, 0.295636, 0.557543, 0.295636, -0.028772, -0.045636, 0, 0].map((x) => x * r2), 1e-6)); // prettier-ignore
  t.ok(
    near(
      waveletFilters("bior2.2").analysis,
      [-1, 2, 6, 2, -1, 0].map((x) => (x * r2) / 8),
      1e-15,
    ),
  );
});

void test("moments vanish as many as the name says, and coiflets' scaling functions have none of their own", async (t) => {
  for (const k of count(1, 20)) {
    const filters = k === 1 ? [daubechies(1)] : [daubechies(k), symlet(k)];
    for (const h of filters)
      for (const power of count(0, Math.min(3, k - 1)))
        t.ok(Math.abs(moment(h, power, k)) < 1e-7, `${k}, ${power}`);
  }
  for (const k of count(1, 13)) {
    const h = coiflet(k);
    for (const power of count(1, Math.min(5, 2 * k - 1))) {
      const own = h.reduce((sum, x, i) => sum + x * (i - 2 * k) ** power, 0);
      t.ok(Math.abs(own) < 1e-9 && Math.abs(moment(h, power, 2 * k)) < 1e-9, `coif${k}, ${power}: ${own}`);
    }
  }
});

void test("symlets are less asymmetric than Daubechies' filters: energy is nearer to the middle", async (t) => {
  const lopsided = (h: Float64Array) =>
    Math.abs(h.reduce((sum, x, k) => sum + x * x * (k - (h.length - 1) / 2), 0));
  for (const k of count(4, 20)) t.ok(lopsided(symlet(k)) < 0.5 * lopsided(daubechies(k)), `${k}`);
});

void test("DWT: Haar by its definition; the inverse undoes it, and is the adjoint of an orthogonal one", async (t) => {
  const x = LocalArray.from([4], [4, 2, 5, 5]);
  const r = Math.SQRT1_2;
  t.ok(near((await new DWT([4]).matvec(x)).local, [6 * r, 10 * r, 2 * r, 0], 1e-12));
  t.ok(near((await new DWT([4], { level: 2 }).matvec(x)).local, [8, -2, 2 * r, 0], 1e-12));
  const random = LocalArray.fromFunction([16, 7], (i, j) => Math.sin(3 * i + j * j));
  for (const wavelet of [
    "db3",
    "db12",
    "sym5",
    "sym20",
    "coif2",
    "coif5",
    "bior2.2",
    "bior4.4",
    "rbio6.8",
    "bior3.1",
  ]) {
    const op = new DWT2D([16, 7], { wavelet, level: 2 });
    const coefficients = await op.matvec(random);
    t.ok(near((await op.inverse.matvec(coefficients)).local, [...random.local], 1e-10), wavelet);
    if (/bior|rbio/.test(wavelet)) continue;
    t.ok(near((await op.rmatvec(coefficients)).local, [...random.local], 1e-10), wavelet);
  }
  t.same(new DWT([5, 2], { axis: 0, level: 2 }).dimsd, [8, 2]);
  t.throws(() => new DWTND([4], { axes: [0, -1] }), /name one at least, and each once/);
  for (const wavelet of ["db39", "sym1", "coif14", "bior2.1", "db", "morl", "constructor"])
    t.throws(() => new DWT([4], { wavelet }), new RegExp(`wavelet "${wavelet}"; use "haar"`));
});
