import { type Proposed, same } from "./proposals.js";

/**
 * Checks the groups that the ranks of a communicator have passed to `create`, as ranks of the parent: whoever is in a
 * group has passed that very group. The groups of different ranks may be disjoint. Every rank comes to the same verdict.
 *
 * @throws {RangeError} That names the two ranks that differ.
 */
export function checkGroups(where: string, all: readonly Proposed[]): void {
  const checked = new Set<number>();
  for (const { rank, details } of all) {
    if (details.length === 0) continue;
    const [first] = details;
    if (!checked.has(first)) {
      for (const member of details) compare(where, all, rank, member);
      checked.add(first);
    } else compare(where, all, first, rank);
  }
}

function compare(where: string, all: readonly Proposed[], one: number, other: number): void {
  if (same(all[one].details, all[other].details)) return;
  throw new RangeError(
    `${where}: rank ${one} passes ${print(all[one].details)} and rank ${other} passes ${print(all[other].details)}; ` +
      `every member must pass the same group`,
  );
}

function print(ranks: Float64Array): string {
  return ranks.length === 0 ? "a group that it is not in" : `the group of ranks ${[...ranks].join(", ")}`;
}
