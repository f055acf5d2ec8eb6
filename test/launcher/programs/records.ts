/** Calls of several kinds, for `--stats` and `--trace`: 3 allreduces, 1 message around the ring, 1 barrier on a duplicate. */
import { init } from "tsmpi";

const world = await init();
const { rank, size } = world;
for (let k = 0; k < 3; k++) {
  using span = world.trace.span("iteration", { k });
  await world.allreduce(new Float64Array(128), { op: "sum" });
  if (span === undefined) break;
}
if (rank === 0) await new Promise((resolve) => setTimeout(resolve, 300));
const received = world.recv({ source: (rank - 1 + size) % size });
await world.send(new Float64Array(16), (rank + 1) % size);
await received;
const copy = world.dup();
await copy.barrier();
if (process.argv[2] === "exit") process.exit(0);
if (process.argv[2] === "kill" && rank === 1) process.kill(process.pid, "SIGKILL");
