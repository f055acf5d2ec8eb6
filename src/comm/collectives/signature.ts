import { nameOf } from "../envelope.js";
import type { Signature } from "../matching.js";
import { OPERATION_NAMES } from "../operations.js";
import type { OpName } from "../types.js";
import type { Forced, Rule } from "./algorithms.js";

/** Names of collectives, by their numbers in signatures. */
export const COLLECTIVES = [
  "none",
  "barrier",
  "bcast",
  "reduce",
  "allreduce",
  "gather",
  "scatter",
  "allgather",
  "alltoall",
  "scan",
  "exscan",
  "reduceScatter",
  "split",
  "neighborAllgather",
  "neighborAlltoall",
  "create",
  "cart",
  "graph",
  "counter",
  "mutex",
  "sequential",
  "createWindow",
  "allocateShared",
  "syncedTime",
] as const;
export type CollectiveName = (typeof COLLECTIVES)[number];

/** The arguments that every rank must agree on; what an operation lets differ is left out. */
export interface Agreement {
  readonly name: CollectiveName;
  readonly root?: number;
  /** A named reduction. */
  readonly op?: OpName;
  /** Name of a reduction of the user's own. */
  readonly own?: string;
  /** Wire code of the element type. */
  readonly code?: number;
  readonly count?: number;
  /** Lengths of all blocks, where every rank gives them. */
  readonly counts?: readonly number[];
  readonly reproducible?: boolean;
}

/** A bit of a signature. */
const REPRODUCIBLE = 1 << 30;
/** Place of the user's own reductions among the operations. */
const OWN = 255;

/** Programs call the same few collectives again and again: the latest signature is mostly the next one. */
let latest: Signed | undefined;

interface Signed {
  readonly agreement: Agreement;
  readonly forced: Forced | undefined;
  readonly signature: Signature;
}

/** The arguments that ranks agree on, as they travel. */
export function sign(agreement: Agreement, forced?: Forced): Signature {
  if (latest !== undefined && latest.forced === forced && same(latest.agreement, agreement))
    return latest.signature;
  const { name, op, own, code = -1, count = -1, counts, reproducible = false } = agreement;
  const operation = own !== undefined ? OWN : op === undefined ? 0 : OPERATION_NAMES.indexOf(op) + 1;
  // Of an algorithm that was asked for, what matters is whether it is the same one.
  const asked = forced?.[name];
  const algorithm = asked === undefined ? 0 : 1 + (hash([...keyOf(asked)].map((c) => c.charCodeAt(0))) % 62);
  const kind =
    COLLECTIVES.indexOf(name) |
    (operation << 8) |
    ((code + 1) << 16) |
    (algorithm << 24) |
    (reproducible ? REPRODUCIBLE : 0);
  // Where there is no root, its place tells what else must agree.
  const details = counts ?? (own === undefined ? undefined : [...own].map((c) => c.charCodeAt(0)));
  const root = agreement.root ?? (details === undefined ? -1 : -2 - hash(details));
  latest = { agreement, forced, signature: { kind, root, count: count | 0 } };
  return latest.signature;
}

function keyOf(asked: string | readonly Rule[]): string {
  return typeof asked === "string" ? asked : JSON.stringify(asked);
}

export function isReproducible({ kind }: Signature): boolean {
  return (kind & REPRODUCIBLE) !== 0;
}

/** FNV-1a, of 30 bits. */
function hash(numbers: readonly number[]): number {
  let h = 0x811c9dc5;
  for (const n of numbers) h = Math.imul(h ^ n ^ Math.floor(n / 2 ** 32), 0x01000193);
  return h & 0x3fffffff;
}

function same(a: Agreement, b: Agreement): boolean {
  return (
    a.name === b.name &&
    a.op === b.op &&
    a.code === b.code &&
    a.count === b.count &&
    a.root === b.root &&
    a.own === b.own &&
    a.counts === b.counts &&
    a.reproducible === b.reproducible
  );
}

/** As in `allreduce(sum, float64 × 3)`. */
export function describeSignature({ kind, root, count }: Signature): string {
  const op = (kind >> 8) & 0xff;
  const code = (kind >> 16) & 0xff;
  const details = [
    ...(root >= 0 ? [`root ${root}`] : []),
    ...(op === OWN ? ["an op of its own"] : op > 0 ? [OPERATION_NAMES[op - 1]] : []),
    ...(code > 0 ? [`${nameOf(code - 1)}${count >= 0 ? ` × ${count}` : ""}`] : []),
    ...(root < -1 ? [`${op === OWN ? "op" : "counts"} #${(-2 - root).toString(36)}`] : []),
    ...(kind & REPRODUCIBLE ? ["reproducible"] : []),
    ...((kind >> 24) & 0x3f ? ["by an algorithm asked for"] : []),
  ];
  return `${COLLECTIVES[kind & 0xff] ?? "unknown"}(${details.join(", ")})`;
}
