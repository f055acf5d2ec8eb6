/**
 * A picture blurred by a filter of two axes and by a wavelet along one, and made sharp again by least squares.
 *
 *     npx tsmpirun -n 4 examples/gallery/convolution.ts
 */
import {
  cgls,
  Convolve1D,
  ConvolveND,
  DistributedArray,
  Distribution,
  dottest,
  init,
  LocalArray,
  ricker,
  Smoothing2D,
} from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section);

const disc = LocalArray.fromFunction([7, 7], (i, j) => Number((i - 3) ** 2 + (j - 3) ** 2 <= 9) / 29);
const blur = new ConvolveND(space, disc, { offset: [3, 3] }); // one halo exchange, corners included
const wave = new Convolve1D(space, ricker(12, 0.004, 30), { axis: 0, offset: 11 });
for (const op of [blur, wave]) await dottest(op);

const blurred = await blur.matvec(picture);
const { model, iterations } = await cgls(blur, blurred, { maxIterations: 60 });
const [before, after] = [await error(blurred), await error(model)];
check("least squares makes it sharper", after < 0.35 * before);
if (world.rank === 0)
  console.log(
    `off by ${(100 * before).toFixed(1)} % when blurred, ${(100 * after).toFixed(1)} % after ${iterations} iterations`,
  );

await show("Convolution", [
  { Picture: picture, "ConvolveND with a disc": blurred, "Inverted by CGLS": model },
  {
    "Convolve1D with a wavelet": await wave.matvec(picture),
    "Its adjoint": await wave.rmatvec(picture),
    "Smoothing2D, 9 × 17": await new Smoothing2D(space, [9, 17]).matvec(picture),
  },
]);

async function error(array: DistributedArray): Promise<number> {
  return (await array.clone().axpy(-1, picture).norm()) / (await picture.norm());
}
