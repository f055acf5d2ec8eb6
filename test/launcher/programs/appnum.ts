/** Prints, on rank 0, program, place and first argument of every rank, and what it may use. */
import { init } from "tsmpi";

const { env, argv, execArgv } = process;
const world = await init();
const own = [world.rank, world.appnum, env["TSMPI_APPNUM"], argv[2] ?? "-", env["UV_THREADPOOL_SIZE"]].join(
  " ",
);
const all = await world.gather(`${own} ${execArgv.filter((flag) => flag.startsWith("--v8-pool")).join("")}`);
if (world.rank === 0) console.log(all?.join("\n"));
