import { UsageError } from "./errors.js";

/** One line of a host file, or one item of `--host`. */
export interface HostEntry {
  readonly name: string;
  /** Ranks that may run there; `undefined`: not said. */
  readonly slots: number | undefined;
  /** Ranks that may run there even when oversubscribed. */
  readonly maxSlots: number | undefined;
  readonly user: string | undefined;
  /** Of its ssh server. */
  readonly port: number | undefined;
  readonly iface: string | undefined;
  /** Path to node there. */
  readonly node: string | undefined;
  readonly workdir: string | undefined;
  /** Where it was written: `hosts.txt:3`, or `--host`. */
  readonly origin: string;
}

/**
 * Reads a host file in the dialect of Open MPI (`node1 slots=4 max_slots=8`) or of Hydra (`node1:4 user=ann`), line by
 * line. Local.
 *
 *     [user@]host[:slots] [key=value …]    # comment
 *
 * Keys: slots (count, cpu), max_slots (max-slots, slots-max), user, port, iface, node, workdir. Host names may be Slurm
 * ranges, `n[01-16,20]`, and IPv6 addresses in brackets, `[::1]:4`.
 *
 * @param file - Its name, for messages.
 * @throws {UsageError} With file, line, column and the offending word.
 */
export function parseHostfile(text: string, file: string): HostEntry[] {
  return text.split(/\r?\n/).flatMap((line, index) => parseLine(line, file, index + 1));
}

/**
 * Reads the argument of `--host`: hosts separated by commas, `a,b:4,n[01-16]:2`. Local.
 *
 * @throws {UsageError} With the offending word.
 */
export function parseHostList(text: string): HostEntry[] {
  return splitOutsideBrackets(text).flatMap((word) => {
    const fail = (message: string) => new UsageError(`--host "${text}": ${message}`);
    if (word === "") throw fail("an empty host name; separate hosts by single commas");
    return parseHost(word, fail).map((host) => ({
      ...plainHost,
      ...host,
      origin: "--host",
    }));
  });
}

/** Nothing but a name. */
export const plainHost = {
  slots: undefined,
  maxSlots: undefined,
  user: undefined,
  port: undefined,
  iface: undefined,
  node: undefined,
  workdir: undefined,
};

type Settings = { -readonly [Key in Exclude<keyof HostEntry, "name" | "origin">]: HostEntry[Key] };

const keys: Readonly<Record<string, keyof Settings>> = {
  slots: "slots",
  slot: "slots",
  count: "slots",
  cpu: "slots",
  max_slots: "maxSlots",
  "max-slots": "maxSlots",
  slots_max: "maxSlots",
  "slots-max": "maxSlots",
  user: "user",
  port: "port",
  iface: "iface",
  node: "node",
  workdir: "workdir",
};

function parseLine(line: string, file: string, number: number): HostEntry[] {
  const words = [...withoutComment(line).matchAll(/\S+/g)];
  if (words.length === 0) return [];
  const failAt = (column: number) => (message: string) =>
    new UsageError(`${file}:${number}:${column}: ${message}`);
  const hosts = parseHost(words[0][0], failAt(words[0].index + 1));
  const settings: Settings = { ...plainHost };
  for (const { 0: word, index } of words.slice(1)) {
    const fail = failAt(index + 1);
    const [, name, value] = /^([^=]+)=(.*)$/.exec(word) ?? [];
    if (name === undefined) throw fail(`unexpected "${word}"; write one host per line, then key=value`);
    const key = keys[name];
    if (key === undefined) {
      throw fail(
        `unknown key "${name}" in "${word}"; known are slots, max_slots, user, port, iface, node, workdir`,
      );
    }
    if (value === "") throw fail(`"${word}" has no value`);
    if (key === "slots" || key === "maxSlots" || key === "port") {
      settings[key] = positive(value, word, fail);
    } else {
      settings[key] = value;
    }
  }
  return hosts.map((host) => {
    const { slots } = settings;
    if (host.slots !== undefined && slots !== undefined && host.slots !== slots) {
      throw failAt(words[0].index + 1)(
        `"${words[0][0]}" says ${host.slots} slots, slots= says ${slots}; keep one of them`,
      );
    }
    return {
      ...settings,
      name: host.name,
      slots: host.slots ?? slots,
      user: host.user ?? settings.user,
      origin: `${file}:${number}`,
    };
  });
}

type Fail = (message: string) => UsageError;

/** `[user@]host[:slots]`; a Slurm range gives several. */
function parseHost(
  word: string,
  fail: Fail,
): { name: string; slots: number | undefined; user: string | undefined }[] {
  const [, user, name, colon, slots] =
    /^(?:([^@:]+)@)?(\[[0-9a-fA-F:.%\w]*\]|[^:@]+)(:(.*))?$/.exec(word) ?? [];
  if (name === undefined) {
    throw fail(
      `"${word}" is no host; write host, host:slots or user@host, and an IPv6 address in brackets: [::1]:4`,
    );
  }
  const count = colon === undefined ? undefined : positive(slots, word, fail);
  const address = /^\[(.*)\]$/.exec(name);
  if (address) return [{ name: address[1], slots: count, user }];
  return expand(name, word, fail).map((one) => ({ name: one, slots: count, user }));
}

/** `n[01-03,7]-x` → n01-x, n02-x, n03-x, n7-x; zero padding is kept, several brackets multiply. */
function expand(name: string, word: string, fail: Fail): string[] {
  const [, prefix, ranges, suffix] = /^([^[\]]*)\[([^[\]]*)\](.*)$/.exec(name) ?? [];
  if (prefix === undefined) {
    if (!/^[A-Za-z0-9_.-]+$/.test(name)) throw fail(`"${word}": "${name}" is no host name`);
    return [name];
  }
  const heads = ranges.split(",").flatMap((range) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined || Number(last) < Number(first))
      throw fail(`"${word}": "${range}" is no range; write n[01-16]`);
    const count = Number(last) - Number(first) + 1;
    if (count > 100_000) throw fail(`"${word}": ${count} hosts in one range`);
    return Array.from({ length: count }, (_, i) => String(Number(first) + i).padStart(first.length, "0"));
  });
  const tails = suffix === "" ? [""] : expand(suffix, word, fail);
  return heads.flatMap((head) => tails.map((tail) => prefix + head + tail));
}

function positive(text: string, word: string, fail: Fail): number {
  if (!/^\d{1,7}$/.test(text) || Number(text) === 0)
    throw fail(`"${word}": "${text}" is not a positive integer`);
  return Number(text);
}

function withoutComment(line: string): string {
  return line.replace(/(#|(^|\s)\/\/).*$/, "");
}

function splitOutsideBrackets(text: string): string[] {
  return text.split(/,(?![^[]*\])/).map((word) => word.trim());
}
