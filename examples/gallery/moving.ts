/**
 * Operators that move samples, also where they belong to other ranks: every element is sent once, to whom it goes.
 *
 *     npx tsmpirun -n 4 examples/gallery/moving.ts
 */
import {
  DistributedArray,
  Distribution,
  Flip,
  init,
  Pad,
  Restriction,
  Roll,
  Symmetrize,
  Transpose,
} from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section);

const roll = new Roll(space, 30, { axis: 0 });
const transpose = new Transpose(space, [1, 0]);
const flip = new Flip(space, { axis: 0 });
for (const op of [roll, transpose, flip]) {
  const back = await op.rmatvec(await op.matvec(picture)); // their adjoints are their inverses
  check(op.toString(), (await back.axpy(-1, picture).norm()) === 0);
}
const every3rd = Array.from({ length: 32 }, (_, k) => 3 * k);
const few = new Restriction(space, every3rd, { axis: 0 });
if (world.rank === 0) console.log(few.toString());

await show("Moving samples", [
  {
    Picture: picture,
    "Roll by 30 rows": await roll.matvec(picture),
    "Flip of rows": await flip.matvec(picture),
  },
  {
    Transpose: await transpose.matvec(picture),
    "Every third row (Restriction)": await few.matvec(picture),
    "Pad and Symmetrize": await new Symmetrize(new Distribution(world, [96, 138]), { axis: 0 })
      .compose(new Pad(space, [0, 10]))
      .matvec(picture),
  },
]);
