import assert from "node:assert/strict";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import type { DType } from "../../src/array/dtype.js";
import { FFT } from "../../src/ops/signal/fft.js";
import { fftshift, ifftshift } from "../../src/ops/signal/fftshift.js";
import { realRanks, spmd } from "../spmd.js";

await spmd("fftshift rolls by half an axis, ifftshift back, odd or even, split or not", async (comm) => {
  for (const dtype of ["int32", "float32", "complex128"] as const satisfies readonly DType[]) {
    for (const grid of [
      [comm.size, 1],
      [1, comm.size],
    ]) {
      // prettier-ignore
      const space = new Distribution(comm, [5, 4], { grid });
      const x = DistributedArray.fromFunction(space, (i, j) => 10 * i + j, dtype);
      const both = await fftshift(x);
      assert.equal(both.dtype, dtype);
      const rolled = (i: number, j: number) => 10 * ((i + 3) % 5) + ((j + 2) % 4);
      assert.deepEqual(both.local, DistributedArray.fromFunction(space, rolled, dtype).local);
      assert.deepEqual((await ifftshift(both)).local, x.local);
      const last = (i: number, j: number) => 10 * i + ((j + 2) % 4);
      assert.deepEqual(
        (await fftshift(x, -1)).local,
        DistributedArray.fromFunction(space, last, dtype).local,
      );
    }
  }
});

await spmd("fftshift of a spectrum is what the transform's own option gives", async (comm) => {
  const space = new Distribution(comm, [7]);
  const x = DistributedArray.fromFunction(space, (i) => Math.sin(i * i));
  const spectrum = await new FFT(space).matvec(x);
  const shifted = await new FFT(space, { fftshiftAfter: true }).matvec(x);
  const difference = (await fftshift(spectrum)).sub(shifted);
  assert.ok((await difference.norm()) < 1e-14);
});

await realRanks(import.meta.url);
