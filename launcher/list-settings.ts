import type { Knob, Knobs } from "../src/knobs.js";
import { columns } from "./columns.js";
import { parseCommand, type Value } from "./command-line.js";
import { knobs } from "./knobs.js";
import { settable, settle, textOf } from "./settings.js";

const infoKnobs = {
  ...knobs,
  origin: { commandLineOnly: true, help: "who has set each value" },
  json: { commandLineOnly: true, help: "all of it as JSON" },
} as const satisfies Knobs;

/**
 * `tsmpirun info [--origin] [--json]`: all that can be set, with value and default. Options of a job may follow, and count
 * as they would there.
 *
 * @returns The exit code.
 */
export function listSettings(argv: readonly string[]): number {
  const { origin = false, json = false, ...given } = parseCommand(infoKnobs, argv).flags;
  const settings = settle(given);
  const rows = [...settable].map(([key, knob]) => {
    const set = settings.get(key);
    const standard = knob.default ?? (knob.value === undefined ? "off" : "");
    const value = set === undefined ? standard : shown(knob, set.value);
    return { key, value, default: standard, origin: set?.origin ?? "default", help: knob.help };
  });
  const last = origin ? "origin" : "help";
  const table = rows.map((row) => [row.key, row.value, row.default, row[last]]);
  const lines = columns([["key", "value", "default", last === "help" ? "what it is" : "set by"], ...table]);
  process.stdout.write(`${json ? JSON.stringify(rows, null, 2) : lines.join("\n")}\n`);
  return 0;
}

function shown(knob: Knob, value: Value): string {
  return knob.value === undefined ? (value === true ? "on" : "off") : textOf(value);
}
