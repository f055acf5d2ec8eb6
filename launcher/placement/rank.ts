import type { Placement } from "./place.js";
import type { RankPolicy } from "./policy.js";

/**
 * Numbers the ranks of all hosts: `slot` goes along a host before the next, `node` gives one number to each host in
 * turn. Local, pure.
 *
 * @param counts - Ranks of each host.
 * @returns The world ranks of each host, ascending.
 */
export function numberRanks(counts: readonly number[], by: RankPolicy): number[][] {
  const ranks = counts.map((): number[] => []);
  let next = 0;
  if (by === "slot") {
    for (const [host, count] of counts.entries()) while (ranks[host].length < count) ranks[host].push(next++);
    return ranks;
  }
  for (let round = 0; round < Math.max(0, ...counts); round++)
    for (const [host, count] of counts.entries()) if (round < count) ranks[host].push(next++);
  return ranks;
}

/**
 * What is to be said of the order that was asked for: that it changes nothing, or what it costs; `undefined`: nothing.
 * Local, pure.
 *
 * @param by - `undefined`: no order was asked for.
 */
export function remarkOnOrder(
  by: RankPolicy | undefined,
  placements: readonly Pick<Placement, "ranks">[],
): string | undefined {
  if (by !== "node") return undefined;
  const along = numberRanks(
    placements.map(({ ranks }) => ranks.length),
    "slot",
  );
  const same = placements.every(({ ranks }, host) => ranks.every((rank, i) => rank === along[host][i]));
  return same
    ? "--rank-by node has no effect: numbered along each host, ranks would have the same numbers; leave it out"
    : "--rank-by node: ranks that follow each other are on different hosts, so their messages cross the network";
}
