import { availableParallelism, totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import type { RankStart } from "../src/comm/wire/messages.js";

/** What keeps the ranks of a host from using more threads together than there are, and lets them use its memory. */
export interface Limits {
  /** Of node. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The threads that node starts for itself (four of V8, four of libuv) are as many as the rank has CPUs, at most four; its
 * JavaScript objects may fill the rank's share of the host's memory. Variables that are set go before. Local.
 *
 * A share that is no larger than what V8 allows itself is not made a limit: with any flag of V8, node does without the
 * compiled code of its own modules that it comes with, and takes 12 ms longer to start.
 *
 * @param bound - CPUs to which the rank is bound; 0: it has its share of all.
 * @param localSize - Ranks of the host.
 */
export function limitsOf(
  bound: number,
  localSize: number,
  options = process.env["NODE_OPTIONS"] ?? "",
): Limits {
  const share = bound > 0 ? bound : Math.floor(availableParallelism() / localSize);
  const heapBytes = Math.floor(memoryBytes() / localSize);
  const flags = [
    ["--v8-pool-size", clamp(share, 1, MOST_THREADS)],
    [
      "--max-old-space-size",
      heapBytes > getHeapStatistics().heap_size_limit ? Math.floor(heapBytes / 2 ** 20) : 0,
    ],
  ] as const;
  return {
    flags: flags.flatMap(([name, value]) => (value > 0 && !options.includes(name) ? `${name}=${value}` : [])),
    // One thread would let a slow name look-up hold up every file.
    environment: { UV_THREADPOOL_SIZE: `${clamp(share, 2, MOST_THREADS)}` },
  };
}

/** Whether ranks of a host outnumber the CPUs on which they may run. Local. */
export function isCrowded(localSize: number, ranks: readonly RankStart[]): boolean {
  const free = ranks.some(({ cpus }) => cpus.length === 0);
  const cpus = free ? availableParallelism() : new Set(ranks.flatMap((rank) => rank.cpus)).size;
  return localSize > cpus;
}

const MOST_THREADS = 4;

/** Of this host, or what a cgroup leaves of it. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
