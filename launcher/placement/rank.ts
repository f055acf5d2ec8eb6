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
