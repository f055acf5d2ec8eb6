import { isTypedArray, pack } from "../envelope.js";
import type { UserOp } from "../types.js";
import type { Call } from "./call.js";
import { exchangeValues, powerOfTwo } from "./party.js";

/**
 * Reductions of any values by an operation of the user's own, which need not commute: whatever the tree, values are
 * combined in rank order, `combine(earlier, later)`. A typed array is one value; it is never cut.
 */

/**
 * Reduces to the root. Collective. A binomial tree to rank 0, so that every subtree is a range of ranks; one more
 * message if the root is another rank. ⌈log₂ size⌉ rounds.
 */
export async function orderedReduce<T>(
  call: Call,
  value: T,
  op: UserOp<T>,
  root: number,
): Promise<T | undefined> {
  const { rank, size } = call;
  // Invariant: result reduces ranks rank … rank + distance − 1 (those there are).
  let result = value;
  for (let distance = 1; distance < size; distance *= 2) {
    if (rank & distance) {
      await call.send(pack(result), rank - distance);
      return rank === root ? ((await call.receive(0)) as T) : undefined;
    }
    if (rank + distance < size) result = op.combine(result, (await call.receive(rank + distance)) as T);
  }
  if (rank === root) return own(value, result);
  await call.send(pack(result), root);
  return undefined;
}

/**
 * Reduces on every rank. Collective. Recursive doubling over ranges of ranks: ⌊log₂ size⌋ rounds, and two more when
 * `size` is not a power of two: then the first ranks pair up. Partners combine the same two values in the same order,
 * so that every rank gets the same bits, if `combine` depends on its arguments alone.
 */
export async function orderedAllreduce<T>(call: Call, value: T, op: UserOp<T>): Promise<T> {
  const { rank, size } = call;
  const core = powerOfTwo(size);
  const pairs = size - core;
  const paired = rank < 2 * pairs;
  if (paired && rank % 2 === 1) {
    await call.send(pack(value), rank - 1);
    return (await call.receive(rank - 1)) as T;
  }
  let result = paired ? op.combine(value, (await call.receive(rank + 1)) as T) : value;
  const rankOf = (i: number): number => (i < pairs ? 2 * i : i + pairs);
  const me = paired ? rank / 2 : rank - pairs;
  for (let distance = 1; distance < core; distance *= 2) {
    const theirs = (await exchangeValues(call, result, rankOf(me ^ distance))) as T;
    result = me & distance ? op.combine(theirs, result) : op.combine(result, theirs);
  }
  if (paired) await call.send(pack(result), rank + 1);
  return own(value, result);
}

/** Prefix reductions: the inclusive and, from rank 1 on, the exclusive one. Collective. ⌈log₂ size⌉ rounds. */
export async function orderedScan<T>(
  call: Call,
  value: T,
  op: UserOp<T>,
): Promise<{ inclusive: T; exclusive: T | undefined }> {
  const { rank, size } = call;
  let inclusive = value;
  let exclusive: T | undefined;
  let any = false;
  for (let distance = 1; distance < size; distance *= 2) {
    const told = rank + distance < size ? call.send(pack(inclusive), rank + distance) : undefined;
    if (rank >= distance) {
      const earlier = (await call.receive(rank - distance)) as T;
      await told; // what is being sent may be changed only then
      inclusive = op.combine(earlier, inclusive);
      exclusive = any ? op.combine(earlier, exclusive as T) : earlier;
      any = true;
    }
    await told;
  }
  return { inclusive: own(value, inclusive), exclusive };
}

/** The result is never the caller's own array. */
function own<T>(value: T, result: T): T {
  return result === value && isTypedArray(result) ? (result.slice() as T & typeof result) : result;
}
