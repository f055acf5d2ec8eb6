/**
 * Half of the rows of a picture are lost. Least squares finds a smooth picture that agrees with those that are left: the
 * operator that picks rows, stacked on a weighted Laplacian.
 *
 *     npx tsmpirun -n 4 examples/gallery/interpolation.ts
 */
import {
  cgls,
  DistributedArray,
  Distribution,
  init,
  Interp,
  Laplacian,
  Restriction,
  StackedArray,
  VStack,
} from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section);

const kept = Array.from({ length: 96 }, (_, row) => row).filter((row) => (row * 7919) % 96 < 48);
const pick = new Restriction(space, kept, { axis: 0 });
const smooth = new Laplacian(space, { edge: true }).scale(0.1);
const data = await pick.matvec(picture);
const zero = smooth.data.zeros();
const { model, iterations } = await cgls(new VStack([pick, smooth]), new StackedArray([data, zero]), {
  maxIterations: 150,
});

const lost = await pick.rmatvec(data); // the rows that are left, zeros between them
const [before, after] = [await error(lost), await error(model)];
check("most of what was lost is found", after < 0.25 * before);
if (world.rank === 0)
  console.log(
    `off by ${(100 * before).toFixed(1)} %, and ${(100 * after).toFixed(1)} % after ${iterations} iterations`,
  );

// Between rows: twice as many, interpolated linearly.
const finer = new Interp(
  space,
  Array.from({ length: 191 }, (_, k) => k / 2),
  { axis: 0 },
);
await show("Interpolation", [
  { Picture: picture, "Rows that are left": lost },
  { "Inverted with a Laplacian": model, "Interp: twice as many rows": await finer.matvec(model) },
]);

async function error(array: DistributedArray): Promise<number> {
  return (await array.clone().axpy(-1, picture).norm()) / (await picture.norm());
}
