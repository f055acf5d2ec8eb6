import assert from "node:assert/strict";
import { test } from "tap";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import { simulate } from "../../src/comm/simulate.js";
import type { Communicator } from "../../src/comm/types.js";
import { CausalIntegration } from "../../src/ops/basic/causal-integration.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Flip } from "../../src/ops/basic/flip.js";
import { Halo } from "../../src/ops/basic/halo.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { Regression } from "../../src/ops/basic/regression.js";
import { Roll } from "../../src/ops/basic/roll.js";
import { Diagonal } from "../../src/ops/basic/diagonal.js";
import { HStack, VStack } from "../../src/ops/basic/stacks.js";
import { Transpose } from "../../src/ops/basic/transpose.js";
import type { LinearOperator } from "../../src/ops/linear-operator.js";
import { Convolve1D } from "../../src/ops/signal/convolve1d.js";
import { ConvolveND } from "../../src/ops/signal/convolve-nd.js";
import { DCT } from "../../src/ops/signal/dct.js";
import { FFT } from "../../src/ops/signal/fft.js";
import { FourierRadon } from "../../src/ops/signal/fourier-radon.js";
import { Shift } from "../../src/ops/signal/shift.js";

type Op = LinearOperator<DistributedArray, DistributedArray>;
/** An operator of a number that should be the same on all ranks. */
type Make = (space: Distribution, given: number) => Op;

const MAKERS: Readonly<Record<string, Make>> = {
  Roll: (space, shift) => new Roll(space, shift, { axis: 0 }),
  "Roll or Flip": (space, k) => (k === 1 ? new Roll(space, 1, { axis: 0 }) : new Flip(space, { axis: 0 })),
  FirstDerivative: (space, sampling) => new FirstDerivative(space, { axis: 0, sampling }),
  CausalIntegration: (space, sampling) => new CausalIntegration(space, { axis: 0, sampling }),
  Convolve1D: (space, k) => new Convolve1D(space, [1, k], { axis: 0 }),
  "Convolve1D by transforms": (space, k) => new Convolve1D(space, [1, k], { axis: 0, method: "fft" }),
  ConvolveND: (space, k) => new ConvolveND(space, LocalArray.from([2, 1], [1, k])),
  "ConvolveND by transforms": (space, k) =>
    new ConvolveND(space, LocalArray.from([2, 1], [1, k]), { method: "fft" }),
  FFT: (space, k) => new FFT(space, { axis: 0, norm: k === 1 ? "ortho" : "none" }),
  DCT: (space, k) => new DCT(space, { axes: [0], type: k === 1 ? 2 : 3 }),
  Shift: (space, shift) => new Shift(space, shift, { axis: 0 }),
  FourierRadon: (space, p) => new FourierRadon(space, [[0, p, 2, 3, 4, 5, 6, 7]], [[0, 1, 2]], 1),
  Transpose: (space, k) =>
    new Transpose(space, k === 1 ? [0, 1] : [1, 0], { to: new Distribution(space.comm, [8, 8]) }),
  "Identity, other blocks": (space, k) =>
    new Identity(space, new Distribution(space.comm, [8, 8], { blocks: [[k, 8 - k - 1, 1]] })),
  Halo: (space, width) => new Halo(space, [[width, 1], [0, 0]]), // prettier-ignore
  // What sends nothing itself is compared with what does.
  scale: (space, alpha) => new Roll(space, 1, { axis: 0 }).scale({ re: 1, im: alpha }).neg(),
  "a part of a stack": (space, alpha) => {
    const R = new Roll(space, 1, { axis: 0 });
    return new HStack([R, R]).compose(new VStack([R.scale(alpha), R]));
  },
  power: (space, exponent) => new Roll(space, 1, { axis: 0 }).power(exponent),
  "Diagonal.along": (space, k) =>
    Diagonal.along(space, 1, [1, 2, 3, 4, 5, 6, 7, k]).compose(new Roll(space, 1, { axis: 0 })),
};

for (const [name, make] of Object.entries(MAKERS)) {
  void test(`${name}: another argument on one rank is one error on all, in the first product`, async () => {
    const errors = await simulate(3, (comm) => messageOf(comm, make, comm.rank === 1 ? 2 : 1));
    assert.match(
      errors[0] ?? "",
      /rank 1 asks for .*(, rank 0 for | than rank 0).*; all ranks must ask for the same/,
    );
    assert.deepEqual(errors, [errors[0], errors[0], errors[0]]);
    const none = await simulate(3, (comm) => messageOf(comm, make, 1));
    assert.deepEqual(none, [undefined, undefined, undefined]);
  });
}

async function messageOf(comm: Communicator, make: Make, given: number): Promise<string | undefined> {
  const op = make(new Distribution(comm, [8, 8]), given);
  try {
    await op.matvec(op.model.zeros());
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RangeError, String(error));
    return error.message;
  }
}

void test("arguments are compared once, before the first product that sends something, and never where none does", async () => {
  await simulate(3, async (comm) => {
    const space = new Distribution(comm, [9, 4]);
    const compares = async (product: () => Promise<unknown>): Promise<number> => {
      const before = comm.statistics.calls.allreduce ?? 0;
      await product();
      return (comm.statistics.calls.allreduce ?? 0) - before;
    };
    const x = space.zeros();
    const split = new FirstDerivative(space, { axis: 0 });
    assert.equal(await compares(() => split.matvec(x)), 1);
    assert.equal(await compares(() => split.matvec(x)), 0);
    assert.equal(await compares(() => split.rmatvec(x)), 0);
    // Where products are local, a rank may be alone with them.
    const local = new FirstDerivative(space, { axis: 1 });
    if (comm.rank === 0) assert.equal(await compares(() => local.matvec(x)), 0);
    const fit = new Regression(space, Float64Array.from({ length: 9 }, (_, k) => k), 1, { axis: 0 }); // prettier-ignore
    if (comm.rank === 2) assert.equal(await compares(() => fit.matvec(fit.model.zeros())), 0);
    const [first, second] = [await compares(() => fit.rmatvec(x)), await compares(() => fit.rmatvec(x))];
    assert.equal(first - second, 1);
    // One comparison for all that a product is made of.
    const parts = [0, 1, 2].map(() => new Convolve1D(space, [1, 2], { axis: 0 }));
    const sum = parts[0].compose(parts[1]).add(parts[2].scale(3));
    const stack = new VStack([sum, parts[0].H]);
    assert.equal(await compares(() => stack.matvec(x)), 1);
    assert.equal(await compares(() => stack.H.compose(stack).matvec(x)), 0);
  });
});

void test("the error says what differs", async () => {
  await assert.rejects(
    simulate(2, async (comm) => {
      const space = new Distribution(comm, [4]);
      await new Convolve1D(space, [1, comm.rank]).matvec(space.zeros());
    }),
    /Convolve1D: rank 1 asks for .*1.*, rank 0 for .*; all ranks/,
  );
});
