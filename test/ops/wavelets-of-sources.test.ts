import { test } from "tap";
import { gaussian, klauder, ormsby, ricker } from "../../src/ops/signal/wavelets.js";

const spectrum = (wavelet: Float64Array, dt: number, frequency: number) => {
  const middle = (wavelet.length - 1) / 2;
  return wavelet.reduce((sum, w, k) => sum + w * Math.cos(2 * Math.PI * frequency * (k - middle) * dt), 0);
};

test("wavelets are symmetric, and largest in their middle, where they are 1", async (t) => {
  const all = {
    ricker: ricker(41, 0.004, 20),
    gaussian: gaussian(41, 0.004, 0.02),
    ormsby: ormsby(41, 0.004, [5, 10, 40, 50]),
    klauder: klauder(41, 0.004, [10, 40], 4),
  };
  for (const [name, wavelet] of Object.entries(all)) {
    t.equal(wavelet.length, 81, name);
    t.equal(wavelet[40], 1);
    t.ok(wavelet.every((value, k) => Math.abs(value - wavelet[80 - k]) < 1e-12 && value <= 1));
  }
  const known = [0.38423, 0.82019, 1, 0.82019, 0.38423];
  t.ok(ricker(3, 0.004, 20).every((value, k) => Math.abs(value - known[k]) < 1e-5));
  t.ok(Math.abs(all.gaussian[45] - Math.exp(-0.5)) < 1e-14, "at one deviation");
});

test("spectra: a trapezoid of ormsby, the band of the sweep of klauder", async (t) => {
  const dt = 0.002;
  const trapezoid = ormsby(2000, dt, [5, 15, 40, 60]);
  const flat = spectrum(trapezoid, dt, 25);
  for (const [frequency, part] of [
    [10, 0.5],
    [15, 1],
    [30, 1],
    [40, 1],
    [50, 0.5],
    [2, 0],
    [70, 0],
  ])
    // prettier-ignore
    t.ok(Math.abs(spectrum(trapezoid, dt, frequency) / flat - part) < 0.01, `${frequency} Hz`);
  const sweep = klauder(1000, dt, [10, 40], 8);
  const inside = spectrum(sweep, dt, 25);
  for (const frequency of [15, 20, 35]) t.ok(Math.abs(spectrum(sweep, dt, frequency) / inside - 1) < 0.3);
  for (const frequency of [3, 60]) t.ok(Math.abs(spectrum(sweep, dt, frequency) / inside) < 0.05);
  const short = klauder(200, dt, [10, 40], 0.2);
  t.ok(
    short.every((value, k) => Math.abs(k - 199) * dt < 0.2 - 1e-9 || value === 0),
    "no longer than the sweep",
  );
});

test("wavelets of wrong arguments are errors", async (t) => {
  t.throws(() => ormsby(5, 0.004, [5, 10, 10, 20]), /ormsby: frequencies \[5, 10, 10, 20\]; give positive/);
  t.throws(() => klauder(5, 0.004, [20, 10], 1), /klauder: frequencies/);
  t.throws(() => klauder(5, 0.004, [10, 20], 0), /klauder: duration \[0\]/);
  t.throws(() => gaussian(5, 0.004, -1), /gaussian: deviation/);
  t.throws(() => gaussian(0, 0.004, 1), /gaussian: 0 samples/);
});
