import type { Forced } from "./algorithms.js";
import { ALLGATHER } from "./allgather.js";
import { ALLREDUCE } from "./allreduce.js";
import { ALLTOALL } from "./alltoall.js";
import { BARRIER } from "./barrier.js";
import { BCAST } from "./bcast.js";
import type { CollectiveName } from "./call.js";
import { GATHER } from "./gather.js";
import { REDUCE_SCATTER } from "./reduce-scatter.js";
import { REDUCE } from "./reduce.js";
import { SCAN } from "./scan.js";
import { SCATTER } from "./scatter.js";

/** The algorithms of each collective, in the order of their numbers in signatures. */
export const CHOICES: Partial<Record<CollectiveName, readonly string[]>> = {
  barrier: Object.keys(BARRIER),
  bcast: Object.keys(BCAST),
  reduce: Object.keys(REDUCE),
  allreduce: Object.keys(ALLREDUCE),
  gather: Object.keys(GATHER),
  scatter: Object.keys(SCATTER),
  allgather: Object.keys(ALLGATHER),
  alltoall: Object.keys(ALLTOALL),
  scan: Object.keys(SCAN),
  reduceScatter: Object.keys(REDUCE_SCATTER),
};

/** @throws {RangeError} If a collective or an algorithm has no such name; it lists the names there are. */
export function checkChoices(where: string, forced: Forced): void {
  for (const [name, algorithm] of Object.entries(forced)) {
    const names = CHOICES[name as CollectiveName];
    if (names === undefined) {
      throw new RangeError(
        `${where}: "${name}" is no collective with several algorithms; use ${Object.keys(CHOICES).join(", ")}`,
      );
    }
    if (algorithm === undefined || names.includes(algorithm)) continue;
    throw new RangeError(`${where}: ${name} has no algorithm "${algorithm}"; use ${names.join(", ")}`);
  }
}
