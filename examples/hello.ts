/**
 * Every rank says hello, in turn, and they agree on a sum.
 *
 *     npx tsmpirun -n 4 examples/hello.ts
 */
import { hostname } from "node:os";
import { init } from "tsmpi";

const world = await init();
const { rank, size } = world;

const greetings = await world.gather(`Hello from rank ${rank} of ${size} on ${hostname()}`);
if (greetings) console.log(greetings.join("\n"));

const sum = await world.allreduce(rank + 1);
if (sum !== (size * (size + 1)) / 2) throw new Error(`hello: the sum of 1 … ${size} is not ${sum}`);
if (rank === 0) console.log(`1 + … + ${size} = ${sum}`);
