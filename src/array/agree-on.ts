import type { Communicator } from "../comm/types.js";
import { hashOf } from "./hash.js";

/**
 * Compares what the ranks of a communicator ask for, before anything is sent that would go wrong if they asked for
 * different things. Collective: an allreduce of two numbers, and an allgather of the texts if they differ. Local on one
 * rank.
 *
 * @param asked - What this rank asks for, in words: `axes [1, 0]`.
 * @throws {RangeError} On every rank, if one asks for something else; names it, and what it asks for.
 */
export async function agreeOn(comm: Communicator, where: string, asked: string): Promise<void> {
  if (comm.size === 1) return;
  const hash = hashOf(new TextEncoder().encode(asked));
  const extremes = Float64Array.of(hash, -hash);
  await comm.allreduce(extremes, { op: "max", into: extremes });
  if (extremes[0] === -extremes[1]) return;
  const all = await comm.allgather(asked);
  const counts = new Map<string, number>();
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1);
  const [usual] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  const odd = all.findIndex((each) => each !== usual);
  throw new RangeError(
    `${where}: rank ${odd} asks for ${all[odd]}, rank ${all.indexOf(usual)} for ${usual}; all ranks must ask for the same`,
  );
}
