/**
 * The benchmarks of `tsmpi bench` on one rank; results are lines of JSON. By hand:
 *
 *     tsmpirun -n 2 bench/programs/communication.ts 300 40 11 2000 latency:8,1024 allreduce:8
 *
 * The numbers are those of Effort in harness.ts. `peers/` has the same program in C and in Python.
 */
import { init, type Communicator } from "tsmpi";
import * as collectives from "./collectives.js";
import { halo } from "./halo.js";
import { measure, report, type Effort, type Loop, type Measured } from "./harness.js";
import * as pairs from "./point-to-point.js";

const LOOPS: Readonly<Record<string, (comm: Communicator, bytes: number) => Loop>> = {
  latency: pairs.latency,
  latency_objects: pairs.latencyObjects,
  multi_lat: pairs.latency,
  bw: pairs.bandwidth,
  mbw_mr: pairs.bandwidth,
  bibw: pairs.bothWays,
  barrier: collectives.barrier,
  bcast: collectives.bcast,
  allreduce: collectives.allreduce,
  reduce: collectives.reduce,
  reduce_scatter: collectives.reduceScatter,
  allgather: collectives.allgather,
  alltoall: collectives.alltoall,
  gather: collectives.gather,
  scatter: collectives.scatter,
  halo,
};

const world = await init();
await world.barrier();
const readyAt = performance.timeOrigin + performance.now();

const [warmUpMs, batchMs, batches, budgetMs] = process.argv.slice(2, 6).map(Number);
const effort: Effort = { warmUpMs, batchMs, batches, budgetMs };

for (const argument of process.argv.slice(6)) {
  const [name, list] = argument.split(":");
  let first = true;
  for (const bytes of list.split(",").map(Number)) {
    report(world, { name, bytes, ...(await run(name, bytes, first)) });
    first = false;
  }
}

async function run(name: string, bytes: number, first: boolean): Promise<Measured> {
  if (name === "init") return { seconds: 0, readyAt };
  if (name === "iallreduce") return collectives.iallreduce(world, bytes, effort, first);
  return measure(world, LOOPS[name](world, bytes), effort, first);
}
