/** Says when all ranks run, meets them so many times, and says when that is over. */
import { init } from "tsmpi";

const world = await init();
await world.barrier();
if (world.rank === 0) console.log("running");
const numbers = new Float64Array(1000).fill(world.rank);
const rounds = Number(process.argv[2] ?? Infinity);
for (let round = 0; round < rounds; round++) {
  await world.allreduce(numbers, { into: numbers, op: "max" });
  if (round % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
}
if (world.rank === 0) console.log("ending");
