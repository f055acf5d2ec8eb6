/**
 * Dipping planes in a cube of traces, and the two slopes that each has: Radon transforms along two axes, in time by
 * interpolation and in frequency by phases. Slopes along the first axis are spread over the ranks.
 *
 *     npx tsmpirun -n 4 examples/gallery/surfaces.ts
 */
import { DistributedArray, Distribution, dottest, FourierRadon3D, init, Radon3D } from "tsmpi";
import { check, show } from "./show.js";

const world = await init();
const slopes = [-8, -4, 0, 4, 8].map((p) => p / 10); // samples a trace
const offsets = Float64Array.from({ length: 12 }, (_, k) => k);
const axes = [slopes, slopes] as const;
const space = new Distribution(world, [5, 5, 64]);

const planes = [
  { p: 1, q: 3, time: 30 },
  { p: 3, q: 2, time: 18 },
];
const pulse = (t: number) => (1 - t * t) * Math.exp((-t * t) / 2);
const model = DistributedArray.fromFunction(space, (p, q, t) =>
  planes.reduce((sum, plane) => sum + (plane.p === p && plane.q === q ? pulse((t - plane.time) / 2) : 0), 0),
);

const R = new Radon3D(space, axes, [offsets, offsets], { first: 0, step: 1 });
const F = new FourierRadon3D(space, axes, [offsets, offsets], 1, { nfft: 128 });
await dottest(R);
await dottest(F);
const [interpolated, exact] = [await R.matvec(model), await F.matvec(model)];
const difference = (await interpolated.clone().axpy(-1, exact).norm()) / (await exact.norm());
check("both sum along the same planes, but for what interpolation loses", difference > 0 && difference < 0.1);

const adjoint = await F.rmatvec(exact);
const largest = await adjoint.argmax(); // in C order
const [p, q, time] = [Math.floor(largest / 320), Math.floor(largest / 64) % 5, largest % 64];
check("the adjoint is largest at one of the planes", planes.some((plane) => plane.p === p && plane.q === q && plane.time === time)); // prettier-ignore
if (world.rank === 0) console.log(`largest at slopes ${slopes[p]}, ${slopes[q]}; interpolation loses ${(100 * difference).toFixed(1)} %`); // prettier-ignore

await show("Radon transforms along two axes", [
  {
    "FourierRadon3D: traces of row 0": await exact.slice(0),
    "Radon3D: traces of row 0": await interpolated.slice(0),
  },
  {
    "FourierRadon3D: time 28": await exact.slice(undefined, undefined, 28),
    "Adjoint: both slopes, time 30": await adjoint.slice(undefined, undefined, 30),
  },
]);
