import assert from "node:assert/strict";
import type { BlockSpace, BlockVector } from "../../src/array/blocks.js";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import type { DType } from "../../src/array/dtype.js";
import { LocalArray } from "../../src/array/local-array.js";
import { LocalSpace } from "../../src/array/local-space.js";
import type { Communicator } from "../../src/comm/types.js";
import { fillByIndex } from "../../src/ops/columns.js";
import { dottest } from "../../src/ops/dottest.js";
import { FFT } from "../../src/ops/signal/fft.js";
import { FFT2D } from "../../src/ops/signal/fft2d.js";
import { FFTND, type FftNDOptions } from "../../src/ops/signal/fft-nd.js";
import { todense } from "../../src/ops/todense.js";
import { realRanks, spmd } from "../spmd.js";

/** Options of all kinds, for arrays of three axes. */
const VARIANTS: readonly Omit<FftNDOptions<never>, "to">[] = [
  {},
  { norm: "none", axes: [0] },
  { norm: "1/n", axes: [2, 0], nffts: [undefined, 8], ifftshiftBefore: true },
  { axes: [1], nffts: [2] },
  { axes: [1, 0], fftshiftAfter: [true, false], ifftshiftBefore: [false, true] },
  { real: true },
  { real: true, axes: [0, 1], norm: "none", nffts: [7, 6], fftshiftAfter: [true, false] },
  { real: true, axes: [2, 0], norm: "1/n", ifftshiftBefore: true },
];

const DIMS = [5, 4, 3];
const wave = (index: number) => ({ re: Math.sin(index + 1), im: Math.cos(3 * index) });

function filled<V>(space: BlockSpace<V>, dtype: DType): V {
  const vector = space.zeros(dtype);
  fillByIndex(vector, wave);
  return vector;
}

function spaces(comm: Communicator, dims: readonly number[]): Distribution[] {
  const { size } = comm;
  const uneven = Array.from({ length: size }, (_, rank) => (rank === size - 1 ? dims[0] : 0));
  const options = [
    {},
    { grid: [1, size, 1] },
    { grid: [1, 1, size] },
    { blocks: [uneven] },
    { replicated: true },
    ...(size === 4 ? [{ grid: [2, 2, 1] }, { grid: [2, 1, 2] }] : []),
  ];
  return options.map((option) => new Distribution(comm, dims, option));
}

function make<V extends BlockVector<V>>(space: BlockSpace<V>, options: FftNDOptions<V>): FFTND<V> {
  return new FFTND(space, { engine: "own", ...options });
}

/** The whole of an array on every rank. */
async function numbersOf(array: DistributedArray): Promise<number[]> {
  return [...(await array.asarray()).local];
}

await spmd(
  "Fourier transforms of distributed arrays have the bits of local ones, both ways, in every layout",
  async (comm) => {
    for (const dtype of comm.size === 4
      ? (["complex128", "complex64"] as const)
      : (["complex128"] as const)) {
      for (const variant of VARIANTS) {
        const local = make(new LocalSpace(DIMS), { ...variant, dtype });
        const forward = await local.matvec(filled(new LocalSpace(DIMS), dtype));
        const adjoint = await local.rmatvec(filled(new LocalSpace(local.dimsd), dtype));
        for (const space of spaces(comm, DIMS)) {
          for (const to of [undefined, "transposed"] as const) {
            const op = make(space, { ...variant, dtype, to });
            const y = await op.matvec(filled(space, dtype));
            assert.deepEqual(
              await numbersOf(y),
              [...forward.local],
              `${op.toString()} ${JSON.stringify(variant)}`,
            );
            const x = await op.rmatvec(filled(y.distribution, dtype));
            assert.deepEqual(await numbersOf(x), [...adjoint.local], `adjoint of ${op.toString()}`);
          }
        }
      }
    }
  },
);

await spmd(
  "Fourier transforms pass the dot test, are isometries, and are undone by their inverses",
  async (comm) => {
    for (const dtype of ["complex128", "complex64"] as const) {
      for (const engine of ["own", "auto"] as const) {
        for (const variant of VARIANTS) {
          const space = new Distribution(comm, DIMS, { grid: [1, comm.size, 1] });
          const op = new FFTND(space, { ...variant, dtype, engine });
          await dottest(op);
          if (variant.nffts?.includes(2)) continue; // cuts samples off
          const x = space.zeros(dtype);
          fillByIndex(x, (index) => (variant.real ? wave(index).re : wave(index)));
          const y = await op.matvec(x);
          const tolerance = dtype === "complex64" ? 1e-5 : 1e-12;
          if ((variant.norm ?? "ortho") === "ortho")
            assert.ok(Math.abs((await y.norm()) / (await x.norm()) - 1) < tolerance, JSON.stringify(variant));
          const back = await op.inverse.matvec(y);
          assert.ok((await back.axpy(-1, x).norm()) < tolerance * (await x.norm()), JSON.stringify(variant));
        }
      }
    }
  },
);

