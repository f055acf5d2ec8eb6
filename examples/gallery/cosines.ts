/**
 * A picture in few numbers again, by cosines in place of wavelets, and by blocks of 8 × 8 as JPEG does it: a local operator
 * in a product with a distributed one.
 *
 *     npx tsmpirun -n 4 examples/gallery/cosines.ts
 */
import { DCT, DistributedArray, Distribution, init, Sliding } from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section);
const energy = await picture.norm();

/** The picture from the largest coefficients alone, and how many these are. */
async function fromFew(
  coefficients: DistributedArray,
  back: (few: DistributedArray) => Promise<DistributedArray>,
) {
  const few = coefficients.clone();
  for (let i = 0; i < few.local.length; i++) if (Math.abs(few.local[i]) < 0.15) few.local[i] = 0;
  const rebuilt = await back(few);
  return {
    rebuilt,
    share: (await few.norm(0)) / few.length,
    error: (await rebuilt.clone().axpy(-1, picture).norm()) / energy,
  };
}

const C = new DCT(space);
const spectrum = await C.matvec(picture);
check("the transform is orthogonal", Math.abs((await spectrum.norm()) - energy) < 1e-10 * energy);
const whole = await fromFew(spectrum, (few) => C.rmatvec(few));

// From coefficients [blocks, blocks, 8, 8] to the picture; ranks have whole blocks.
const rows = new Distribution(world, [96, 128], { blocks: [rowsOfBlocks(12, world.size)] });
const blocks = new Sliding(new DCT([8, 8]).H, rows, { window: [8, 8], overlap: [0, 0] });
const apart = DistributedArray.fromFunction(rows, section);
const tiles = await blocks.rmatvec(apart);
const byBlocks = await fromFew(tiles, (few) => blocks.matvec(few).then((x) => x.clone()));
if (world.rank === 0)
  for (const [name, { share, error }] of Object.entries({
    "one transform": whole,
    "blocks of 8 × 8": byBlocks,
  }))
    console.log(
      `${name}: ${(100 * share).toFixed(1)} % of the coefficients, off by ${(100 * error).toFixed(2)} %`,
    );

check(
  "few coefficients are enough",
  whole.share < 0.3 && byBlocks.share < 0.3 && whole.error < 0.1 && byBlocks.error < 0.1,
);

await show("Cosine transform", [
  { Picture: picture, DCT: spectrum },
  { "From the largest of all": whole.rebuilt, "From the largest, in blocks of 8 × 8": byBlocks.rebuilt },
]);

/** Rows of 8 for each of `count` blocks, shared by the ranks. */
function rowsOfBlocks(count: number, ranks: number): number[] {
  return Array.from(
    { length: ranks },
    (_, rank) => 8 * (Math.floor(((rank + 1) * count) / ranks) - Math.floor((rank * count) / ranks)),
  );
}
