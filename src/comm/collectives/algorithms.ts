import type { Call, CollectiveName } from "./call.js";

/** Algorithms that a program has asked for, by collective. */
export type Forced = Readonly<Partial<Record<string, string>>>;

/** From a collective's table, the algorithm that the program has asked for, or the one that the rule names. */
export function choose<K extends string, F>(
  call: Call,
  name: CollectiveName,
  table: Readonly<Record<K, F>>,
  rule: () => K,
): F {
  const forced = call.members.forced?.[name];
  // Names were compared with the table when they were set; see choices.ts.
  return table[forced === undefined ? rule() : (forced as K)];
}
