import { UsageError } from "./errors.js";

/**
 * The environment of ranks on this host: that of tsmpirun, with what `-x` adds or changes. Local.
 *
 * @param exports - `NAME` (as tsmpirun has it), `NAME=VALUE`, or `PRE*` (all that begin with PRE).
 * @throws {UsageError} If a NAME is not set, or no name begins with PRE.
 */
export function exportedEnvironment(
  exports: readonly string[],
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) if (value !== undefined) all[name] = value;
  for (const item of exports) Object.assign(all, namedBy(item, all));
  return all;
}

/** The variables that one `-x`, or a name of another option, names. */
export function namedBy(
  item: string,
  own: Readonly<Record<string, string>>,
  option = "-x",
): Record<string, string> {
  const [, name, assigned, value] = /^([^=]*)(=(.*))?$/s.exec(item) ?? [];
  if (!name) throw new UsageError(`${option} ${item}: no name; write -x NAME, -x NAME=VALUE or -x 'PRE*'`);
  if (assigned !== undefined) return { [name]: value };
  const start = name.endsWith("*") ? name.slice(0, -1) : undefined;
  const wanted = Object.keys(own).filter((other) =>
    start === undefined ? other === name : other.startsWith(start),
  );
  if (wanted.length === 0) {
    const why =
      start === undefined
        ? `not set here; write -x ${name}=VALUE`
        : `nothing that begins with ${start} is set here`;
    throw new UsageError(`${option} ${name}: ${why}`);
  }
  return Object.fromEntries(wanted.map((other) => [other, own[other]]));
}

/** Variables that go to other hosts beside those of `-x`: all, or those that are named as in `-x`. */
export type Exported = "all" | readonly string[];

/** Reads the argument of `--export`: `all`, `none`, or names, `A,B,PRE*`. Local, pure. */
export function readExported(text: string): Exported {
  if (text === "all") return "all";
  return text === "none" ? [] : text.split(",").filter(Boolean);
}

/**
 * What goes to other hosts: not what only makes sense on this one, unless it is named. Local.
 *
 * @param environment - See {@link exportedEnvironment}.
 * @param exports - Of `-x`.
 * @throws {UsageError} For a name that is not set.
 */
export function travelling(
  environment: Readonly<Record<string, string>>,
  exports: readonly string[] = [],
  exported: Exported = "all",
): Record<string, string> {
  if (exported === "all")
    return Object.fromEntries(Object.entries(environment).filter(([name]) => !OWN.test(name)));
  const named = [
    ...exported.map((item) => namedBy(item, environment, "--export")),
    ...exports.map((item) => namedBy(item.replace(/=.*/s, ""), environment)),
  ];
  return Object.fromEntries(named.flatMap(Object.entries));
}

const OWN = /^(SSH_.*|XDG_.*|DBUS_.*|DISPLAY|WAYLAND_DISPLAY|HOSTNAME|HOME|USER|LOGNAME|SHELL|TMPDIR|TERM)$/;
