/**
 * Derivatives of a picture whose rows are spread over the ranks: along either axis, along a direction, and summed.
 *
 *     npx tsmpirun -n 4 examples/gallery/derivatives.ts
 */
import {
  DistributedArray,
  Distribution,
  FirstDerivative,
  FirstDirectionalDerivative,
  Gradient,
  init,
  Laplacian,
} from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section);

const down = await new FirstDerivative(space, { axis: 0 }).matvec(picture); // exchanges a row with each neighbour
const across = await new FirstDerivative(space, { axis: 1 }).matvec(picture); // sends nothing
const aslant = await new FirstDirectionalDerivative(space, [Math.SQRT1_2, Math.SQRT1_2]).matvec(picture);
const curvature = await new Laplacian(space, { edge: true }).matvec(picture);

// The gradient is both derivatives as one stack; its adjoint adds up.
const gradient = new Gradient(space);
const both = await gradient.matvec(picture);
check("the gradient is the derivatives", (await both.members[0].clone().axpy(-1, down).norm()) === 0);
const sum = down.clone().axpy(1, across).scale(Math.SQRT1_2);
check("a direction is a weighted sum", (await sum.axpy(-1, aslant).norm()) < 1e-12);
const energy = await both.norm();
if (world.rank === 0) console.log(`‖gradient‖ = ${energy.toFixed(4)} on ${world.size} ranks`);

await show("Derivatives", [
  { Picture: picture, "FirstDerivative, axis 0": down, "FirstDerivative, axis 1": across },
  {
    "FirstDirectionalDerivative, 45°": aslant,
    Laplacian: curvature,
    "Adjoint of Gradient": await gradient.rmatvec(both),
  },
]);
