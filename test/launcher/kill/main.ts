/**
 * Kills a random process of each of many jobs, one job after the other:
 *
 *     node dist/test/launcher/kill/main.js [jobs=200] [seed] [seconds=5] [hosts=0]
 *
 * on so many hosts of their own, over ssh, as root; 0: on two that this one plays.
 */
import { makeHosts } from "../../hosts/namespaces.js";
import { anyKill, describe, hostsOfTheirOwn, killOne, playedHosts } from "./kill-job.js";
import { randomNumbers } from "./random.js";

const [jobs = "200", seed = `${Date.now() % 1e6}`, seconds = "5", hostCount = "0"] = process.argv.slice(2);
const hosts = Number(hostCount) > 0 ? await makeHosts(Number(hostCount)) : undefined;
const random = randomNumbers(Number(seed));
console.log(`${jobs} jobs, seed ${seed}`);
const count = new Map<string, number>();
let failed = 0;
for (let job = 0; job < Number(jobs); job++) {
  const ground = hosts ? hostsOfTheirOwn(hosts) : playedHosts();
  const kill = anyKill(random, ground);
  const kind = `${kill.victim}, ${kill.phase}`;
  count.set(kind, (count.get(kind) ?? 0) + 1);
  const wrong = await killOne(kill, 1000 * Number(seconds), ground);
  if (wrong.length === 0) continue;
  failed++;
  console.log(`job ${job}: ${describe(kill)}: ${wrong.join("; ")}`);
}
await hosts?.down();
for (const [kind, jobs] of [...count].sort()) console.log(`${kind}: ${jobs} jobs`);
console.log(`${failed} of ${jobs} jobs did not end as they should`);
process.exitCode = failed === 0 ? 0 : 1;
