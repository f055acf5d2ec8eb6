// Collectives of the MPI's own that do not come about, in a program that ends at once: nothing may hold up its end.
import assert from "node:assert/strict";
import { init, RevokedError } from "tsmpi";

const world = await init();
const { rank, size } = world;
const big = (): Float64Array => new Float64Array(50_000);
const isRevoked = (error: unknown): void => assert.ok(error instanceof RevokedError);
const [, , how] = process.argv;

// Its first collective, which makes MPI's communicator: who is late finds it given up, or all begin it.
const late = world.dup();
await world.barrier();
if (rank === 1) await new Promise((resolve) => setTimeout(resolve, 80));
const given = [late.allreduce(big(), { timeoutMs: 40 }).then(undefined, isRevoked)];

// Ranks wait crosswise for what the other never calls.
const crosswise = [world.dup(), world.split(0, size - rank)];
for (const [i, part] of crosswise.entries()) {
  const comm = await part;
  if (comm === undefined) continue;
  if (rank !== (i === 0 ? 0 : size - 1))
    given.push(comm.allreduce(big(), { timeoutMs: 30 }).then(undefined, isRevoked));
}
await Promise.all(given);
console.log("ends");
if (how === "exit") process.exit(0);
