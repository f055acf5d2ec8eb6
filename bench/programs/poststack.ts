/**
 * Time of a CGLS iteration of a post-stack inversion of 20 × 267 × 550 unknowns, and memory of a rank:
 *
 *     tsmpirun -n 2 bench/programs/poststack.ts 20
 */
import { cgls, DistributedArray, Distribution, init, PoststackLinearModelling, ricker } from "tsmpi";
import { report } from "./harness.js";

const WARM_UP = 3; // iterations

const world = await init();
const iterations = Number(process.argv[2]);

const space = new Distribution(world, [20, 267, 550]); // y, x, time
const A = new PoststackLinearModelling(ricker(21, 0.004, 15), space);
const trend = (z: number) => 1.5 + 0.002 * z;
const truth = DistributedArray.fromFunction(space, (y, x, z) => {
  return trend(z) + 0.1 * Math.sin(0.11 * z + 0.02 * x) * Math.cos(0.037 * z - 0.01 * x + 0.2 * y);
});
const x0 = DistributedArray.fromFunction(space, (_y, _x, z) => trend(z));
const data = await A.matvec(truth);

await cgls(A, data, { x0, maxIterations: WARM_UP, rtol: 0 });
await world.barrier();
let start = 0;
const { cost } = await cgls(A, data, {
  x0,
  maxIterations: iterations,
  rtol: 0,
  callback: ({ iteration }) => void (iteration === 0 && (start = performance.now())),
});
const seconds = (performance.now() - start) / 1000 / iterations;

report(world, {
  name: "poststack",
  bytes: 8 * space.size,
  seconds: await world.allreduce(seconds, { op: "max" }),
  peakBytes: await world.allreduce(1024 * process.resourceUsage().maxRSS, { op: "max" }),
  residual: cost[iterations] / cost[0],
});
