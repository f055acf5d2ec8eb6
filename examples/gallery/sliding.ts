/**
 * A noisy picture fitted by planes in patches that overlap: each patch has three coefficients of its own, tapers make one
 * picture of them. Patches are spread over the ranks as the rows are; those at the seams are shared.
 *
 *     npx tsmpirun -n 4 examples/gallery/sliding.ts
 */
import {
  cgls,
  DistributedArray,
  Distribution,
  dottest,
  init,
  LocalArray,
  MatrixMult,
  Reshaped,
  Sliding,
} from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section);
const noise = (y: number, x: number) => 0.2 * Math.sin(12.9898 * (y + 1) * (y + 3) + 78.233 * x * x);
const noisy = DistributedArray.fromFunction(space, (y, x) => section(y, x) + noise(y, x));

const plane = LocalArray.fromFunction(
  [64, 3],
  (k, c) => [1, Math.floor(k / 8) / 8 - 0.5, (k % 8) / 8 - 0.5][c],
);
const patch = new Reshaped(new MatrixMult(plane), { dimsd: [8, 8] }); // 3 coefficients → 8 × 8 samples
const S = new Sliding(patch, space, { window: [8, 8], overlap: [4, 4] });
await dottest(S);
const { model, iterations } = await cgls(S, noisy, { maxIterations: 30 });
const fitted = await S.matvec(model);

const [before, after] = [await error(noisy), await error(fitted)];
check("the fit is closer to the truth than the data are", after < 0.7 * before);
if (world.rank === 0)
  console.log(
    `${S.shape[1]} coefficients: off by ${(100 * before).toFixed(1)} %, fitted in ${iterations} iterations ${(100 * after).toFixed(1)} %`,
  );

await show("Sliding patches", [
  { Picture: picture, "With noise": noisy },
  { "Planes in patches": fitted, "What they leave": fitted.clone().axpy(-1, noisy).scale(-1) },
]);

async function error(array: DistributedArray): Promise<number> {
  return (await array.clone().axpy(-1, picture).norm()) / (await picture.norm());
}