await spmd(
  "FFT: golden numbers, of complex and of real samples",
  async () => {
    const x = LocalArray.from([4], [1, 2, 3, 4]);
    const near = (actual: ArrayLike<number>, expected: readonly number[]) =>
      assert.ok(actual.length === expected.length && expected.every((v, i) => Math.abs(actual[i] - v) < 1e-6), `${Array.from(actual)}`); // prettier-ignore
    const s = Math.SQRT2;
    near((await new FFT([4]).matvec(x)).local, [5, 0, -1, 1, -1, 0, -1, -1]);
    near((await new FFT([4], { real: true }).matvec(x)).local, [5, 0, -s, s, -1, 0]);
    const none = new FFT([4], { real: true, norm: "none" });
    near((await none.matvec(x)).local, [10, 0, -2 * s, 2 * s, -2, 0]);
    near((await none.rmatvec(await none.matvec(x))).local, [4, 0, 8, 0, 12, 0, 16, 0]);
    const mean = new FFT([4], { real: true, norm: "1/n" });
    near((await mean.matvec(x)).local, [2.5, 0, -0.7071068, 0.7071068, -0.5, 0]);
    near((await mean.rmatvec(await mean.matvec(x))).local, [0.25, 0, 0.5, 0, 0.75, 0, 1, 0]);
    const padded = new FFT([4], { real: true, norm: "none", nfft: 6 });
    near((await padded.matvec(x)).local, [10, 0, -4.949747, -6.123724, 3.535534, 1.224745, -2, 0]);
  },
  { sizes: [1], real: false },
);

await spmd(
  "FFT2D and FFT are what the definition says: rows of the dense matrix are waves",
  async () => {
    const op = new FFT2D([3, 2, 4], { norm: "none", axes: [2, 0], nffts: [5, 3] });
    const dense = await todense(op);
    const [n, columns] = [dense.space.dims[0], 24];
    for (let row = 0; row < n; row++) {
      const [k0, k1, k2] = [Math.floor(row / 10), Math.floor(row / 5) % 2, row % 5];
      for (let column = 0; column < columns; column++) {
        const [j0, j1, j2] = [Math.floor(column / 8), Math.floor(column / 4) % 2, column % 4];
        const angle = -2 * Math.PI * ((k0 * j0) / 3 + (k2 * j2) / 5);
        const [re, im] = j1 === k1 ? [Math.cos(angle), Math.sin(angle)] : [0, 0];
        const at = 2 * (row * columns + column);
        assert.ok(Math.hypot(dense.local[at] - re, dense.local[at + 1] - im) < 1e-12);
      }
    }
    const f = (options: object) => [...new FFT([4], options).f];
    assert.deepEqual(f({ sampling: 0.5, nfft: 5 }), [0, 0.4, 0.8, -0.8, -0.4]);
    assert.deepEqual(f({}), [0, 0.25, -0.5, -0.25]);
    assert.deepEqual(f({ fftshiftAfter: true }), [-0.5, -0.25, 0, 0.25]);
    assert.deepEqual(f({ real: true }), [0, 0.25, 0.5]);
    assert.deepEqual([...op.f1].length, 5);
  },
  { sizes: [1], real: false },
);

await spmd(
  "Fourier transforms send what their comments say: one all-to-all for a split axis, one back",
  async (comm) => {
    const space = new Distribution(comm, [4 * comm.size, 6, 2 * comm.size]);
    const x = filled(space, "complex128");
    const count = async (op: FFTND<DistributedArray>) => {
      const y = op.data.zeros("complex128");
      await op.matvec(x, y);
      const begun = comm.statistics.messagesSent;
      await op.matvec(x, y);
      const forward = comm.statistics.messagesSent - begun;
      await op.rmatvec(y, x);
      assert.equal(comm.statistics.messagesSent - begun, 2 * forward, "the adjoint as much as the forward");
      return forward;
    };
    const one = await count(new FFT(space, { axis: 0, to: "transposed" }));
    assert.equal(one > 0, comm.size > 1);
    assert.equal(await count(new FFT(space, { axis: 2 })), 0);
    assert.equal(await count(new FFT(space, { axis: 0 })), 2 * one);
    assert.equal(await count(new FFTND(space, { to: "transposed" })), one);
    assert.equal(await count(new FFTND(space)), 2 * one);
  },
  { real: false },
);

await spmd(
  "Fourier transforms refuse what makes no sense",
  async () => {
    assert.throws(
      () => new FFTND([4], { norm: "backward" as "none" }),
      /FFTND: norm "backward"; use "ortho", "none", "1\/n"/,
    );
    assert.throws(() => new FFT([4], { axis: 1 }), /FFT: axis 1 of an array with 1 axes/);
    assert.throws(() => new FFT([4], { nfft: 0 }), /FFT: a transform of length 0 along axis 0/);
    assert.throws(() => new FFT([4], { sampling: -1 }), /FFT: sampling -1/);
    assert.throws(() => new FFT2D([4]), /FFT2D: axis -2 of an array with 1 axes/);
    assert.throws(() => new FFT2D([4, 4, 4], { axes: [0] }), /FFT2D: axes \[0\]; give two/);
    assert.throws(
      () => new FFTND([4, 4], { axes: [0, -2] }),
      /axes \[0, -2\]; name at least one, and each of them once/,
    );
    assert.throws(() => new FFTND([4, 4], { nffts: [4] }), /1 values of nffts for 2 axes/);
    assert.throws(
      () => new FFT([4], { normal: "none" } as object),
      /unknown option "normal"; did you mean "norm"/,
    );
  },
  { sizes: [1], real: false },
);

await realRanks(import.meta.url, [[3, "shm"]]);
