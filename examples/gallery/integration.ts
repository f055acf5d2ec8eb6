/**
 * Sums along an axis: causal integrals, which undo derivatives, straight lines through columns, and plain sums.
 *
 *     npx tsmpirun -n 4 examples/gallery/integration.ts
 */
import {
  CausalIntegration,
  cgls,
  DistributedArray,
  Distribution,
  FirstDerivative,
  init,
  LinearRegression,
  Sum,
} from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section);

const integral = new CausalIntegration(space, { axis: 0 }); // a scan over the ranks: one number a column
const derivative = new FirstDerivative(space, { axis: 0, kind: "backward" });
const summed = await integral.matvec(picture);
const back = await derivative.matvec(summed);
const first = DistributedArray.fromFunction(space, (y, x) => (y === 0 ? section(0, x) : 0)); // the row it cannot know
check("a derivative undoes it", (await back.clone().axpy(1, first).axpy(-1, picture).norm()) < 1e-10);

const t = Float64Array.from({ length: 96 }, (_, k) => k);
const lines = new LinearRegression(space, t, { axis: 0 }); // coefficients on every rank
const { model } = await cgls(lines, picture, { maxIterations: 200, rtol: 1e-10 });
const total = await new Sum(space, { axis: 0 })
  .compose(new FirstDerivative(space, { axis: 1 }))
  .matvec(picture);
if (world.rank === 0)
  console.log(
    `column 0: ${model.local[0].toFixed(3)} + ${model.local[128].toFixed(5)} t; ${total.length} sums of columns`,
  );

await show("Integration and regression", [
  {
    Picture: picture,
    "CausalIntegration, axis 0": summed,
    "Its adjoint: from below": await integral.rmatvec(picture),
  },
  { "Derivative of the integral": back, "Straight lines (LinearRegression)": await lines.matvec(model) },
]);
