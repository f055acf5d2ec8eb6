import type { Engine } from "./engine.js";

/** So many of a kind are named one by one. */
const NAMED = 5;

/**
 * What a program that ends has forgotten: requests that failed and were never awaited, receives that still wait, and
 * with `TSMPI_CHECK=1` every request that was never awaited, with the line that made it. Costs nothing before: what waits is in
 * the queues. Printed on stderr. Local.
 */
export function reportRequests(engine: Engine, rank: number): void {
  for (const error of engine.unobservedFailures.values())
    console.error(`tsmpi: rank ${rank} never awaited a request that failed: ${error.message}`);
  const never = [...engine.openSites].map(({ what, line }) => `${what},${line}`);
  list(never, (count) => `rank ${rank} never awaited ${count} requests`);
  list([...engine.waiting()], (count) => `rank ${rank} ends while ${count} receives or probes still wait`);
}

/** Messages that this rank was sent and has not received. */
export function reportMessages(engine: Engine, rank: number): void {
  engine.progress();
  list([...engine.unreceived()], (count) => `rank ${rank} ends without having received ${count} messages`);
}

/** Who has knocked at this rank's port without being of the job, and what came that was not of the protocol. */
export function reportStrangers({ transport: { refused = 0, malformed = 0 } }: Engine, rank: number): void {
  if (refused > 0) console.error(`tsmpi: rank ${rank} turned away ${refused} connections of strangers`);
  if (malformed > 0) console.error(`tsmpi: rank ${rank} got ${malformed} frames that made no sense`);
}

function list(lines: readonly string[], title: (count: number) => string): void {
  if (lines.length === 0) return;
  console.error(`tsmpi: ${title(lines.length)}:`);
  for (const line of lines.slice(0, NAMED)) console.error(`  ${line}`);
  if (lines.length > NAMED) console.error(`  … and ${lines.length - NAMED} more`);
}
