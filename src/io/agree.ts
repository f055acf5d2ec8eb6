import { channelOf } from "../array/channel.js";
import type { Communicator } from "../comm/types.js";
import { messageOf } from "../thrown.js";

const turns = new WeakMap<Communicator, Promise<unknown>>();

/**
 * Runs `action` when what has been started before it on this communicator has ended. So programs may start several reads
 * and writes at once, in the same order on every rank, and what ranks say to each other in them does not mix.
 */
export async function inTurn<T>(comm: Communicator | undefined, action: () => Promise<T>): Promise<T> {
  if (!comm) return action();
  const turn = (turns.get(comm) ?? Promise.resolve()).then(action);
  const nothing = () => undefined;
  turns.set(comm, turn.then(nothing, nothing));
  return turn;
}

/** An `agree` that waits for its turn: what reads from a file in one step. Collective. */
export function agreeInTurn<T>(
  comm: Communicator | undefined,
  where: string,
  action: () => Promise<T>,
): Promise<T> {
  return inTurn(comm, () => agree(comm, where, action));
}

/**
 * Runs `action` on this rank; if it throws on any rank, every rank throws an error that names the first of them.
 * Collective, one allreduce, and one broadcast if it failed, on a communicator of their own: the program may use its own
 * one meanwhile. Without a communicator: local.
 */
export async function agree<T>(
  comm: Communicator | undefined,
  where: string,
  action: () => Promise<T>,
): Promise<T> {
  if (!comm || comm.size === 1) return action();
  const channel = channelOf(comm);
  let outcome: { value: T } | undefined;
  let failure: unknown;
  try {
    outcome = { value: await action() };
  } catch (error) {
    failure = error;
  }
  const failed = await channel.allreduce(outcome ? comm.size : comm.rank, { op: "min" });
  if (outcome && failed === comm.size) return outcome.value;
  const reason = await channel.bcast(failed === comm.rank ? messageOf(failure) : undefined, { root: failed });
  throw new Error(
    `${where}: failed on rank ${failed}: ${reason}`,
    failed === comm.rank ? { cause: failure } : {},
  );
}
