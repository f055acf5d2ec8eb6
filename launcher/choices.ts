import { readFileSync } from "node:fs";
import { CHOICES, readChoices } from "../src/comm/collectives/choices.js";
import { variableOf } from "../src/knobs.js";
import { UsageError } from "./errors.js";
import { messageOf } from "../src/thrown.js";

/** The algorithms of a collective; none if it has no choice of them. Local, pure. */
export function algorithmsOf(collective: string): readonly string[] {
  return new Map(Object.entries(CHOICES)).get(collective) ?? [];
}

const COLL = variableOf("coll");
const RULES = variableOf("coll-rules");

/**
 * Checks which algorithms ranks are asked to use, and puts the rules themselves in place of their file, which other hosts
 * may not have. Local.
 *
 * @param told - What ranks are to read as variables.
 * @throws {UsageError} For what does not exist, with the nearest that does.
 */
export function withRules(told: Readonly<Record<string, string>>): Record<string, string> {
  const { [COLL]: coll, [RULES]: file } = told;
  try {
    const rules = file === undefined || file.startsWith("{") ? file : readFileSync(file, "utf8");
    readChoices(coll, rules);
    return { ...told, ...(rules === undefined ? {} : { [RULES]: rules }) };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--${error.message}`);
    const reason = messageOf(error);
    throw new UsageError(`--coll-rules ${file}: cannot be read (${reason})`);
  }
}
