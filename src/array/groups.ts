import type { Communicator } from "../comm/types.js";

const groups = new WeakMap<Communicator, Map<string, Promise<Communicator | undefined>>>();

/**
 * The ranks of equal colour, as a communicator: split off on first use, which every rank reaches at the same call, and
 * kept, so that however many arrays need it there is one. Collective the first time, and local from then on.
 *
 * @param colours - One for each rank, the same list on all; `undefined` for ranks that are in none.
 */
export function groupOf(
  comm: Communicator,
  colours: readonly (number | undefined)[],
): Promise<Communicator | undefined> {
  const known = groups.get(comm) ?? new Map<string, Promise<Communicator | undefined>>();
  groups.set(comm, known);
  const key = colours.join();
  let group = known.get(key);
  if (!group) {
    group = split(comm, colours[comm.rank]);
    known.set(key, group);
  }
  return group;
}

async function split(comm: Communicator, colour: number | undefined): Promise<Communicator | undefined> {
  return comm.split(colour);
}
