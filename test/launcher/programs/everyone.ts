/** All ranks hear from their neighbours again and again; `later`: from some time after the start on; or, `slow`, one sends much and one computes for longer than a heartbeat. */
import { init } from "tsmpi";

const world = await init();
const { rank, size } = world;
const arrived = await world.gather(`${rank}@${world.host}`);
if (rank === 0) console.log(arrived?.join("\n"));

if (process.argv[2] === "slow") {
  const seconds = Number(process.argv[3] ?? 5);
  const bulk = new Float64Array(10_000);
  if (rank === 2) console.log("=".repeat(50_000));
  if (rank === 3) for (const end = Date.now() + 1000 * seconds; Date.now() < end;);
  const requests = Array.from({ length: size }, (_, other) =>
    world.sendrecv(bulk, { dest: other, source: other }),
  );
  for (const request of requests) await request;
  if (rank === 3) console.log("all came back from rank 3");
} else {
  // Until then nobody has a connection with the next host.
  if (process.argv[2] === "later") await new Promise((resolve) => setTimeout(resolve, 1500));
  for (;;) await world.sendrecv(rank, { dest: (rank + 1) % size, source: (rank + size - 1) % size });
}
