/** Ranks that wait, each job in a way of its own: `stalls.ts WAY`. Every rank prints "ready" right before. */
import { execFileSync } from "node:child_process";
import { init } from "tsmpi";

const world = await init();
const { rank, size } = world;
const [way] = process.argv.slice(2);
const odds = await world.split(rank % 2);
console.log("ready");
await ways()[way]();

function ways(): Record<string, () => Promise<unknown>> {
  return {
    /** The last rank waits for a message, the others for it. */
    absent: async () => {
      if (rank === size - 1) await world.recv({ source: 0, tag: 5 });
      else await world.allreduce(new Float64Array(1024), { op: "sum" });
    },
    /** Rank 0 has no turn of its event loop; the others wait for it. */
    busy: async () => {
      if (rank === 0) compute(60);
      await world.barrier();
    },
    /** Rank 0 sleeps where it cannot be interrupted, and rank 1 is stopped. */
    dead: async () => {
      if (rank === 1) process.kill(process.pid, "SIGSTOP");
      if (rank === 0) execFileSync("sleep", ["60"]);
      await world.barrier();
    },
    /** Ranks 1 and 3 wait for each other, on a communicator of theirs; the others for something else. */
    part: async () => {
      if (rank === 3) await odds?.allreduce(1);
      if (rank === 1) await odds?.recv({ source: 1 });
      await forever();
    },
    /** A send waits for its receive, and that rank for nothing. */
    send: async () => {
      if (rank === 0) await world.send(new Float64Array(100_000), 1, { tag: 9 });
      await forever();
    },
    /** They go on as soon as they are told to by SIGUSR2. */
    later: async () => {
      const alive = setInterval(() => undefined, 1000);
      const told = new Promise((resolve) => process.once("SIGUSR2", resolve));
      if (rank === 0) await told;
      await world.barrier();
      clearInterval(alive);
    },
    /** Rank 1 fails while the others wait for it. */
    fails: async () => {
      if (rank !== 1) await world.barrier();
      await new Promise((resolve) => setTimeout(resolve, 200));
      throw new Error("no more");
    },
    /** Rank 0 ends. */
    ends: async () => {
      if (rank > 0) await forever();
    },
  };
}

function compute(seconds: number): void {
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) Math.sqrt(end);
}

/** Keeps the rank alive without asking anything of tsmpi. */
function forever(): Promise<never> {
  return new Promise(() => setInterval(() => undefined, 1000));
}
