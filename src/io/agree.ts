import type { Communicator } from "../comm/types.js";

/**
 * Runs `action` on this rank; if it throws on any rank, every rank throws an error that names the first of them.
 * Collective, one allreduce, and one broadcast if it failed. Without a communicator: local.
 */
export async function agree<T>(
  comm: Communicator | undefined,
  where: string,
  action: () => Promise<T>,
): Promise<T> {
  if (!comm || comm.size === 1) return action();
  let outcome: { value: T } | undefined;
  let failure: unknown;
  try {
    outcome = { value: await action() };
  } catch (error) {
    failure = error;
  }
  const failed = await comm.allreduce(outcome ? comm.size : comm.rank, { op: "min" });
  if (outcome && failed === comm.size) return outcome.value;
  const text = failure instanceof Error ? failure.message : String(failure);
  const reason = await comm.bcast(failed === comm.rank ? text : undefined, { root: failed });
  throw new Error(
    `${where}: failed on rank ${failed}: ${reason}`,
    failed === comm.rank ? { cause: failure } : {},
  );
}
