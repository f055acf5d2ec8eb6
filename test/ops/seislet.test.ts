import assert from "node:assert/strict";
import { test } from "tap";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import { simulate } from "../../src/comm/simulate.js";
import { Seislet } from "../../src/ops/signal/seislet.js";

const wave = (x: number, t: number) => Math.exp(-(((t - 12 - 0.8 * x) / 3) ** 2));

void test("Seislet: the inverse gives the array back, on any number of ranks", async () => {
  for (const size of [1, 2, 3, 4, 7]) {
    await simulate(size, async (comm) => {
      const dims = [11, 40];
      const slopes = LocalArray.fromFunction(dims, (x, t) => Math.sin(x + t / 5));
      for (const kind of ["haar", "linear"] as const) {
        const space = new Distribution(comm, dims, { grid: kind === "haar" ? [size, 1] : [1, size] });
        const S = new Seislet(space, slopes, { kind, dtype: "complex128" });
        const x = DistributedArray.fromFunction(
          space,
          (i, j) => ({ re: wave(i, j), im: i - j }),
          "complex128",
        );
        const back = await S.inverse.matvec(await S.matvec(x));
        assert.ok((await back.axpy(-1, x).norm()) < 1e-11 * (await x.norm()));
      }
    });
  }
});

void test("Seislet: what follows the slopes goes to one trace of coefficients, what does not to many", async () => {
  const dims = [16, 40];
  const x = LocalArray.fromFunction(dims, wave);
  for (const kind of ["haar", "linear"] as const) {
    const details = async (slope: number) => {
      const S = new Seislet(
        dims,
        LocalArray.fromFunction(dims, () => 5 * slope),
        { kind, sampling: [2, 10] },
      );
      const { local } = await S.matvec(x);
      return Math.hypot(...local.subarray(40)) / Math.hypot(...local);
    };
    assert.ok((await details(0.8)) < 0.01, "along the slope");
    assert.ok((await details(0)) > 0.3, "straight across");
  }
});

void test("Seislet: what does not fit is an error", async () => {
  const slopes = LocalArray.from([2, 3], new Float64Array(6));
  assert.throws(() => new Seislet([3, 2], slopes), /slopes of \[2, 3\] for arrays of \[3, 2\]; both are/);
  assert.throws(() => new Seislet([2, 3], slopes, { level: -1 }), /level -1/);
  assert.throws(() => new Seislet([2, 3], slopes, { taps: 0 }), /0 taps/);
  assert.throws(() => new Seislet([2, 3], slopes, { sampling: [1, 0] }), /distance over time is Infinity/);
  await Promise.resolve();
});
