import assert from "node:assert/strict";
import { hostClockOffsetMs } from "../../src/host-clock.js";
import { realRanks, spmd } from "../spmd.js";

await spmd("syncedTime: clocks agree with that of rank 0 within the error that it states", async (comm) => {
  const time = await comm.syncedTime();
  const origins = await comm.allgather(hostClockOffsetMs());
  const offset = origins[comm.rank] - origins[0];
  const readingMs = 1; // the two clocks are not read at one moment
  assert.ok(
    Math.abs(time.offsetMs - offset) <= time.errorMs + readingMs,
    `rank ${comm.rank} is ${offset} ms off, and measured ${time.offsetMs} ± ${time.errorMs}`,
  );
  assert.ok(time.errorMs >= 0 && time.errorMs < 1000);
  if (comm.rank === 0) assert.deepEqual([time.offsetMs, time.errorMs], [0, 0]);
  // A message never arrives before it was sent.
  const [next, previous] = [(comm.rank + 1) % comm.size, (comm.rank - 1 + comm.size) % comm.size];
  const sent = comm.send([time.now(), time.errorMs], next);
  const [then, theirError] = await comm.recv<[number, number]>({ source: previous });
  await sent;
  assert.ok(time.now() >= then - time.errorMs - theirError - readingMs);
  const misspelt: object = { timeout: 1 };
  await assert.rejects(async () => comm.syncedTime(misspelt), /did you mean "timeoutMs"/);
});

await realRanks(import.meta.url);
