import { test } from "tap";
import { anyKill, describe, killOne, playedHosts } from "./kill-job.js";
import { randomNumbers } from "./random.js";

const JOBS = 12;
/** Beside other tests, on a machine that may be slow; main.js holds jobs to 5 s. */
const LIMIT_MS = 15_000;
const seed = Date.now() % 1e6;
const skip = process.platform === "linux" ? false : "finds processes in /proc";

// Many more: node dist/test/launcher/kill/main.js 200
void test(
  `whatever is killed, and whenever: nothing is left (seed ${seed})`,
  { timeout: 300_000, skip },
  async (t) => {
    const random = randomNumbers(seed);
    for (const kill of Array.from({ length: JOBS }, () => anyKill(random, playedHosts())))
      t.same(await killOne(kill, LIMIT_MS), [], describe(kill));
  },
);
