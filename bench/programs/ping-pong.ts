/** Half a round trip between two ranks: tsmpirun -n 2 bench/programs/ping-pong.ts 40 11 8 1024 */
import { init } from "tsmpi";
import { report, secondsPerOperation, sizes } from "./timing.js";

const world = await init();
const other = 1 - world.rank;

for (const bytes of sizes) {
  const out = new Uint8Array(bytes);
  const into = new Uint8Array(bytes);
  const seconds = await secondsPerOperation(world, async (count) => {
    for (let i = 0; i < count; i++) {
      if (world.rank === 0) await world.send(out, other);
      await world.recv({ source: other, into });
      if (world.rank === 1) await world.send(out, other);
    }
  });
  report(world, { bytes, seconds: seconds / 2 });
}
