import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type Knob, type Knobs, isOn, rankKnobs, variableOf } from "../src/knobs.js";
import { didYouMean } from "../src/nearest.js";
import type { Value, Values } from "./command-line.js";
import { UsageError } from "./errors.js";
import { type Flags, knobs } from "./knobs.js";
import { messageOf } from "../src/thrown.js";

/** What was set, and by whom: `command line`, `TSMPI_TIMEOUT`, the path of a file. */
export type Settings = ReadonlyMap<string, { readonly value: Value; readonly origin: string }>;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What users have set. The command line goes before `--set`, then come variables, `tsmpi.config.json` in the working
 * directory, the user's `tsmpi/config.json` in XDG_CONFIG_HOME (default `~/.config`), and that of the site in `/etc/tsmpi`.
 * Local.
 *
 * @param given - From the command line.
 * @throws {UsageError} For a key, or a variable, that is almost one of those there are, with the nearest one; for a value
 * of another kind than its key has.
 */
export function settle(given: Values = {}, variables: Variables = process.env): Settings {
  const { set = [], ...options } = given;
  const settings = new Map<string, { value: Value; origin: string }>();
  const add = (values: Values, originOf: (key: string) => string): void => {
    for (const [key, value] of Object.entries(values))
      if (!settings.has(key)) settings.set(key, { value, origin: originOf(key) });
  };
  add(options, () => "command line");
  add(assigned(isList(set) ? set : []), () => "--set");
  for (const [name, knob] of settable)
    for (const variable of [variableOf(name), ...(knob.variables ?? [])]) {
      const text = variables[variable];
      if (text) add({ [name]: fromText(knob, text, variable) }, () => variable);
    }
  checkVariables(variables);
  for (const file of filesOf(variables)) add(readConfig(file), () => file);
  return settings;
}

/** The values of a table's knobs. Local, pure. */
export function valuesOf<T extends Knobs>(settings: Settings, table: T): Flags<T> {
  const values = Object.keys(table).map((name) => [name, settings.get(name)?.value]);
  return Object.fromEntries(values) as Flags<T>; // each is of its knob's kind: that was seen when it was read
}

/** What ranks are to read as variables. Local, pure. */
export function rankVariables(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.keys(rankKnobs).flatMap((name) => {
      const value = settings.get(name)?.value;
      return value === undefined ? [] : [[variableOf(name), textOf(value)] as const];
    }),
  );
}

/** A value as a variable holds it. Local, pure. */
export function textOf(value: Value): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  return typeof value === "string" ? value : value.join(",");
}

/** Knobs that variables and files can set, by name. */
export const settable: ReadonlyMap<string, Knob> = new Map(
  Object.entries<Knob>(knobs).filter(([, { commandLineOnly }]) => !commandLineOnly),
);

/** Who has set what a message is about, unless that is the command line. Local, pure. */
export function blame(message: string, settings: Settings): string {
  const name = /^--([a-z-]+)/.exec(message)?.[1] ?? "";
  const origin = settings.get(name)?.origin ?? "command line";
  return origin === "command line" ? message : `${message} (set by ${origin})`;
}

function assigned(words: readonly string[]): Values {
  const values: Record<string, Value> = {};
  for (const word of words) {
    const [, key, text] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (key === undefined) throw new UsageError(`--set ${word}: write --set KEY=VALUE`);
    const value = fromText(knobNamed(key, "--set"), text, `--set ${key}`);
    const earlier = values[key];
    values[key] = isList(value) && isList(earlier) ? [...earlier, ...value] : value;
  }
  return values;
}

const isList = (value: Value | undefined): value is readonly string[] => typeof value === "object";

function knobNamed(key: string, where: string): Knob {
  const knob = settable.get(key);
  if (knob !== undefined) return knob;
  throw new UsageError(
    `${where}: unknown key ${key}; ${didYouMean(key, [...settable.keys()]) ?? "tsmpirun info lists all"}`,
  );
}

function fromText(knob: Knob, text: string, where: string): Value {
  if (knob.many) return [text];
  if (knob.value !== undefined) return knob.bare && isOn(text) === true ? true : text;
  const on = isOn(text);
  if (on !== undefined) return on;
  throw new UsageError(`${where}: "${text}" is neither on nor off; write 1 or 0`);
}

/** A variable that is no knob's may be anybody's; but hardly one whose name differs by a letter. */
function checkVariables(variables: Variables): void {
  const known = [...[...settable.keys()].map(variableOf), ...OTHERS.map(variableOf)];
  for (const name of Object.keys(variables)) {
    if (!name.startsWith("TSMPI_") || known.includes(name)) continue;
    const near = didYouMean(name, known, Math.max(1, (name.length - "TSMPI_".length) / 4));
    if (near !== undefined) throw new UsageError(`variable ${name}: unknown; ${near}`);
  }
}

/** Of ranks, and of srun's tasks. */
const OTHERS = [
  ...["rank", "size", "local-rank", "local-size", "node-rank", "nodes", "appnum", "job-id", "attempt"],
  ...["version", "control-fd", "root", "universe-size", "keyfile", "files"],
];

function filesOf(variables: Variables): string[] {
  const own = variables["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  return [resolve("tsmpi.config.json"), join(own, "tsmpi/config.json"), "/etc/tsmpi/config.json"];
}

/** The keys of a file; none if there is no such file. */
function readConfig(file: string): Values {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {};
  }
  const values = parse(file, text);
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, fromJson(knobNamed(key, file), value, file, key)]),
  );
}

function parse(file: string, text: string): object {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error)}`);
  }
  if (typeof values === "object" && values !== null && !Array.isArray(values)) return values;
  throw new UsageError(`${file}: no object; write { "timeout": 60 }`);
}

function fromJson(knob: Knob, value: unknown, file: string, key: string): Value {
  const one = (item: unknown): string => {
    if (typeof item === "string" || typeof item === "number") return `${item}`;
    throw new UsageError(`${file}: "${key}" is ${JSON.stringify(item)}; write ${expected(knob)}`);
  };
  const list = typeof value === "object" && value !== null && knob.many;
  if (list && Array.isArray(value)) return value.map(one);
  if (list) return Object.entries(value).map(([name, item]) => `${name}=${one(item)}`);
  if (typeof value === "boolean" && (knob.value === undefined || (knob.bare && value))) return value;
  return fromText(knob, one(value), `${file}: "${key}"`);
}

function expected({ value, many }: Knob): string {
  if (many) return "a text, a list of texts, or an object";
  return value === undefined ? "true or false" : "a text or a number";
}
