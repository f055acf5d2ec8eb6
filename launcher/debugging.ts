import type { DebugOptions } from "./debug-options.js";
import { UsageError } from "./errors.js";
import type { Placement } from "./placement/place.js";

/**
 * What node is to be told of a rank that is looked into. Local, pure.
 *
 * Inspectors listen on the rank's host only: whoever reaches one can run anything.
 */
export function debugFlags(debug: DebugOptions, rank: number): string[] {
  const { inspect, profiles, profileFolder } = debug;
  const name = `rank-${String(rank).padStart(4, "0")}`;
  const flags = profiles.flatMap((kind) => [
    `--${kind}-prof`,
    `--${kind}-prof-dir=${profileFolder}`,
    `--${kind}-prof-name=${name}.${kind}profile`,
  ]);
  if (inspect === undefined || !isInspected(inspect.ranks, rank)) return flags;
  return [...flags, `--inspect${inspect.wait ? "-brk" : ""}=127.0.0.1:${portOf(debug, rank)}`];
}

/** Whether node is to be told anything of any rank. Local, pure. */
export function lookedInto({ inspect, profiles }: DebugOptions): boolean {
  return inspect !== undefined || profiles.length > 0;
}

/**
 * Where the inspectors are, a line for each, with the way there for those on other hosts; none without --inspect. Local,
 * pure.
 *
 * @param isHere - Whether the ranks of a placement run on this host.
 * @throws {UsageError} If a rank is named that there is not, or a port would be.
 */
export function listInspectors(
  debug: DebugOptions,
  placements: readonly Placement[],
  isHere: (placement: Placement) => boolean,
): string[] {
  const { inspect } = debug;
  if (inspect === undefined) return [];
  const size = placements.flatMap(({ ranks }) => ranks).length;
  const wanted = inspect.ranks === "all" ? [size - 1] : inspect.ranks;
  const absent = wanted.find((rank) => rank >= size);
  if (absent !== undefined)
    throw new UsageError(`--inspect: there is no rank ${absent}; the job has ranks 0 to ${size - 1}`);
  if (portOf(debug, Math.max(...wanted)) > 65_535)
    throw new UsageError(`--inspect-port ${debug.inspectPort}: too few ports above it; choose a smaller one`);
  const all = placements.flatMap((placement) => placement.ranks.map((rank) => ({ rank, placement })));
  const inspected = all
    .filter(({ rank }) => isInspected(inspect.ranks, rank))
    .sort((a, b) => a.rank - b.rank);
  const lines = inspected.map(({ rank, placement }) => {
    const address = `127.0.0.1:${portOf(debug, rank)}`;
    const { name, user } = placement.host;
    const target = user === undefined ? name : `${user}@${name}`;
    const way = isHere(placement) ? "" : `, through ssh -N -L ${portOf(debug, rank)}:${address} ${target}`;
    return `  rank ${rank} on ${name}: ${address}${way}`;
  });
  return ['inspectors, for chrome://inspect or an editor\'s "attach to node":', ...lines];
}

function isInspected(ranks: readonly number[] | "all", rank: number): boolean {
  return ranks === "all" || ranks.includes(rank);
}

function portOf({ inspectPort }: DebugOptions, rank: number): number {
  return inspectPort + rank;
}
