/** All ranks meet again and again until a file is there. */
import { existsSync } from "node:fs";
import { init } from "tsmpi";

const world = await init();
await world.barrier();
if (world.rank === 0) console.log("running");
const [, , path = ""] = process.argv;
while (!(await world.bcast(world.rank === 0 && existsSync(path), { root: 0 })))
  await new Promise((resolve) => setTimeout(resolve, 20));
const sum = await world.allreduce(world.rank);
if (world.rank === 0) console.log(`sum ${sum}`);
