/** Sum of doubles over all ranks: tsmpirun -n 4 bench/programs/allreduce.ts 40 11 8 1048576 */
import { init } from "tsmpi";
import { report, secondsPerOperation, sizes } from "./timing.js";

const world = await init();

for (const bytes of sizes) {
  const x = new Float64Array(bytes / 8).fill(world.rank);
  const into = new Float64Array(bytes / 8);
  const seconds = await secondsPerOperation(world, async (count) => {
    for (let i = 0; i < count; i++) await world.allreduce(x, { into });
  });
  report(world, { bytes, seconds });
}
