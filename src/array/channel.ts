import type { Communicator } from "../comm/types.js";

const channels = new WeakMap<Communicator, Communicator>();

/**
 * The duplicate of a communicator on which arrays exchange halos, so that no receive of the user's, whatever its
 * wildcards, can take one of their messages. Made on first use, which every rank reaches at the same call.
 */
export function channelOf(comm: Communicator): Communicator {
  let channel = channels.get(comm);
  if (!channel) {
    channel = comm.dup();
    channels.set(comm, channel);
  }
  return channel;
}
