/** Run by overlap.test.ts on ranks of one host: asserts that a stencil does not wait for its halo before it computes. */
import assert from "node:assert/strict";
import { DistributedArray } from "../../../src/array/distributed-array.js";
import { Distribution } from "../../../src/array/distribution.js";
import { init } from "../../../src/comm/world.js";
import { FirstDerivative } from "../../../src/ops/basic/first-derivative.js";

const world = await init();
const { rank, size } = world;
const flags = await world.allocateShared(Int32Array, rank === 0 ? 1 : 0);
const reached = flags.of(0);
const space = new Distribution(world, [8 * size, 6]);
const x = DistributedArray.fromFunction(space, (i, j) => i * j);
const y = space.zeros();
const D = new FirstDerivative(space, { axis: 0 });
await D.matvec(x, y); // what is made on first use
await world.barrier();

y.fill(-1);
const { overlapped } = world.statistics;
const product = D.matvec(x, y);
// Before anybody has waited for a message, all rows are there that need none.
for (let row = 1; row < 7; row++)
  for (let j = 0; j < 6; j++) assert.equal(y.local[6 * row + j], j, `row ${row}`);
Atomics.add(reached, 0, 1);
while (Atomics.load(reached, 0) < size); // now all have sent
await product;
const neighbours = Number(rank > 0) + Number(rank < size - 1);
assert.equal(world.statistics.overlapped - overlapped, neighbours, "what came while it computed");
