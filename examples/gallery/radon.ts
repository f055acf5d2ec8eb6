/**
 * Straight events in a gather of traces, and the slopes they have: the Radon transform, its adjoint, and its inverse by
 * least squares. Traces are spread over the ranks, slopes too.
 *
 *     npx tsmpirun -n 4 examples/gallery/radon.ts
 */
import { cgls, DistributedArray, Distribution, dottest, init, Radon2D } from "tsmpi";
import { check, show } from "./show.js";

const world = await init();
const slopes = Float64Array.from({ length: 41 }, (_, k) => -1 + k / 20); // samples a trace
const offsets = Float64Array.from({ length: 60 }, (_, k) => k);
const space = new Distribution(world, [slopes.length, 120]);
const R = new Radon2D(space, slopes, offsets, { first: 0, step: 1 });
await dottest(R);

const events = new Map([
  [8, 90],
  [20, 60],
  [32, 20],
]); // slope, time
const model = DistributedArray.fromFunction(space, (ip, it) => Number(events.get(ip) === it));
const data = await R.matvec(model);
const adjoint = await R.rmatvec(data);
const { model: inverted, iterations } = await cgls(R, data, { maxIterations: 40 });

const sharpness = async (x: DistributedArray) => (await x.norm(Infinity)) / (await x.norm());
const [blurred, sharp] = [await sharpness(adjoint), await sharpness(inverted)];
check("inversion focuses", sharp > 1.5 * blurred);
if (world.rank === 0)
  console.log(`focus ${blurred.toFixed(2)}, after ${iterations} iterations ${sharp.toFixed(2)}`);

await show("Radon transform", [
  { "Model: slope, time": model, "Data: traces": data },
  { Adjoint: adjoint, "Inverted by CGLS": inverted },
]);
