/** Barrier of all ranks: tsmpirun -n 4 bench/programs/barrier.ts 40 11 */
import { init } from "tsmpi";
import { report, secondsPerOperation } from "./timing.js";

const world = await init();
const seconds = await secondsPerOperation(world, async (count) => {
  for (let i = 0; i < count; i++) await world.barrier();
});
report(world, { bytes: 0, seconds });
