import { env } from "../env.js";
import type { Engine } from "./engine.js";
import type { Posted } from "./matching.js";
import { ANY_SOURCE, ANY_TAG } from "./types.js";

/** So many of a kind are named one by one. */
const NAMED = 5;

/**
 * What a program that ends has forgotten: requests that failed and were never awaited, receives that still wait, and
 * with `TSMPI_CHECK=1` every request that was never awaited, with the line that made it. Costs nothing before: what waits is in
 * the queues. Printed on stderr; with `TSMPI_STRICT=1` the rank then ends with code 1. Local.
 */
export function reportRequests(engine: Engine, rank: number): void {
  for (const error of engine.unobservedFailures.values())
    complain(`rank ${rank} never awaited a request that failed: ${error.message}`);
  const never = [...engine.openSites].map(({ what, line }) => `${what},${line}`);
  list(never, (count) => `rank ${rank} never awaited ${count} requests`);
  list([...waiting(engine)], (count) => `rank ${rank} ends while ${count} receives or probes still wait`);
}

/** Messages that this rank was sent and has not received. */
export function reportMessages(engine: Engine, rank: number): void {
  engine.progress();
  list([...unreceived(engine)], (count) => `rank ${rank} ends without having received ${count} messages`);
}

/** Who has knocked at this rank's port without being of the job, and what came that was not of the protocol. */
export function reportStrangers({ transport: { refused = 0, malformed = 0 } }: Engine, rank: number): void {
  if (refused > 0) console.error(`tsmpi: rank ${rank} turned away ${refused} connections of strangers`);
  if (malformed > 0) console.error(`tsmpi: rank ${rank} got ${malformed} frames that made no sense`);
}

/** Receives and probes that wait although the program has ended. */
export function* waiting(engine: Engine): Iterable<string> {
  for (const [{ name }, { posted, probes }] of engine.pending())
    for (const queue of [posted, probes])
      for (let call = queue.first; call !== undefined; call = call.next)
        yield `${nameOfCall(call)} on "${name}"${call.site?.line ?? ""}`;
}

/** Messages of users that nobody has asked for. */
export function* unreceived(engine: Engine): Iterable<string> {
  for (const [{ name }, { arrived }] of engine.pending())
    for (let message = arrived.first; message !== undefined; message = message.next)
      yield `${message.bytes} bytes from rank ${message.source} with tag ${message.tag} on "${name}"`;
}

function nameOfCall({ source, tag }: Posted): string {
  const from = source === ANY_SOURCE ? "any rank" : `rank ${source}`;
  return `from ${from} with ${tag === ANY_TAG ? "any tag" : `tag ${tag}`}`;
}

function list(lines: readonly string[], title: (count: number) => string): void {
  if (lines.length === 0) return;
  complain(`${title(lines.length)}:`);
  for (const line of lines.slice(0, NAMED)) console.error(`  ${line}`);
  if (lines.length > NAMED) console.error(`  … and ${lines.length - NAMED} more`);
}

/** Says so; with --strict the rank fails, too. */
function complain(text: string): void {
  console.error(`tsmpi: ${text}`);
  if (env.strict) process.exitCode ||= 1;
}
