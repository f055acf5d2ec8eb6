import { test } from "tap";
import { anyKill, describe, hostsOfTheirOwn, killOne } from "../launcher/kill/kill-job.js";
import { randomNumbers } from "../launcher/kill/random.js";
import { cannotMakeHosts, makeHosts } from "./namespaces.js";

const JOBS = 4;
/** Beside other tests, on a machine that may be slow; main.js holds jobs to 5 s. */
const LIMIT_MS = 15_000;
const seed = Date.now() % 1e6;

// Many more: node dist/test/launcher/kill/main.js 200 SEED 5 3
void test(
  `whatever is killed of a job on several hosts, and whenever: nothing is left on any (seed ${seed})`,
  { timeout: 300_000, skip: cannotMakeHosts() ?? false },
  async (t) => {
    const hosts = await makeHosts(2);
    t.teardown(() => hosts.down());
    const random = randomNumbers(seed);
    const ground = hostsOfTheirOwn(hosts);
    for (const kill of Array.from({ length: JOBS }, () => anyKill(random, ground)))
      t.same(await killOne(kill, LIMIT_MS, ground), [], describe(kill));
  },
);
