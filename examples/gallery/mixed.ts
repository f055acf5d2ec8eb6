/**
 * Local and distributed operators in one: a local one acts on every row, wherever it is. The composed operator describes
 * itself, and its largest singular values are found, with what they belong to.
 *
 *     npx tsmpirun -n 4 examples/gallery/mixed.ts
 */
import { cgls, Convolve1D, DCT, DistributedArray, Distribution, divide, dottest, FirstDerivative, init, Smoothing1D, svds, VStack } from "tsmpi"; // prettier-ignore
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [48, 64]); // rows are split
const picture = DistributedArray.fromFunction(space, section);

const blur = new Convolve1D([64], [1, 4, 6, 4, 1].map((w) => w / 16), { offset: 2 }); // prettier-ignore
const smooth = new Smoothing1D(space, 3, { axis: 0 }); // across ranks
const A = blur.compose(smooth);
A.name = "blur";
await dottest(A);

const slopes = new FirstDerivative(space, { axis: 0 }).scale(0.02);
const system = new VStack([A, slopes, new DCT([64]).scale(1e-3)]); // one of them local
if (world.rank === 0) console.log(system.describe());
const data = await A.matvec(picture);
const stacked = system.data.zeros();
stacked.members[0].copyFrom(data);
const { model } = await cgls(system, stacked, { maxIterations: 60 });
const error = (await model.clone().axpy(-1, picture).norm()) / (await picture.norm());
const blurred = (await data.clone().axpy(-1, picture).norm()) / (await picture.norm());
check("the picture is sharper than before", error < 0.6 * blurred);

const { values, right, status } = await svds(A, { count: 3, rtol: 1e-6 });
check("the largest singular value is about that of a constant", status === "converged" && values[0] > 0.99 && values[0] < 1.001); // prettier-ignore
const ones = DistributedArray.fromFunction(space, () => 1);
const undone = await divide(A, await A.matvec(ones), { maxIterations: 30 });
check("what was blurred is found again", (await undone.axpy(-1, ones).norm()) < 0.1 * (await ones.norm()));
if (world.rank === 0) console.log(`singular values ${values.map((value) => value.toFixed(4)).join(", ")}`);

await show("Local and distributed operators in one", [
  { Blurred: data, "Made sharp by CGLS": model },
  { "Largest singular vector": right[0], "The second": right[1] },
]);
