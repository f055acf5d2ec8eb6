import { readFileSync } from "node:fs";
import { availableParallelism, hostname, networkInterfaces } from "node:os";
import { UsageError } from "./errors.js";
import { parseHostfile, parseHostList, type HostEntry } from "./hostfile.js";
import type { Options } from "./options.js";

/** True for the names and addresses of this host. Local. */
export function isThisHost(name: string): boolean {
  const own = hostname();
  const names = ["localhost", own, own.split(".")[0], "127.0.0.1", "::1"];
  if (names.includes(name)) return true;
  return Object.values(networkInterfaces()).some((cards) => cards?.some((card) => card.address === name));
}

/**
 * The hosts a job may use: those of the host file, restricted to those of `--host` if both are given; else this host
 * with a slot for each core. Local.
 *
 * @throws {UsageError} For a host file that is not there or wrong, and for a `--host` that the file does not list.
 */
export function findHosts(options: Pick<Options, "hosts" | "hostfile">): HostEntry[] {
  const listed = options.hosts.flatMap(parseHostList);
  if (options.hostfile === undefined) return listed.length > 0 ? listed : [thisHost()];
  const file = readHostfile(options.hostfile);
  if (listed.length === 0) return file;
  const unknown = listed.find((host) => !file.some((entry) => entry.name === host.name));
  if (unknown) {
    throw new UsageError(
      `--host ${unknown.name}: not in ${options.hostfile}; add it there, or leave out --hostfile`,
    );
  }
  return file.filter((entry) => listed.some((host) => host.name === entry.name));
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--hostfile ${path}: cannot be read (${reason})`);
  }
}

function thisHost(): HostEntry {
  const [entry] = parseHostList("localhost");
  return { ...entry, slots: availableParallelism(), origin: "the cores of this host" };
}
