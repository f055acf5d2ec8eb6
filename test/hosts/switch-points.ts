/**
 * Times every algorithm of some collectives at some sizes, to find where one becomes better than another:
 *
 *     npx tsmpirun --host node1:2,node2:2 test/hosts/switch-points.ts allreduce,bcast 8,1024,65536,1048576
 *
 * Microseconds of one operation on rank 0, in the fastest of 30 batches, since ranks that share cores disturb each other;
 * the best of a row is marked.
 */
import { type Communicator, init } from "../../src/index.js";
import { CHOICES } from "../../src/comm/collectives/choices.js";

const BATCHES = 30;
const BATCH_MS = 15;
const WARM_UP_MS = 100;

/** One operation on `bytes`: the whole vector, or what a rank gives to all together. */
const OPERATIONS: Readonly<
  Record<string, (comm: Communicator, bytes: number) => (turn: number) => PromiseLike<unknown>>
> = {
  barrier: (comm) => () => comm.barrier(),
  allreduce(comm, bytes) {
    const [x, into] = vectors(bytes);
    return () => comm.allreduce(x, { into });
  },
  reduce(comm, bytes) {
    const [x, into] = vectors(bytes);
    return (turn) => comm.reduce(x, { root: turn % comm.size, into });
  },
  bcast(comm, bytes) {
    const [x] = vectors(bytes);
    return (turn) => comm.bcast(x, { root: turn % comm.size, into: x });
  },
  allgather(comm, bytes) {
    const [x] = vectors(bytes / comm.size);
    const into = new Float64Array(x.length * comm.size);
    return () => comm.allgather(x, { into });
  },
  reduceScatter(comm, bytes) {
    const x = new Float64Array(Math.ceil(bytes / 8 / comm.size) * comm.size).fill(comm.rank);
    return () => comm.reduceScatter(x);
  },
  alltoall(comm, bytes) {
    const x = new Float64Array(Math.ceil(bytes / 8 / comm.size) * comm.size).fill(comm.rank);
    const into = new Float64Array(x.length);
    return () => comm.alltoall(x, { into });
  },
};

const world = await init();
const names = (process.argv[2] ?? Object.keys(OPERATIONS).join(",")).split(",");
const sizes = (process.argv[3] ?? "8,1024,16384,65536,262144,1048576").split(",").map(Number);
for (const name of names) {
  const algorithms = CHOICES[name as keyof typeof CHOICES] ?? [];
  say([name, ...algorithms, "(rule)"]);
  for (const bytes of name === "barrier" ? [0] : sizes) {
    const times: number[] = [];
    for (const algorithm of [...algorithms, undefined]) {
      world.configure({ algorithms: algorithm === undefined ? undefined : { [name]: algorithm } });
      times.push(await timeOf(OPERATIONS[name](world, bytes)));
    }
    const best = Math.min(...times.slice(0, -1));
    say([`${bytes}`, ...times.map((us) => us.toFixed(us < 100 ? 1 : 0) + (us === best ? "*" : " "))]);
  }
}

function vectors(bytes: number): readonly [Float64Array, Float64Array] {
  const length = Math.ceil(bytes / 8);
  return [new Float64Array(length).fill(world.rank), new Float64Array(length)];
}

async function timeOf(operation: (turn: number) => PromiseLike<unknown>): Promise<number> {
  const run = async (count: number): Promise<number> => {
    await world.barrier();
    const begun = performance.now();
    for (let turn = 0; turn < count; turn++) await operation(turn);
    await world.barrier();
    return (performance.now() - begun) / count;
  };
  let perTurn = await run(2);
  for (let spent = 0; spent < WARM_UP_MS;) {
    const count = await agreed(Math.min(1000, 1 + Math.floor(WARM_UP_MS / 4 / perTurn)));
    perTurn = await run(count);
    spent = await agreed(spent + perTurn * count);
  }
  const count = await agreed(1 + Math.floor(BATCH_MS / perTurn));
  let least = Infinity;
  for (let i = 0; i < BATCHES; i++) least = Math.min(least, await run(count));
  return 1000 * least;
}

/** Rank 0's number, for all. */
function agreed(x: number): PromiseLike<number> {
  return world.bcast(x);
}

function say(cells: readonly string[]): void {
  if (world.rank === 0) console.log(cells.map((cell) => cell.padStart(19)).join(""));
}
