import { availableParallelism, totalmem } from "node:os";
import type { RankStart } from "../src/comm/wire/messages.js";

/** What keeps the ranks of a host from using more threads and memory together than there are. */
export interface Limits {
  /** Of node. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The threads that node starts for itself (four of V8, four of libuv) are as many as the rank has CPUs, at most four; its
 * JavaScript objects may fill the rank's share of the host's memory. Variables that are set go before. Local.
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
  const megabytes = Math.max(LEAST_HEAP_MB, Math.floor(memoryBytes() / localSize / 2 ** 20));
  const flags = [
    ["--v8-pool-size", clamp(share, 1, MOST_THREADS)],
    ["--max-old-space-size", megabytes],
  ] as const;
  return {
    flags: flags.filter(([name]) => !options.includes(name)).map(([name, value]) => `${name}=${value}`),
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
const LEAST_HEAP_MB = 512;

/** Of this host, or what a cgroup leaves of it. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
