import assert from "node:assert/strict";
import { GroupCommunicator } from "../../src/comm/communicator.js";
import { unreceived, waiting } from "../../src/comm/leftovers.js";
import { realRanks, spmd } from "../spmd.js";
import { traffic } from "./soak/traffic.js";

const TIMERS = new Set(["Timeout", "Immediate"]);

await spmd(
  "random mixed traffic: nothing is lost, doubled, changed or overtaken, and nothing is left behind",
  async (comm) => {
    assert.ok(comm instanceof GroupCommunicator);
    const { engine } = comm;
    const open = engine.limits;
    comm.name = "traffic"; // what other communicators have left behind is not looked at
    await traffic(comm, 55, comm.size);
    assert.equal(engine.rendezvous.pending, 0);
    const left = [...waiting(engine), ...unreceived(engine)];
    assert.deepEqual(
      left.filter((text) => text.includes('"traffic')),
      [],
    );
    assert.equal(engine.limits, open);
  },
  { sizes: [1, 2, 3, 5] },
);

await spmd(
  "memory and handles stay flat under traffic",
  async (comm) => {
    await traffic(comm, 60, 1); // whatever is made once is made
    // Timers come and go: an engine that polls has one now and then.
    const open = (): number => process.getActiveResourcesInfo().filter((kind) => !TIMERS.has(kind)).length;
    const [bytes, handles] = [process.memoryUsage.rss(), open()];
    for (let seed = 2; seed < 6; seed++) await traffic(comm, 60, seed);
    assert.ok(process.memoryUsage.rss() - bytes < 128 * 2 ** 20, "memory grows");
    assert.ok(open() <= handles + 1, "handles grow");
  },
  { sizes: [2] },
);

await realRanks(import.meta.url);
