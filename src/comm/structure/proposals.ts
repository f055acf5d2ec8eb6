import { allgather } from "../collectives/allgather.js";
import type { Call } from "../collectives/call.js";

/** What a rank wants of a communicator to be made. */
export interface Proposal {
  /** Which of several communicators it joins; `undefined` for none. */
  readonly color: number | undefined;
  readonly key: number;
  /** Arguments of the call, for others to see. */
  readonly details?: ArrayLike<number>;
}

/** The same as seen by the others. */
export interface Proposed {
  /** Rank in the parent. */
  readonly rank: number;
  readonly color: number | undefined;
  readonly key: number;
  readonly details: Float64Array;
}

const HEAD = 2;

/** What came of the proposals of all ranks. */
export interface Outcome {
  /** Who joins this rank, by their ranks in the new communicator: ordered by key, then by rank in the parent. */
  readonly members: readonly Proposed[];
}

/**
 * Tells all ranks what this one wants, and learns what they want. One allgather of a few numbers.
 *
 * @param check - Judges what all want, in rank order; every rank comes to the same verdict.
 * @returns `undefined` if this rank joins none.
 */
export async function agree(
  call: Call,
  proposal: Proposal,
  check?: (all: readonly Proposed[]) => void,
): Promise<Outcome | undefined> {
  const all = await exchange(call, proposal);
  check?.(all);
  if (proposal.color === undefined) return undefined;
  const members = all
    .filter(({ color }) => color === proposal.color)
    .sort((a, b) => a.key - b.key || a.rank - b.rank);
  return { members };
}

async function exchange(call: Call, { color, key, details = [] }: Proposal): Promise<Proposed[]> {
  const mine = Float64Array.from([color ?? NaN, key, ...Array.from(details)]);
  const all = (await allgather(call, mine)) as Float64Array[];
  return all.map((theirs, rank) => ({
    rank,
    color: Number.isNaN(theirs[0]) ? undefined : theirs[0],
    key: theirs[1],
    details: theirs.subarray(HEAD),
  }));
}

/**
 * Checks that all ranks have passed the same.
 *
 * @throws {RangeError} That names the first rank that has not, and what both have passed.
 */
export function mustAgree(
  where: string,
  all: readonly Proposed[],
  print: (details: Float64Array) => string,
): void {
  const [first, ...others] = all;
  const odd = others.find(({ details }) => !same(details, first.details));
  if (odd === undefined) return;
  throw new RangeError(
    `${where}: rank ${first.rank} passes ${print(first.details)} and rank ${odd.rank} passes ${print(odd.details)}; ` +
      `every rank must pass the same`,
  );
}

export function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
