import { Command, CommanderError, Option } from "commander";
import type { Knob, Knobs } from "../src/knobs.js";
import { didYouMean } from "../src/nearest.js";
import { UsageError } from "./errors.js";

/** The value of a knob, whoever has set it. */
export type Value = string | boolean | readonly string[];
export type Values = Readonly<Record<string, Value>>;

/**
 * Parses a command line up to the first word that is no option. Local.
 *
 * @param knobs - The options there are.
 * @param hint - Ends the message about an unknown option.
 * @throws {UsageError} For an unknown option, with the nearest known one; for a value that is missing.
 */
export function parseCommand(
  knobs: Knobs,
  argv: readonly string[],
  hint = "",
): { readonly flags: Values; readonly words: readonly string[] } {
  const command = new Command("tsmpirun")
    .argument("[script]")
    .argument("[args...]")
    .passThroughOptions()
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const options = Object.entries(knobs).flatMap(([name, knob]) => optionsOf(name, knob));
  for (const { option } of options) command.addOption(option);
  const aliases = Object.fromEntries(
    Object.entries(knobs).flatMap(([name, { aliases = [] }]) =>
      aliases.map((alias) => [alias, `--${name}`] as const),
    ),
  );
  try {
    command.parse(ownSpellings(argv, command, aliases), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError)
      throw new UsageError(explain(error, command, Object.keys(aliases)) + hint);
    throw error;
  }
  const given = command.opts<Record<string, Value | undefined>>();
  const flags = options.flatMap(({ name, option }) => {
    const value = given[option.attributeName()];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { flags: Object.fromEntries(flags), words: command.args };
}

/** What is on or off can be turned off, too: a file may have turned it on. */
function optionsOf(name: string, knob: Knob): { readonly name: string; readonly option: Option }[] {
  const { value, bare, many, short } = knob;
  const names = `${short === undefined ? "" : `${short}, `}--${name}`;
  if (value === undefined)
    return [new Option(names), new Option(`--no-${name}`)].map((option) => ({ name, option }));
  const option = new Option(`${names} ${bare ? "[value]" : "<value>"}`);
  if (many) option.argParser((one: string, earlier: string[] = []) => [...earlier, one]);
  return [{ name, option }];
}

/** Replaces aliases before the script; commander knows two names of an option at most, and no `-np`. */
function ownSpellings(
  argv: readonly string[],
  command: Command,
  aliases: Readonly<Record<string, string>>,
): string[] {
  const out: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word === "--" || !word.startsWith("-")) return [...out, ...argv.slice(i)];
    const [name, ...value] = word.split("=");
    const known = aliases[name] ?? name;
    const option = command.options.find((o) => o.short === known || o.long === known);
    if (option?.short === known && value.length > 0) out.push(known, value.join("="));
    else out.push([known, ...value].join("="));
    if (option?.required && value.length === 0 && i + 1 < argv.length) out.push(argv[++i]);
  }
  return out;
}

function explain(error: CommanderError, command: Command, aliases: readonly string[]): string {
  const message = error.message.replace(/^error: /, "").replaceAll("'", '"');
  if (error.code !== "commander.unknownOption") return `${message}; see tsmpirun --help`;
  const given = /"(.*)"/.exec(message)?.[1] ?? "";
  const names = [...command.options.flatMap((option) => [option.short, option.long]), ...aliases].filter(
    (name) => name !== undefined,
  );
  return `unknown option ${given}; ${didYouMean(given, names) ?? "see tsmpirun --help"}`;
}
