import assert from "node:assert/strict";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { HaloPlan } from "../../src/array/halo.js";
import { LocalArray } from "../../src/array/local-array.js";
import { realRanks, spmd } from "../spmd.js";

const several = { sizes: [2, 3, 4, 7] };

await spmd(
  "moves and reductions: one rank that asks for something else is one error on all, and the next call works",
  async (comm) => {
    const last = comm.size - 1;
    const odd = comm.rank === last;
    const n = 2 * comm.size;
    const x = DistributedArray.fromFunction(new Distribution(comm, [n, n]), (i, j) => i - j);
    const columns = new Distribution(comm, [n, n], { grid: [1, comm.size] });
    const lengths = columns.blocks(1).map((length, c) => length + Number(c === 0) - Number(c === last));
    const uneven = new Distribution(comm, [n, n], { grid: [1, comm.size], blocks: [undefined, lengths] });
    const whole = (dims: readonly number[]) => new Distribution(comm, dims, { replicated: true });
    const complex = x.add({ re: 0, im: 1 });
    const flat = odd ? [1, n * n] : [n * n, 1];
    const cases: (readonly [string, () => PromiseLike<unknown>])[] = [
      ["redistribute", () => x.redistribute(odd ? uneven : columns)],
      ["transpose", () => x.transpose(odd ? [0, 1] : [1, 0], uneven)],
      ["reshape", () => x.reshape(flat, whole(flat))],
      ["slice", () => x.slice([undefined, undefined, odd ? -2 : -1])],
      ["toGlobal", () => x.toGlobal({ root: odd ? 0 : last })],
      ["halo", () => x.halo(odd ? 2 : 1)],
      ["halo", () => x.halo(1, { periodic: odd })],
      ["norm", () => x.norm(odd ? 1 : 2)],
      ["norm", () => x.norm(odd ? 0 : 3)],
      ["product", () => (odd ? x.dot(x) : x.vdot(x))],
      ["norm", () => x.norm(odd ? 1 : 2, { axis: 0 })],
      ["norm", () => x.norm(odd ? 3 : 2, { where: x })],
      ["sum", () => x.sum({ axis: 0, keepdims: odd })],
      ["max", () => x.max({ axis: 0, where: odd ? x : undefined })],
      ...(["sum", "prod", "mean", "min", "max", "argmin", "argmax"] as const).map(
        (name) => [name, () => x[name]({ where: odd ? x : undefined })] as const,
      ),
      ["max", () => complex.max({ where: odd ? x : undefined })],
      ["argmin", () => complex.argmin({ where: odd ? x : undefined })],
      ["prod", () => complex.prod({ where: odd ? x : undefined })],
      ["(sum|mean)", () => (odd ? x.sum() : x.mean())],
    ];
    if (comm.size === 4) {
      const tiles = new Distribution(comm, [n, n], { grid: [2, 2] }).zeros();
      cases.push(["sum", () => tiles.sum({ axis: odd ? 1 : 0 })]);
    }
    for (const [name, call] of cases) {
      await assert.rejects(
        async () => call(),
        (error) => error instanceof RangeError && new RegExp(`^${name}: rank (0|${last}) asks for .*, rank (0|${last}) for .*; all`).test(error.message),
        name,
      ); // prettier-ignore
      assert.equal(await comm.allreduce(1), comm.size);
    }
  },
  several,
);

await spmd(
  "a rank whose own move sends nothing learns of it at its next collective: nothing hangs",
  async (comm) => {
    const x = new Distribution(comm, [8]).zeros();
    const odd = comm.rank === comm.size - 1;
    const to = odd ? x.distribution : new Distribution(comm, [8], { replicated: true });
    await assert.rejects(async () => {
      await x.redistribute(to);
      await comm.allreduce(1);
    }, /allreduce/);
    assert.equal(await comm.allreduce(1), comm.size);
    const checked = new Distribution(comm, [8], { checked: true });
    const y = new DistributedArray(checked);
    await assert.rejects(
      y.redistribute(odd ? checked : new Distribution(comm, [8], { replicated: true, checked: true })),
      /redistribute: rank \d asks for .* all ranks must ask for the same/,
    );
  },
  several,
);

await spmd("a halo plan compares once; norms compare in the messages that they send anyway", async (comm) => {
  const calls = async (action: () => PromiseLike<unknown>) => {
    const before = { ...comm.statistics.calls };
    await action();
    return (comm.statistics.calls.allreduce ?? 0) - (before.allreduce ?? 0);
  };
  const x = DistributedArray.fromFunction(new Distribution(comm, [2 * comm.size]), (i) => i + 1);
  for (const order of [0, 1, 2, 3, Infinity, -Infinity])
    assert.equal(await calls(() => x.norm(order)), comm.size > 1 ? 1 : 0);
  for (const name of ["sum", "mean", "min", "max", "argmin", "argmax"] as const)
    assert.equal(await calls(() => x[name]()), comm.size > 1 ? 1 : 0, name);
  assert.equal(await calls(() => x.prod()), comm.size > 1 ? 2 : 0);
  const plan = new HaloPlan(x.distribution, 1);
  const padded = new LocalArray(plan.paddedShape, x.dtype);
  const messages = async () => {
    const before = comm.statistics.messagesSent;
    await plan.pad(x, padded);
    return comm.statistics.messagesSent - before;
  };
  await messages();
  const neighbours = Number(comm.rank > 0) + Number(comm.rank < comm.size - 1);
  assert.equal(await messages(), neighbours);
});

await realRanks(import.meta.url);
