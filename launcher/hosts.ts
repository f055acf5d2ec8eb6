import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { UsageError } from "./errors.js";
import { type HostEntry, parseHostfile, parseHostList, plainHost } from "./hostfile.js";
import type { Options } from "./options.js";
import { mergeHosts } from "./placement/allocation.js";
import { messageOf } from "../src/thrown.js";

/** True for the names and addresses of this host. Local. */
export function isThisHost(name: string): boolean {
  const own = hostname();
  const names = ["localhost", own, own.split(".")[0], "127.0.0.1", "::1"];
  if (names.includes(name)) return true;
  return Object.values(networkInterfaces()).some((cards) => cards?.some((card) => card.address === name));
}

/** What the command line says about hosts. */
export interface HostChoice extends Pick<Options, "hosts" | "hostfile"> {
  readonly exclude: readonly string[];
  readonly nolocal: boolean;
}

/**
 * The hosts a job may use: those that a resource manager has given, restricted to those of the host file, restricted to
 * those of `--host`; without any of them this host. Those of `--exclude` are left out. Local.
 *
 * @returns Each host once; a number of slots that is not said is `undefined` in a host file, and 1 in `--host`.
 * @throws {UsageError} For a host file that is not there or wrong, for hosts that are not among those they are chosen
 * from, and if no host is left.
 */
export function findHosts(choice: HostChoice, granted?: readonly HostEntry[]): HostEntry[] {
  const listed = mergeHosts(choice.hosts.flatMap(parseHostList));
  const file = choice.hostfile === undefined ? [] : mergeHosts(readHostfile(choice.hostfile));
  const all = [granted ?? [], file, listed].filter((hosts) => hosts.length > 0);
  const [first = [thisHost()], ...restrictions] = all;
  const chosen = restrictions.reduce(restrict, first === listed ? first.map(oneSlot) : first);
  const left = exclude(chosen, choice);
  if (left.length > 0) return [...left];
  throw new UsageError(
    `no host is left of ${chosen.map(({ name }) => name).join(", ")}; change --exclude or --nolocal`,
  );
}

/** In the order of the restriction; slots can only become fewer. */
function restrict(hosts: readonly HostEntry[], to: readonly HostEntry[]): HostEntry[] {
  return to.map((wanted) => {
    const host = hosts.find(({ name }) => sameHost(name, wanted.name));
    if (host === undefined) {
      const [{ origin }] = hosts;
      const source = origin.replace(/:\d+$/, "");
      throw new UsageError(
        `${wanted.origin}: ${wanted.name} is not among the hosts of ${source}; use those it lists`,
      );
    }
    const said = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const slots = host.slots === undefined ? wanted.slots : Math.min(host.slots, wanted.slots ?? Infinity);
    return { ...host, ...said, name: host.name, slots, origin: host.origin };
  });
}

function exclude(hosts: readonly HostEntry[], { exclude, nolocal }: HostChoice): readonly HostEntry[] {
  const names = exclude.flatMap(parseHostList).map(({ name }) => name);
  const unknown = names.find((name) => !hosts.some((host) => sameHost(host.name, name)));
  if (unknown !== undefined)
    throw new UsageError(
      `--exclude ${unknown}: no such host; there are ${hosts.map(({ name }) => name).join(", ")}`,
    );
  return hosts.filter(
    ({ name }) => !names.some((other) => sameHost(name, other)) && !(nolocal && isThisHost(name)),
  );
}

/** The same name, or one with and one without its domain. */
function sameHost(a: string, b: string): boolean {
  if (a === b) return true;
  return (
    a.includes(".") !== b.includes(".") &&
    isIP(a) === 0 &&
    isIP(b) === 0 &&
    a.split(".")[0] === b.split(".")[0]
  );
}

function oneSlot(host: HostEntry): HostEntry {
  return { ...host, slots: host.slots ?? 1 };
}

function readHostfile(path: string): HostEntry[] {
  const entries = parseHostfile(read(path), path === "-" ? "stdin" : path);
  if (entries.length === 0) throw new UsageError(`--hostfile ${path}: it lists no host`);
  return entries;
}

function read(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`--hostfile ${path}: cannot be read (${reason})`);
  }
}

function thisHost(): HostEntry {
  return { ...plainHost, name: "localhost", origin: "the cores of this host" };
}
