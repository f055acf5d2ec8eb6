/**
 * What arrays do by themselves: blocks on a grid of ranks, slices, transposes, reductions along an axis, halos.
 *
 *     npx tsmpirun -n 4 examples/gallery/arrays.ts
 */
import { computeDims, DistributedArray, Distribution, init, plotArray, StackedArray } from "tsmpi";
import { parseArgs } from "node:util";
import { check, section } from "./show.js";

const world = await init();
const grid = computeDims(world.size, 2); // as square as it gets: [2, 2] for four ranks
const picture = DistributedArray.fromFunction(new Distribution(world, [96, 128], { grid }), section);

// A slice stays with the ranks that own it; a transpose goes to those that own it then.
const lens = await picture.slice([24, 72], [48, 112]);
const turned = await picture.transpose();
const back = await turned.transpose([1, 0], picture.distribution);
check("two transposes are none", (await back.sub(picture).norm()) === 0);

// Reductions: one number of all elements, or an array of what is left.
const [mean, brightest] = [await picture.mean(), await picture.argmax()];
const columns = await picture.mean({ axis: 0 });
check("the mean of means is the mean", Math.abs(Number(await columns.mean()) - Number(mean)) < 1e-12);
const bright = await picture.mean({ where: picture.greater(0.5) });

// A halo of 3 cells on all sides, corners included: one message to each neighbour.
const padded = await picture.halo([[3, 3], [3, 3]]); // prettier-ignore
if (world.rank === 0) {
  console.log(`mean ${Number(mean).toFixed(4)}, of what is above 0.5 ${Number(bright).toFixed(4)}`);
  console.log(`brightest at [${Math.floor(brightest / 128)}, ${brightest % 128}]`);
  console.log(
    `a block of [${picture.distribution.localShape.join(", ")}] with its halo: [${padded.space.dims.join(", ")}]`,
  );
}

const { values } = parseArgs({ options: { out: { type: "string" } } });
if (values.out !== undefined) {
  await plotArray(values.out, new StackedArray([picture, lens, turned]), {
    title: "Arrays, and who owns what",
  });
  if (world.rank === 0) console.log(`Arrays: ${values.out}`);
}
