import type { Call, Members } from "./call.js";
import type { CollectiveName } from "./signature.js";

/** An algorithm for calls of at most so many bytes and ranks; `undefined`: of any number. */
export interface Rule {
  readonly algorithm: string;
  readonly bytes?: number | undefined;
  readonly ranks?: number | undefined;
}

/** Algorithms that a program or its user has asked for, by collective: for all calls, or for those that a rule fits. */
export type Forced = Readonly<Partial<Record<string, string | readonly Rule[]>>>;

/**
 * From a collective's table, the algorithm that was asked for, or the one that the rule names.
 *
 * @param bytes - On which rules depend, the same on all ranks; 0 where ranks do not know each other's.
 */
export function choose<K extends string, F>(
  { members, size }: Pick<Call, "size"> & { readonly members: Pick<Members, "forced"> },
  name: CollectiveName,
  table: Readonly<Record<K, F>>,
  rule: () => K,
  bytes = 0,
): F {
  const forced = askedFor(members.forced?.[name], bytes, size);
  // Names were compared with the table when they were set; see choices.ts.
  return table[forced === undefined ? rule() : (forced as K)];
}

function askedFor(asked: Forced[string], bytes: number, size: number): string | undefined {
  if (typeof asked !== "object") return asked;
  return asked.find((rule) => bytes <= (rule.bytes ?? Infinity) && size <= (rule.ranks ?? Infinity))
    ?.algorithm;
}
