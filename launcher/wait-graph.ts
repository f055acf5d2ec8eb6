import type { CommState, RankState, RunningCall } from "../src/comm/rank-state.js";
import { nameRanks } from "./ranks.js";
import type { Findings } from "./survey.js";

/** Ranks that wait for each other in a ring: none of them can go on. */
export interface Ring {
  /** Each waits for the next, the last for the first. */
  readonly ranks: readonly number[];
}

/**
 * Finds ranks that wait for each other in a ring. A rank counts if it awaits one thing only: a message from one rank, a
 * send to one, or a collective that needs all, some of which have not called it. Local, pure.
 *
 * Ranks are asked at different moments: a ring is one only if it is found again and its ranks have not moved meanwhile,
 * see {@link isStill}.
 *
 * @param size - Ranks of the world.
 */
export function findRing(findings: Findings, size: number): Ring | undefined {
  const absent = absentees(findings, size);
  const needs = new Map([...findings].map(([rank, { state }]) => [rank, state ? needed(state, absent) : []]));
  const done = new Set<number>();
  for (const start of needs.keys()) {
    const path: number[] = [];
    const ring = follow(start, needs, path, done);
    if (ring !== undefined) return ring;
  }
  return undefined;
}

/** Whether those ranks have not moved between two surveys. Local, pure. */
export function isStill({ ranks }: Ring, before: Findings, after: Findings): boolean {
  return ranks.every((rank) => {
    const [then, now] = [before.get(rank)?.state, after.get(rank)?.state];
    return then !== undefined && now?.progress === then.progress && waitsOf(now) === waitsOf(then);
  });
}

/** As in `rank 0 waits for rank 1, 1 for 2, 2 for 0`. Local, pure. */
export function describeRing({ ranks: [first, second, ...more] }: Ring): string {
  const others = [second, ...more, first];
  const links = others.slice(1).map((rank, i) => `${others[i]} for ${rank}`);
  return `${nameRanks([first])} waits for ${nameRanks([second])}, ${links.join(", ")}`;
}

function follow(
  rank: number,
  needs: ReadonlyMap<number, readonly number[]>,
  path: number[],
  done: Set<number>,
): Ring | undefined {
  const before = path.indexOf(rank);
  if (before >= 0) return path.length - before > 1 ? { ranks: path.slice(before) } : undefined;
  if (done.has(rank)) return undefined;
  path.push(rank);
  for (const next of needs.get(rank) ?? []) {
    const ring = follow(next, needs, path, done);
    if (ring !== undefined) return ring;
  }
  path.pop();
  done.add(rank);
  return undefined;
}

type Absentees = (comm: CommState, sequence: number) => readonly number[];

/** Ranks without which this one cannot go on. */
function needed({ comms, pending, pendingCount }: RankState, absent: Absentees): readonly number[] {
  const calls = comms.flatMap((comm) => comm.running.filter(isAwaited).map((call) => ({ comm, call })));
  const messages = pending.filter(isAwaited);
  if (calls.length + messages.length !== 1 || pendingCount > pending.length) return [];
  const [message] = messages;
  if (message !== undefined) return message.peer === undefined ? [] : [message.peer];
  const [{ comm, call }] = calls;
  return NEED_ALL.test(call.call) ? absent(comm, call.sequence) : [];
}

/** Who has not called a collective; found once for all that wait in it. */
function absentees(findings: Findings, size: number): Absentees {
  const known = new Map<string, readonly number[]>();
  return ({ id, ranks }, sequence) => {
    const key = `${id} ${sequence}`;
    const found =
      known.get(key) ??
      (ranks ?? Array.from({ length: size }, (_, rank) => rank)).filter((rank) => {
        const state = findings.get(rank)?.state;
        const { begun } = state?.comms.find((comm) => comm.id === id) ?? { begun: 0 };
        return state !== undefined && begun <= sequence;
      });
    known.set(key, found);
    return found;
  };
}

const NEED_ALL = /^(barrier|allreduce|allgather|alltoall|reduceScatter|split|create)\(/;

/** Of two things that are not awaited yet, or by turns, either may be what a rank goes on with. */
function isAwaited({ place }: Pick<RunningCall, "place">): boolean {
  return place !== "";
}

function waitsOf({ comms, pending }: RankState): string {
  return JSON.stringify([comms.map(({ running }) => running), pending]);
}
