/** All ranks start, and know of each other: tsmpirun -n 16 bench/programs/hello.ts */
import { init } from "tsmpi";

const world = await init();
const ranks = await world.allreduce(1);
if (world.rank === 0) console.log(`hello from ${ranks} ranks`);
