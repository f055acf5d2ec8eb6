import type { UserOp } from "../types.js";
import { allgather } from "./allgather.js";
import { bcast } from "./bcast.js";
import type { Call } from "./call.js";
import { gather } from "./gather.js";

/**
 * Reductions of any values by an operation of the user's own, which need not commute: values are combined strictly in
 * rank order, as ((v₀ ∘ v₁) ∘ v₂) ∘ …, on the rank that needs the result. One gather; `allreduce` adds one bcast.
 */
export async function foldReduce<T>(
  call: Call,
  value: T,
  op: UserOp<T>,
  root: number,
): Promise<T | undefined> {
  const values = await gather(call, value, root);
  return values === undefined ? undefined : foldAll(values as T[], op);
}

/** Every rank gets the root's bits. */
export async function foldAllreduce<T>(call: Call, value: T, op: UserOp<T>): Promise<T> {
  const result = await foldReduce(call, value, op, 0);
  return (await bcast(call, result, 0)) as T;
}

/** Prefix reductions: the inclusive and, from rank 1 on, the exclusive one. */
export async function foldScan<T>(
  call: Call,
  value: T,
  op: UserOp<T>,
): Promise<{ inclusive: T; exclusive: T | undefined }> {
  const values = (await allgather(call, value)) as T[];
  const before = values.slice(0, call.rank);
  const exclusive = before.length === 0 ? undefined : foldAll(before, op);
  return { exclusive, inclusive: foldAll(values.slice(0, call.rank + 1), op) };
}

function foldAll<T>(values: readonly T[], op: UserOp<T>): T {
  return values.reduce((earlier, later) => op.combine(earlier, later));
}
