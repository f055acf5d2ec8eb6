import { codeOf } from "../envelope.js";
import type { Counts, OpName, RecvCounts, TypedArray } from "../types.js";
import { type Blocks, total } from "./blocks.js";
import type { Agreement } from "./signature.js";

/** What all ranks must agree on, for collectives where that takes more than a line. */

/** A reduction by name, or by an operation of the user's own; arrays have equal types and lengths. */
export function reductionAgreement(
  name: Agreement["name"],
  op: OpName | { readonly name: string },
  array: TypedArray | undefined,
  { root, reproducible }: { root?: number; reproducible?: boolean } = {},
): Agreement {
  return {
    name,
    ...(root === undefined ? {} : { root }),
    ...(typeof op === "string" ? { op } : { own: op.name }),
    ...(array === undefined ? {} : { code: codeOf(array), count: array.length }),
    ...(reproducible ? { reproducible } : {}),
  };
}

/** Into blocks of a buffer: how long all blocks are; where they are is each rank's own affair. */
export function allgatherAgreement(into?: TypedArray, blocks?: Blocks): Agreement {
  if (into === undefined || blocks === undefined) return { name: "allgather" };
  const { counts } = blocks;
  return { name: "allgather", code: codeOf(into), count: total(counts), counts };
}

/** Equal blocks have equal lengths everywhere; others are compared pair by pair, when they arrive. */
export function alltoallAgreement(
  into: TypedArray | undefined,
  { counts, displs, recvCounts, recvDispls }: Counts & RecvCounts,
): Agreement {
  if (into === undefined) return { name: "alltoall" };
  const code = codeOf(into);
  const equal = !(counts ?? displs ?? recvCounts ?? recvDispls);
  return equal ? { name: "alltoall", code, count: into.length } : { name: "alltoall", code };
}
