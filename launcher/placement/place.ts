import type { Allocation, Host } from "./allocation.js";
import { mapRanks, type MapRequest } from "./map.js";
import type { RankPolicy } from "./policy.js";
import { numberRanks } from "./rank.js";

/** A host of the job and the world ranks it runs. */
export interface Placement {
  readonly host: Host;
  /** Ascending; the first is local rank 0. */
  readonly ranks: readonly number[];
}

export interface Mapping {
  readonly size: number;
  /** Of hosts that run ranks. */
  readonly placements: readonly Placement[];
  /** Slots found, and whether there are more ranks. */
  readonly slots: number;
  readonly oversubscribed: boolean;
}

/**
 * Gives ranks to hosts, and numbers them. Local, pure.
 *
 * @param rankBy - `undefined`: as they were dealt, across hosts for `--map-by node`, else along each host.
 * @throws {UsageError} See {@link mapRanks}.
 */
export function placeRanks(
  allocation: Allocation,
  request: MapRequest & { readonly rankBy: RankPolicy | undefined },
): Mapping {
  const { counts, slots, oversubscribed } = mapRanks(allocation, request);
  const ranks = numberRanks(counts, request.rankBy ?? (request.policy.by === "node" ? "node" : "slot"));
  const placements = allocation.hosts
    .map((host, i) => ({ host, ranks: ranks[i] }))
    .filter((placement) => placement.ranks.length > 0);
  return { size: ranks.flat().length, placements, slots, oversubscribed };
}
