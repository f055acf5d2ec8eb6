/** Rank 0 says when all ranks have met: the time, in ms since 1970. */
import { init } from "tsmpi";

const world = await init();
await world.barrier();
if (world.rank === 0) console.log(`ready ${performance.timeOrigin + performance.now()}`);
