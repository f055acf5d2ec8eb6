/**
 * Operators of many: one for each rank, side by side, on top of one another, and in products. Drawn are their matrices.
 *
 *     npx tsmpirun -n 4 examples/gallery/stacks.ts
 */
import {
  acrossRanks,
  DistributedArray,
  Distribution,
  dottest,
  FirstDerivative,
  init,
  Kronecker,
  LocalArray,
  Smoothing1D,
  todense,
  VStack,
} from "tsmpi";
import type { LinearOperator } from "tsmpi";
import { check, show } from "./show.js";

const world = await init();
const { rank, size } = world;

// Every rank brings operators of its own; rank 1 brings none.
const mine = rank === 1 ? [] : [new FirstDerivative([6]).scale(rank + 1), new Smoothing1D([6], 3)];
const diagonal = await acrossRanks(world, "diagonal", mine);
const vertical = await acrossRanks(world, "vertical", mine);
const horizontal = await acrossRanks(world, "horizontal", mine);
for (const op of [diagonal, vertical, horizontal]) await dottest(op);

const space = new Distribution(world, [8]);
const D = new FirstDerivative(space, { edge: true });
const stack = new VStack([D, D.H.compose(D).scale(-1)]);
const both = new Kronecker(new FirstDerivative([4]), new Smoothing1D([5], 3));
check("shapes add up", diagonal.shape[1] === 12 * (size === 1 ? 1 : size - 1) && stack.shape[0] === 16);
if (rank === 0) for (const op of [diagonal, vertical, horizontal, stack, both]) console.log(op.toString());

await show("Stacks", [
  {
    "acrossRanks, diagonal": await matrix(diagonal),
    "acrossRanks, vertical": await matrix(vertical),
    "acrossRanks, horizontal": await matrix(horizontal),
  },
  { VStack: spread(await todense(stack)), Kronecker: spread(await todense(both)) },
]);

async function matrix(op: LinearOperator<DistributedArray, DistributedArray>): Promise<DistributedArray> {
  return spread(await todense(op));
}

/** A matrix that every rank has, as an array to draw. */
function spread(whole: LocalArray): DistributedArray {
  const space = new Distribution(world, whole.space.dims, { replicated: true });
  return new DistributedArray(space, whole.dtype, whole.local);
}
