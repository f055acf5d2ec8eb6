/**
 * A picture in few numbers: the largest of its wavelet coefficients.
 *
 *     npx tsmpirun -n 4 examples/gallery/wavelets.ts
 */
import { DistributedArray, Distribution, DWT2D, init } from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section);

const W = new DWT2D(space, { wavelet: "db3", level: 4 });
const coefficients = await W.matvec(picture);
const [energy, kept] = [await picture.norm(), await coefficients.norm()];
check("the transform is orthogonal", Math.abs(energy - kept) < 1e-10 * energy);

const few = coefficients.clone();
for (let i = 0; i < few.local.length; i++) if (Math.abs(few.local[i]) < 0.12) few.local[i] = 0;
const share = (await few.norm(0)) / space.size;
const rebuilt = await W.rmatvec(few);
const error = (await rebuilt.clone().axpy(-1, picture).norm()) / energy;
check("few coefficients are enough", share < 0.2 && error < 0.06);
if (world.rank === 0)
  console.log(`${(100 * share).toFixed(1)} % of the coefficients, off by ${(100 * error).toFixed(2)} %`);

await show("Wavelets", [
  { Picture: picture, "DWT2D, Daubechies 3, 4 levels": coefficients },
  { "From the largest coefficients": rebuilt, Difference: rebuilt.clone().axpy(-1, picture) },
]);
