import { readFileSync } from "node:fs";
import { suggest } from "../../options.js";
import type { Forced } from "./algorithms.js";
import { ALLGATHER } from "./allgather.js";
import { ALLREDUCE } from "./allreduce.js";
import { ALLTOALL } from "./alltoall.js";
import { BARRIER } from "./barrier.js";
import { BCAST } from "./bcast.js";
import type { CollectiveName } from "./signature.js";
import { GATHER } from "./gather.js";
import { REDUCE_SCATTER } from "./reduce-scatter.js";
import { REDUCE } from "./reduce.js";
import { SCAN } from "./scan.js";
import { SCATTER } from "./scatter.js";

/** The algorithms of each collective, in the order of their numbers in signatures. */
export const CHOICES: Partial<Record<CollectiveName, readonly string[]>> = {
  barrier: Object.keys(BARRIER),
  bcast: Object.keys(BCAST),
  reduce: Object.keys(REDUCE),
  allreduce: Object.keys(ALLREDUCE),
  gather: Object.keys(GATHER),
  scatter: Object.keys(SCATTER),
  allgather: Object.keys(ALLGATHER),
  alltoall: Object.keys(ALLTOALL),
  scan: Object.keys(SCAN),
  reduceScatter: Object.keys(REDUCE_SCATTER),
};

/** @throws {RangeError} If a collective or an algorithm has no such name, with those there are; for what is no rule. */
export function checkChoices(where: string, forced: Forced): void {
  for (const [name, asked] of Object.entries(forced)) {
    const names = CHOICES[name as CollectiveName];
    if (names === undefined)
      throw new RangeError(
        `${where}: "${name}" is no collective with several algorithms; ${suggest(name, Object.keys(CHOICES))}`,
      );
    if (typeof asked !== "string") asked?.forEach((rule, i) => checkRule(`${where}: ${name}[${i}]`, rule));
    for (const algorithm of typeof asked === "string" ? [asked] : (asked ?? []).map((rule) => rule.algorithm))
      if (!names.includes(algorithm))
        throw new RangeError(
          `${where}: ${name} has no algorithm "${algorithm}"; ${suggest(algorithm, names)}`,
        );
  }
}

/**
 * What users ask for: `allreduce=ring,bcast=chain`, and rules as JSON or in a file. The first goes before the rules. Local.
 *
 *     { "allreduce": [{ "bytes": 4096, "algorithm": "recursive-doubling" }, { "ranks": 8, "algorithm": "ring" }] }
 *
 * @throws {RangeError} For an unknown collective or algorithm, with the nearest one; for what is no rule.
 */
export function readChoices(coll = "", rules = ""): Forced | undefined {
  if (coll === "" && rules === "") return undefined;
  const fixed = Object.fromEntries(coll.split(",").filter(Boolean).map(pair));
  checkChoices("coll", fixed);
  const byRule = rules === "" ? {} : readRules(rules);
  checkChoices("coll-rules", byRule);
  return { ...byRule, ...fixed };
}

function pair(text: string): [string, string] {
  const [name, algorithm] = text.split("=");
  if (name && algorithm) return [name.trim(), algorithm.trim()];
  throw new RangeError(`coll: "${text}" is no choice; write allreduce=ring`);
}

function readRules(source: string): Forced {
  const all = parse(source.trimStart().startsWith("{") ? source : readFile(source));
  for (const [name, rules] of Object.entries(all)) {
    if (typeof rules !== "string" && !Array.isArray(rules))
      throw new RangeError(`coll-rules: "${name}" is neither the name of an algorithm nor a list of rules`);
  }
  return all as Forced;
}

function checkRule(where: string, rule: unknown): void {
  if (typeof rule !== "object" || rule === null || !("algorithm" in rule))
    throw new RangeError(`${where}: no rule; write { "bytes": 4096, "algorithm": "ring" }`);
  for (const [key, value] of Object.entries(rule)) {
    if (!["algorithm", "bytes", "ranks"].includes(key))
      throw new RangeError(`${where}: unknown key ${key}; ${suggest(key, ["algorithm", "bytes", "ranks"])}`);
    const right = key === "algorithm" ? typeof value === "string" : typeof value === "number" && value >= 0;
    if (!right) throw new RangeError(`${where}: "${key}" is ${JSON.stringify(value)}`);
  }
}

function parse(text: string): object {
  let all: unknown;
  try {
    all = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`coll-rules: ${String(error)}`);
  }
  if (typeof all === "object" && all !== null && !Array.isArray(all)) return all;
  throw new RangeError(`coll-rules: no object; write { "allreduce": [{ "ranks": 8, "algorithm": "ring" }] }`);
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new RangeError(`coll-rules: ${path} cannot be read (${String(error)})`);
  }
}
