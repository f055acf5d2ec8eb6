/**
 * Random mixed traffic for as long as one likes; prints messages, memory and handles as it goes:
 *
 *     npx tsmpirun -n 4 test/comm/soak/run.ts 600
 */
import { init } from "../../../src/index.js";
import { traffic } from "./traffic.js";

const world = await init();
const seconds = Number(process.argv[2] ?? 60);
const begun = performance.now();
let messages = 0;
for (let seed = 1, go = true; go; seed++) {
  messages += await traffic(world, 100, seed);
  const elapsed = (performance.now() - begun) / 1000;
  go = await world.bcast(elapsed < seconds);
  const total = await world.allreduce(messages);
  const mebibytes = await world.gather(Math.round(process.memoryUsage.rss() / 2 ** 20));
  const handles = await world.gather(process.getActiveResourcesInfo().length);
  if (world.rank === 0 && (seed % 10 === 0 || !go))
    console.log(
      `${elapsed.toFixed(0)} s: ${total} messages, RSS ${mebibytes?.join(" ")} MiB, handles ${handles?.join(" ")}`,
    );
}
