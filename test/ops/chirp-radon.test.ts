import { test } from "tap";
import { LocalArray } from "../../src/array/local-array.js";
import { ChirpRadon2D, ChirpRadon3D } from "../../src/ops/signal/chirp-radon.js";

void test("ChirpRadon2D: what chirps give, forward, adjoint and inverse", async (t) => {
  // By products with chirps and convolutions in NumPy, of sin(1 + 5 i + j), pmax 0.75.
  const golden = {
    forward: [-3.727435636, -1.491184296, 2.249140586, 3.306603234, 0.661097997, -2.850339408, -0.009489401],
    adjoint: [0.672252435, -0.373080173, -1.044604906, -0.091470531, 1.835125059, 0.464887591, -0.257323035],
    inverse: [0.009596604, -0.028944996, -0.090137293, -0.040990582, 0.150476267, 0.003959617, -0.045040063],
  };
  const A = new ChirpRadon2D([4, 5], 0.75);
  const x = LocalArray.fromFunction([4, 5], (i, j) => Math.sin(1 + 5 * i + j));
  const results = {
    forward: await A.matvec(x),
    adjoint: await A.rmatvec(x),
    inverse: await A.inverse.matvec(x),
  };
  for (const name of ["forward", "adjoint", "inverse"] as const)
    golden[name].forEach((value, k) => t.ok(Math.abs(results[name].local[k] - value) < 1e-8, `${name} ${k}`));
});

void test("ChirpRadon2D.inverse brings an event back to its place and size", async (t) => {
  const [n, nt] = [48, 96];
  const event = (k: number, it: number) => {
    const [slope, time] = [(k - 27) / 8, (it - 48) / 3];
    return Math.exp(-(slope ** 2)) * (1 - time ** 2) * Math.exp(-(time ** 2) / 2);
  };
  const model = LocalArray.fromFunction([n, nt], event);
  const A = new ChirpRadon2D([n, nt], 1);
  const found = await A.inverse.matvec(await A.matvec(model));
  t.ok((await found.sub(model).norm()) < 0.1 * (await model.norm()));
  t.equal(await found.argmax(), await model.argmax());
  t.ok(Math.abs(found.local[27 * nt + 48] - 1) < 0.1);
});

void test("ChirpRadon: bad arguments are errors that say so", (t) => {
  t.throws(() => new ChirpRadon2D([4, 5, 6], 1), /ChirpRadon2D: a model of \[4, 5, 6\]; it must have 2 axes/);
  t.throws(() => new ChirpRadon2D([4, 5], 0), /pmax \[0\]; give positive numbers/);
  t.throws(() => new ChirpRadon3D([4, 5, 6], [1, NaN]), /pmax \[1, NaN\]/);
  t.end();
});
