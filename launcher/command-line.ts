import { type Command, CommanderError } from "commander";
import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "./errors.js";

/**
 * Parses a command line up to the first word that is no option. Local.
 *
 * @param aliases - Second names of options, with the names by which the command knows them.
 * @param hint - Ends the message about an unknown option.
 * @throws {UsageError} For an unknown option, with the nearest known one; for a value that is missing.
 */
export function parseCommand<F extends object>(
  command: Command,
  argv: readonly string[],
  aliases: Readonly<Record<string, string>>,
  hint = "",
): { readonly flags: F; readonly words: readonly string[] } {
  try {
    command.parse(ownSpellings(argv, command, aliases), { from: "user" });
    return { flags: command.opts<F>(), words: command.args };
  } catch (error) {
    if (error instanceof CommanderError)
      throw new UsageError(explain(error, command, Object.keys(aliases)) + hint);
    throw error;
  }
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
  const near = closest(given, names);
  const alike = distance(given, near) <= Math.max(2, given.length / 3);
  return `unknown option ${given}; ${alike ? `did you mean ${near}?` : "see tsmpirun --help"}`;
}
