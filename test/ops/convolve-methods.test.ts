import assert from "node:assert/strict";
import { Distribution } from "../../src/array/distribution.js";
import { type DType, isComplex, realOf } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import { fillByIndex, gatherAll } from "../../src/ops/columns.js";
import { dottest } from "../../src/ops/dottest.js";
import { Convolve1D } from "../../src/ops/signal/convolve1d.js";
import { ConvolveND } from "../../src/ops/signal/convolve-nd.js";
import { Shift } from "../../src/ops/signal/shift.js";
import { spmd } from "../spmd.js";

const wave = (dtype: DType) => (k: number) =>
  isComplex(dtype) ? { re: Math.sin(k * k + 1), im: Math.cos(3 * k + 1) } : Math.sin(k * k + 1);

await spmd(
  "Convolve1D: all methods give the same, on long and short axes, with filters longer than the axis, in every dtype",
  async (comm) => {
    for (const dtype of ["float32", "float64", "complex64", "complex128"] as const) {
      for (const [dims, axis, taps] of [
        [[1700, 2], 0, 37],
        [[2, 1300], 1, 37],
        [[9, 3], 0, 21],
        [[1, 4], 0, 3],
      ] as const) {
        // prettier-ignore
        const space = new Distribution(comm, dims);
        const filterType = isComplex(dtype) ? dtype : realOf(dtype);
        for (const offset of [0, (taps - 1) / 2, taps - 1]) {
          const filter = LocalArray.fromFunction([taps], wave(filterType), filterType);
          const [x, outputs] = [space.zeros(dtype), [] as { re: number; im: number }[][]];
          fillByIndex(x, wave(dtype));
          for (const method of ["direct", "fft", "overlapadd"] as const) {
            const op = new Convolve1D(space, filter, { axis, offset, method });
            if (method !== "direct" && offset === 0) await dottest(op);
            outputs.push([
              ...(await gatherAll(await op.matvec(x))),
              ...(await gatherAll(await op.rmatvec(x))),
            ]);
          }
          const [direct, ...others] = outputs;
          const tolerance = realOf(dtype) === "float32" ? 2e-5 : 1e-13;
          for (const other of others)
            assert.ok(
              other.every(({ re, im }, i) => Math.hypot(re - direct[i].re, im - direct[i].im) < tolerance),
            );
        }
      }
    }
  },
  { sizes: [1, 3], real: false },
);

await spmd(
  "Convolve1D chooses by the lengths; unknown methods and offsets are refused",
  async () => {
    const long = Float64Array.from({ length: 200 }, (_, j) => Math.cos(j));
    const x = LocalArray.fromFunction([1000], (i) => Math.sin(i));
    const [auto, direct] = [new Convolve1D([1000], long), new Convolve1D([1000], long, { method: "direct" })];
    const [a, d] = [(await auto.matvec(x)).local, (await direct.matvec(x)).local];
    assert.ok(a.some((value, i) => value !== d[i]) && a.every((value, i) => Math.abs(value - d[i]) < 1e-12)); // prettier-ignore
    assert.throws(
      () => new Convolve1D([9], [1, 2], { method: "fast" as "fft" }),
      /method "fast"; use "auto", "direct"/,
    );
    assert.throws(
      () => new Convolve1D([9], [1, 2], { method: "fft", offset: 2 }),
      /offset 2 in a filter of 2 samples/,
    );
    assert.throws(() => new Convolve1D([9], [], { method: "fft" }), RangeError);
  },
  { sizes: [1], real: false },
);

await spmd(
  "ConvolveND chooses by the sizes; the methods agree on split arrays, with real and complex filters",
  async (comm) => {
    const space = new Distribution(comm, [3, 40, 30]);
    for (const dtype of ["float64", "complex128"] as const) {
      const filter = LocalArray.fromFunction([19, 15], (i, j) => wave(dtype)(15 * i + j), dtype);
      const x = space.zeros(dtype);
      fillByIndex(x, wave(dtype));
      const results = [];
      for (const method of ["direct", "fft", "auto"] as const) {
        const op = new ConvolveND(space, filter, { offset: [9, 0], method });
        results.push(await gatherAll(await op.matvec(x)));
      }
      const [direct, fft, auto] = results;
      assert.ok(fft.every(({ re, im }, i) => Math.hypot(re - direct[i].re, im - direct[i].im) < 1e-11));
      assert.deepEqual(auto, fft, "285 samples are many");
    }
    const cross = LocalArray.from([3], [1, -2, 1]);
    assert.throws(() => new ConvolveND([9], cross, { method: "fast" as "fft" }), /ConvolveND: method "fast"/);
  },
  { sizes: [1, 3], real: false },
);

await spmd(
  "Shift: by whole samples it rolls, by parts it moves band-limited signals; there and back is where it was",
  async () => {
    const n = 12;
    const x = LocalArray.fromFunction([n], (i) => 1 + Math.cos((2 * Math.PI * 2 * i) / n));
    const near = (y: LocalArray, f: (i: number) => number) =>
      assert.ok(Array.from(y.local).every((value, i) => Math.abs(value - f(i)) < 1e-12));
    near(
      await new Shift([n], 3).matvec(LocalArray.fromFunction([n], (i) => i * i)),
      (i) => ((i + n - 3) % n) ** 2,
    );
    const half = new Shift([n], 0.1, { sampling: 0.2 });
    near(await half.matvec(x), (i) => 1 + Math.cos((2 * Math.PI * 2 * (i - 0.5)) / n));
    near(await half.rmatvec(await half.matvec(x)), (i) => x.local[i]);
    const two = new Shift([2, n], LocalArray.from([2, 1], [1, -1]));
    const y = await two.matvec(LocalArray.fromFunction([2, n], (_, i) => i));
    near(y, (k) => (k < n ? (k + n - 1) % n : (k + 1) % n));
    assert.throws(() => new Shift([4], NaN), /a shift of NaN/);
    assert.throws(() => new Shift([4], 1, { nfft: 3 }), /transforms of 3 on an axis of 4/);
    assert.throws(() => new Shift([2, 4], new LocalArray([2])), /shifts of dims \[2\]; give \[2, 1\]/);
  },
  { sizes: [1], real: false },
);
