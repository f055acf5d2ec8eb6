/**
 * A blur that grows with depth: filters that change from sample to sample, found again from what they did, and undone.
 *
 *     npx tsmpirun -n 4 examples/gallery/filters.ts
 */
import { cgls, DistributedArray, Distribution, init, LocalArray, NonStationaryConvolve2D, NonStationaryFilters2D } from "tsmpi"; // prettier-ignore
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [48, 64]);
const picture = DistributedArray.fromFunction(space, (y, x) => section(2 * y, 2 * x));

const width = 7;
const centers = [[4, 24, 44], [0, 63]]; // prettier-ignore
const gaussian = (depth: number, i: number, j: number) => {
  const spread = 0.4 + 0.9 * depth;
  return Math.exp(-((i - 3) ** 2 + (j - 3) ** 2) / spread ** 2) / (Math.PI * spread ** 2);
};
const filters = LocalArray.fromFunction([3, 2, width, width], (depth, _, i, j) => gaussian(depth, i, j));
const blur = new NonStationaryConvolve2D(space, filters, centers);
const blurred = await blur.matvec(picture);

const { model: sharp } = await cgls(blur, blurred, { maxIterations: 60 });
const far = async (x: DistributedArray) =>
  (await x.clone().axpy(-1, picture).norm()) / (await picture.norm());
const [before, after] = [await far(blurred), await far(sharp)];
check("least squares sharpen it", after < 0.5 * before);

// The other way round: the picture is known, the filters are not.
const whole = await picture.asarray();
const F = new NonStationaryFilters2D(space, whole, [width, width], centers);
const { model: found } = await cgls(F, blurred, { maxIterations: 200 });
const again = await F.matvec(found);
const misfit = (await again.clone().axpy(-1, blurred).norm()) / (await blurred.norm());
check("filters are found that do the same", misfit < 1e-3);
if (world.rank === 0)
  console.log(
    `off by ${before.toFixed(3)} when blurred, ${after.toFixed(3)} when sharpened; filters to ${misfit.toExponential(1)}`,
  );

await show("Filters that change", [
  { Picture: picture, "Blurred more with depth": blurred },
  { "Sharpened by least squares": sharp, "What the filters found make of the picture": again },
]);
