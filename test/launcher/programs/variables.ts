// Prints the variables that its arguments name, of each rank in turn.
import { init } from "tsmpi";

const world = await init();
const own = process.argv.slice(2).map((name) => process.env[name] ?? "-");
const all = await world.gather(`${world.rank}: ${own.join(" ")}`);
if (world.rank === 0) console.log(all?.join("\n"));
